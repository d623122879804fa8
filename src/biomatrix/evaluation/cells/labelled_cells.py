"""Cells with labels, as one matrix in memory: what tasks on sets of cells are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Values = Literal["counts", "log"]
"""What the file's X is: counts, or logarithms that are taken as they are."""


@dataclass(frozen=True, eq=False)
class LabelledCells:
    """Cells of one file.

    Legend: C cells, G genes or peaks.

    Parameters
    ----------
    values : ndarray, shape=(C, G), dtype=float64
        As in the file.
    features : ndarray, shape=(G,), dtype=str
        Symbols or peaks, as the file names its columns.
    labels : ndarray, shape=(C,), dtype=str
        The cell type.
    columns : mapping of str to ndarray, shape=(C,), dtype=str
        The annotations that are text.
    are_counts : bool
    totals : ndarray, shape=(C,), dtype=float64, optional
        Counts over all genes of the original matrix.
    symbols : ndarray, shape=(G,), dtype=str, optional
        Where the file names its columns otherwise and has symbols beside.
    names : tuple of str
        Barcodes; empty where nothing names the cells.
    """

    values: NDArray[np.float64]
    features: NDArray[np.str_]
    labels: NDArray[np.str_]
    columns: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    are_counts: bool = True
    totals: NDArray[np.float64] | None = None
    symbols: NDArray[np.str_] | None = None
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def log_values(self) -> NDArray[np.float64]:
        """Return log1p of counts per 10,000, or the file's own logarithms, ``float64 [C, G]``."""
        if not self.are_counts:
            return self.values
        totals = self.values.sum(axis=1) if self.totals is None else self.totals
        return np.asarray(np.log1p(self.values / np.maximum(totals, 1.0)[:, None] * 1e4))

    def of(self, kept: NDArray[np.bool_]) -> LabelledCells:
        """Return some of the cells."""
        columns = {name: values[kept] for name, values in self.columns.items()}
        totals = None if self.totals is None else self.totals[kept]
        return replace(
            self,
            values=self.values[kept],
            labels=self.labels[kept],
            columns=columns,
            totals=totals,
            names=tuple(np.asarray(self.names, dtype=np.str_)[kept].tolist()) if self.names else (),
        )


def read_labelled_cells(
    path: str | Path, *, values: Values, label: str = "cell_type", totals: str = ""
) -> LabelledCells:
    """Return the cells of an ``.h5ad`` file.

    Parameters
    ----------
    path : str or Path
    values : {"counts", "log"}
        What X is; not guessed.
    label : str
        The column of the types.
    totals : str
        The column with each cell's counts over all genes; "" where the file has all, or none is needed.

    Raises
    ------
    ConfigurationError
        The anndata package is missing, or the file or a column is.
    """
    try:
        import anndata
    except ImportError:
        raise ConfigurationError("files of cells need anndata: pip install 'biomatrix[cells]'") from None
    if not Path(path).is_file():
        raise ConfigurationError("no such file; name a folder that holds it", file=str(path))
    adata = anndata.read_h5ad(path)
    for name in (label, *([totals] if totals else ())):
        if name not in adata.obs:
            raise ConfigurationError(f"no column {name!r} in obs; there are {', '.join(adata.obs)}", file=str(path))
    matrix = adata.X.toarray() if hasattr(adata.X, "toarray") else adata.X
    columns = {
        str(name): np.asarray(adata.obs[name].astype(str), dtype=np.str_)
        for name in adata.obs
        if adata.obs[name].dtype.kind not in "fiu"
    }
    return LabelledCells(
        np.asarray(matrix, dtype=np.float64),
        np.asarray(adata.var_names.astype(str), dtype=np.str_),
        columns[label],
        columns,
        values == "counts",
        np.asarray(adata.obs[totals], dtype=np.float64) if totals else None,
        np.asarray(adata.var["symbol"].astype(str), dtype=np.str_) if "symbol" in adata.var else None,
        tuple(map(str, adata.obs_names)),
    )
