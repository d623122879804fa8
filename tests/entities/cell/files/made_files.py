"""Small files of cells with real genes, and the ways in which strangers' files are wrong."""

from __future__ import annotations

from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from biomatrix.entities.cell.genes.table import gene_table

CELLS, GENES = 12, 40


def counts(seed: int = 0, cells: int = CELLS, genes: int = GENES) -> csr_matrix:
    """Return counts of which the last cell has none."""
    made = np.random.default_rng(seed).poisson(1.2, (cells, genes)).astype(np.float32)
    made[-1] = 0
    return csr_matrix(made)


def coding(number: int = GENES) -> tuple[list[str], list[str]]:
    """Return ids and symbols of protein-coding genes whose symbol is no one else's."""
    table = gene_table()
    rows = [
        row for row in np.flatnonzero(table.biotype == "protein_coding") if table.symbol[row] != table.ensembl_id[row]
    ]
    kept: dict[str, str] = {}
    for row in rows:
        kept.setdefault(table.symbol[row], table.ensembl_id[row])
        if len(kept) == number:
            break
    return list(kept.values()), list(kept)


def cells(matrix: csr_matrix | np.ndarray | None = None, *, symbols: bool = True) -> anndata.AnnData:
    """Return an AnnData with categories, numbers, text and missing values in obs."""
    matrix = counts() if matrix is None else matrix
    ids, names = coding(matrix.shape[1])
    number = matrix.shape[0]
    obs = pd.DataFrame(
        {
            "cell_type": pd.Categorical(["T", "B"] * (number // 2) + ["T"] * (number % 2)),
            "age": np.arange(number, dtype=np.float64),
            "donor": pd.array([f"d{row % 3}" for row in range(number)], dtype=object),
            "passed": np.arange(number) % 2 == 0,
        },
        index=[f"cell{row}" for row in range(number)],
    )
    obs.loc["cell1", "age"] = np.nan
    var = pd.DataFrame({"gene_ids": ids}, index=names) if symbols else pd.DataFrame(index=ids)
    return anndata.AnnData(X=matrix, obs=obs, var=var)


def h5ad(folder: Path, name: str = "cells.h5ad", made: anndata.AnnData | None = None) -> Path:
    """Write a file and return its path."""
    path = folder / name
    (cells() if made is None else made).write_h5ad(path)
    return path


def replaced(file: h5py.File, name: str, content: object) -> None:
    """Put another array in the place of one."""
    attributes = dict(file[name].attrs)
    del file[name]
    made = file.create_dataset(name, data=content)
    for key, value in attributes.items():
        made.attrs[key] = value
