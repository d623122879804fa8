"""The human genes, and what Geneformer V1 knows of them, from the reference data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError

TOKEN_BIOTYPES: Final[tuple[str, ...]] = ("protein_coding", "lncRNA")
"""The biotypes whose genes have a token each."""


@dataclass(frozen=True, eq=False)
class GeneTable:
    """Human genes, one row each: arrays of shape (N,); a median is NaN where Geneformer V1 knows none."""

    ensembl_id: NDArray[np.object_]
    symbol: NDArray[np.object_]
    biotype: NDArray[np.object_]
    chromosome: NDArray[np.object_]
    geneformer_v1_median: NDArray[np.float64]

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The row of each Ensembl id."""
        return {gene: row for row, gene in enumerate(self.ensembl_id)}

    @cached_property
    def has_token(self) -> NDArray[np.bool_]:
        """Whether each gene is one of those that tokens are made of, ``bool [N]``: protein-coding and lncRNA."""
        return np.isin(self.biotype.astype(str), TOKEN_BIOTYPES)


@dataclass(frozen=True, eq=False)
class GeneformerV1:
    """The vocabulary of Geneformer V1 and its medians, retired genes too: arrays of shape (V,)."""

    ensembl_id: NDArray[np.object_]
    token: NDArray[np.int64]
    median: NDArray[np.float64]

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The row of each Ensembl id."""
        return {gene: row for row, gene in enumerate(self.ensembl_id)}


@cache
def gene_table() -> GeneTable:
    """Return the human genes; read at the first call."""
    from pyarrow.parquet import read_table

    table = read_table(_folder() / "human_genes.parquet")
    ids, symbols, biotypes, chromosomes = (
        np.array(table.column(name).to_pylist(), dtype=object) for name in ("ensembl_id", "symbol", "biotype", "chrom")
    )
    medians = np.array(
        [np.nan if value is None else value for value in table.column("geneformer_v1_median").to_pylist()]
    )
    return GeneTable(ids, symbols, biotypes, chromosomes, medians)


@cache
def geneformer_v1() -> GeneformerV1:
    """Return Geneformer V1's vocabulary with its medians; read at the first call."""
    from pyarrow.parquet import read_table

    columns = read_table(_folder() / "geneformer_v1.parquet").to_pydict()
    kept = [row for row, id_ in enumerate(columns["id"]) if id_ > 1]
    ids, tokens, medians = ([columns[name][row] for row in kept] for name in ("token", "id", "median"))
    return GeneformerV1(np.array(ids, dtype=object), np.array(tokens, dtype=np.int64), np.array(medians))


def _folder() -> Path:
    shared = os.environ.get("BIOMATRIX_SHARED")
    if not shared:
        raise ConfigurationError("the table of genes is not at hand; set BIOMATRIX_SHARED to the reference data")
    return Path(shared) / "data" / "single_cell" / "genes"
