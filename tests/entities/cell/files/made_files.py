"""Small files of cells with real genes, and the ways in which strangers' files are wrong."""

from __future__ import annotations

from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
from scipy.io import mmwrite
from scipy.sparse import csr_matrix, hstack

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


def multiome(*, assembly: str | None = "hg38", counts_of: csr_matrix | None = None) -> anndata.AnnData:
    """Return cells with genes and, of the same cells, four peaks in an order of their own, all in one matrix."""
    made = cells(counts_of)
    peaks = ["chr2:100-600", "chr1:9000-9500", "chr1-20000-20500", "GL000194.1:5-90"]
    opened = np.random.default_rng(1).poisson(0.8, (made.n_obs, len(peaks))).astype(np.float32)
    names = pd.DataFrame({"gene_ids": peaks, "feature_types": "Peaks"}, index=peaks)
    made.var["feature_types"] = "Gene Expression"
    uns = {} if assembly is None else {"assembly": assembly}
    matrix = hstack([csr_matrix(made.X), csr_matrix(opened)], format="csr")
    return anndata.AnnData(matrix, obs=made.obs, var=pd.concat([made.var, names]), uns=uns)


def ten_x_multiome(path: Path, genome: str = "GRCh38") -> Path:
    """Write the same as Cell Ranger ARC writes its file: features by cells, each with its type and genome."""
    made = multiome()
    matrix = made.X.T.tocsc()
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        group["data"], group["indices"] = matrix.data.astype(np.int32), matrix.indices
        group["indptr"], group["shape"] = matrix.indptr, np.array(matrix.shape)
        group["barcodes"] = np.array([name.encode() for name in made.obs_names])
        features = group.create_group("features")
        words = {"id": made.var["gene_ids"], "name": made.var_names, "feature_type": made.var["feature_types"]}
        for name, column in {**words, "genome": [genome] * made.n_vars}.items():
            features[name] = np.array([str(one).encode() for one in column])
    return path


def multiome_folder(path: Path) -> Path:
    """Write the same as the folder of Cell Ranger ARC, whose table of features has their places too."""
    made = multiome()
    path.mkdir()
    mmwrite(path / "matrix.mtx", csr_matrix(made.X.T).astype(int), field="integer")
    rows = zip(made.var["gene_ids"], made.var_names, made.var["feature_types"], strict=True)
    (path / "features.tsv").write_text("".join("\t".join((*row, "chr1", "5", "9")) + "\n" for row in rows))
    (path / "barcodes.tsv").write_text("".join(f"{name}\n" for name in made.obs_names))
    return path
