"""A small genome, and cells on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix.links.gene_places import GenePlaces

GENES = (
    ("ENSG00000000001", "AAA", "protein_coding", "chr1", 1_000_000, 1_010_000, "+"),
    ("ENSG00000000002", "BBB", "protein_coding", "chr1", 1_200_000, 1_240_001, "-"),
    ("ENSG00000000003", "CCC", "protein_coding", "chr1", 1_500_000, 1_600_000, "+"),
    ("ENSG00000000004", "NCR", "lncRNA", "chr1", 1_300_000, 1_301_000, "+"),
    ("ENSG00000000005", "TWO", "protein_coding", "chr2", 5_000, 9_000, "+"),
    ("ENSG00000000006", "TWO", "protein_coding", "chrX", 5_000, 9_000, "+"),
    ("ENSG00000000007", "OFF", "protein_coding", "chrUn_1", 5_000, 9_000, "+"),
)
NAMES = ("ensembl_id", "symbol", "biotype", "chromosome", "start", "end", "strand")


@pytest.fixture(scope="session")
def genes() -> GenePlaces:
    return GenePlaces.of_columns(dict(zip(NAMES, zip(*GENES, strict=True), strict=True)))


@pytest.fixture(scope="session")
def gene_table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("genes") / "genes.tsv"
    lines = ["\t".join(NAMES), *("\t".join(map(str, row)) for row in GENES)]
    path.write_text("\n".join(lines) + "\n")
    return path


def multiome(cells: int = 60, seed: int = 0) -> Any:
    """Cells with four regions and three genes; the second region is open where AAA is expressed."""
    import anndata
    import pandas as pd

    draw = np.random.default_rng(seed)
    expression = draw.poisson(2.0, (cells, 3)).astype(np.float32)
    opened = draw.binomial(1, 0.4, (cells, 4)).astype(np.float32)
    opened[:, 1] = expression[:, 0] > 2
    regions = ["chr1:999800-1000300", "chr1:1100000-1100500", "chr1:1239800-1240100", "chr1:1400000-1400500"]
    kinds = ["Gene Expression"] * 3 + ["Peaks"] * 4
    var = pd.DataFrame({"feature_types": kinds}, index=["AAA", "BBB", "CCC", *regions])
    obs = pd.DataFrame(index=[f"cell{number}" for number in range(cells)])
    return anndata.AnnData(np.concatenate([expression, opened], axis=1), obs=obs, var=var)


@pytest.fixture
def two_omes() -> Any:
    return multiome()


@pytest.fixture
def multiome_file(tmp_path: Path) -> Path:
    path = tmp_path / "multiome.h5ad"
    multiome().write_h5ad(path)
    return path
