"""Which columns are genes and which are peaks: one rule, whoever reads the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from biomatrix.entities.cell.files.feature_kinds import feature_kinds
from biomatrix.entities.cell.files.table_rows import FrameRows

PLACES = {"chrom": ["chr1", "chr1", "chr2"], "start": [5, 100, 7], "end": [9, 600, 9]}


@pytest.mark.parametrize(
    ("names", "columns", "expected"),
    [
        (["CD3D", "chr1:5-9", "LYZ"], {}, "gpg"),
        (["CD3D", "chr1-5-9", "chr1_100_600"], {}, "gpp"),  # joined without a word for either
        (["chr1:5-9", "chr1:7-9", "bad"], {}, "ppp"),  # meant as a peak, and refused as one by name
        (["GL000194.1:5-9", "KI270728.1-5-9", "X_5_9"], {}, "ppp"),
        (["CD3D", "hsa-mir-1-2", "RP11-34-5"], {}, "ggg"),
        (["CD3D", "LYZ", "MS4A1"], PLACES, "ggg"),  # where genes lie stands in many tables
        (["0", "1", "2"], {**PLACES, "gene_ids": ["ENSG00000167286", "ENSG00000090382", "ENSG00000156738"]}, "ggg"),
        (["Cd3d", "Lyz1", "Ms4a1"], PLACES, "ggg"),
        (["peak1", "peak2", "peak3"], PLACES, "ppp"),
        (["peak1", "peak2", "peak3"], {"interval": ["chr1:5-9", "chr1:100-600", "chr2:7-9"]}, "ppp"),
        (["a", "b", "c"], {"feature_types": ["Gene Expression", "Peaks", "Antibody Capture"]}, "gp-"),
        (["a", "b", "c"], {"feature_type": ["gene", "peak", None]}, "gp-"),
        (["a", "b", "c"], {"modality": ["RNA", "ATAC", "ATAC"]}, "gpp"),
        (["chr1:5-9", "b", "c"], {"feature_types": ["Custom", "Custom", "Custom"]}, "---"),
        (["CD3D", "LYZ", "chr1:5-9"], {"feature_type": ["protein_coding", "lncRNA", "x"]}, "ggp"),  # biotypes
        (["CD3D", "LYZ", "MS4A1"], {"modality": ["day 1", "day 2", "day 1"]}, "ggg"),
    ],
)
def test_what_columns_are(names: list[str], columns: dict[str, list[Any]], expected: str) -> None:
    kinds = feature_kinds(FrameRows("var", pd.DataFrame(columns, index=names)))
    letters = np.where(kinds.genes, "g", np.where(kinds.peaks, "p", "-"))
    assert "".join(letters) == expected
    assert not (kinds.genes & kinds.peaks).any()


def test_of_real_files(shared: Path) -> None:
    """Genes with their places beside them are genes; peaks whose places are columns are peaks."""
    anndata = pytest.importorskip("anndata")
    folder = shared / "data" / "single_cell"
    for name, peaks in (("multiome_chr22/rna", False), ("hematopoiesis_atac/hematopoiesis_atac", True)):
        var = anndata.read_h5ad(folder / f"{name}.h5ad").var
        for one in (var, var.drop(columns=list(var.columns))):
            kinds = feature_kinds(FrameRows("var", one))
            assert kinds.peaks.all() == peaks
            assert kinds.genes.all() != peaks
