"""Many cells at once, over one AnnData: what files hold, and what batches of tokens are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.entity import Cell
from biomatrix.entities.cell.scale import Scale
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from anndata import AnnData
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, eq=False)
class CellSet:
    """Cells of one study: a matrix of what they express, and the tables beside it.

    Legend: C cells, G genes of the matrix.

    Parameters
    ----------
    adata : anndata.AnnData
        The cells as AnnData holds them; nothing in it is changed.
    matrix : scipy.sparse.csr_matrix, shape=(C, G), dtype=float32
        The values, sorted by column, without stored zeros.
    genes : ndarray, shape=(G,), dtype=object
        The Ensembl id of each column, without version; "" where the column matches no gene.
    scale : {"counts", "log1p_cp10k", "rank", "other"}
        What the values are.
    totals : ndarray, shape=(C,), dtype=float64, optional
        Counts of each cell over all genes of the original matrix.
    notes : tuple of str
        What was found and decided: which of X, raw and layers, what the values are, how many genes matched.
    """

    adata: AnnData
    matrix: csr_matrix
    genes: NDArray[np.object_]
    scale: Scale
    totals: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def from_anndata(cls, adata: AnnData, *, values: Scale = "counts", totals: str | None = None) -> CellSet:
        """Return the cells of an AnnData in memory.

        Parameters
        ----------
        adata : anndata.AnnData
        values : str
            What ``X`` is.
        totals : str, optional
            The column of ``obs`` with each cell's counts over all genes.
        """
        from scipy.sparse import csr_matrix

        matrix = csr_matrix(adata.X, dtype=np.float32)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        genes = np.asarray(adata.var.get("ensembl_id", adata.var_names), dtype=object)
        sums = None if totals is None else np.asarray(adata.obs[totals], dtype=np.float64)
        return cls(adata, matrix, genes, values, sums)

    @classmethod
    def from_file(cls, path: str | Path, **settings: Any) -> CellSet:
        """Return the cells of a file; see :meth:`from_anndata` for the settings."""
        try:
            import anndata
        except ImportError as error:
            raise ConfigurationError("files of cells need anndata: pip install 'biomatrix[cells]'") from error
        return cls.from_anndata(anndata.read_h5ad(path), **settings)

    def __len__(self) -> int:
        """Return the number of cells."""
        return int(self.matrix.shape[0])

    def __iter__(self) -> Iterator[Cell]:
        """Yield the cells in order."""
        return map(self.cell, range(len(self)))

    def cell(self, index: int) -> Cell:
        """Return one cell by its place, from 0."""
        first, last = self.matrix.indptr[index], self.matrix.indptr[index + 1]
        genes = self.genes[self.matrix.indices[first:last]]
        known = genes != ""
        return Cell(
            genes[known],
            self.matrix.data[first:last][known],
            scale=self.scale,
            total=None if self.totals is None else float(self.totals[index]),
            obs={name: _plain(self.adata.obs[name].iloc[index]) for name in self.adata.obs},
            name=str(self.adata.obs_names[index]),
        )


def _plain(value: Any) -> str | float | int | bool:
    """Return a value of a table as JSON has it."""
    made = value.item() if isinstance(value, np.generic) else value
    return made if isinstance(made, (str, float, int, bool)) else str(made)
