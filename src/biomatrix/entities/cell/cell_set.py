"""Many cells at once, over one AnnData: what files hold, and what batches of tokens are made of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.annotations import Columns, annotations_of, columns_of
from biomatrix.entities.cell.entity import Cell
from biomatrix.entities.cell.scale import PER, Scale
from biomatrix.entities.cell.values import Asked
from biomatrix.entities.kind_registry import load_attribute
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import UnsupportedError

if TYPE_CHECKING:
    from anndata import AnnData
    from scipy.sparse import csr_matrix

    from biomatrix.entities.cell.files.backed import BackedCellSet
    from biomatrix.entities.cell.genes.resolver import MatchedGenes
    from biomatrix.entities.cell.region_counts import RegionCounts


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
    matched : MatchedGenes, optional
        How the names of genes matched.
    regions : RegionCounts, optional
        Open chromatin of the same cells, where the file counts peaks, beside genes or alone.
    """

    adata: AnnData
    matrix: csr_matrix
    genes: NDArray[np.object_]
    scale: Scale
    totals: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()
    matched: MatchedGenes | None = None
    regions: RegionCounts | None = None

    @classmethod
    def from_anndata(
        cls, adata: AnnData, *, values: Asked = "auto", layer: str | None = None, totals: str | None = None,
        assembly: str | None = None,
    ) -> CellSet:  # fmt: skip
        """Return the cells of an AnnData in memory.

        Parameters
        ----------
        adata : anndata.AnnData
        values : {"auto", "counts", "log1p_cp10k", "rank", "other"}
            What the values are; ``auto`` finds out, and says so in the notes.
        layer : str, optional
            The matrix: ``X``, ``raw`` or the name of a layer. When not given, the one that says most: counts before
            logarithms before others, then that of more genes.
        totals : str, optional
            The column of ``obs`` with each cell's counts over all genes; one of the usual names, where its values can
            be that, when not given.
        assembly : str, optional
            Which genome peaks lie on, where the file does not say. Without it peaks beside genes are left out, and a
            note says so; a file of peaks alone is refused.

        Raises
        ------
        BioMatrixError
            A matrix, a table or its genes cannot be read, or the values are not what is said.
        """
        made: CellSet = _of_files("memory:memory_set")(
            adata, values=values, layer=layer, totals=totals, assembly=assembly
        )
        return made

    @overload
    @classmethod
    def from_file(
        cls, path: str | Path, *, backed: Literal[False] = False, values: Asked = "auto", layer: str | None = None,
        totals: str | None = None, assembly: str | None = None, limits: Limits = DEFAULT_LIMITS,
    ) -> CellSet: ...  # fmt: skip

    @overload
    @classmethod
    def from_file(
        cls, path: str | Path, *, backed: Literal[True], values: Asked = "auto", layer: str | None = None,
        totals: str | None = None, assembly: str | None = None, limits: Limits = DEFAULT_LIMITS,
    ) -> BackedCellSet: ...  # fmt: skip

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        *,
        backed: bool = False,
        values: Asked = "auto",
        layer: str | None = None,
        totals: str | None = None,
        assembly: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> CellSet | BackedCellSet:
        """Return the cells of a file.

        Parameters
        ----------
        path : str or Path
            ``.h5ad``, ``.zarr`` (a folder or a zip archive), ``.h5`` of Cell Ranger, ``.loom``, a folder of Cell
            Ranger or its ``matrix.mtx``.
        backed : bool
            Whether to leave the cells in the file and read them by ranges, so that memory does not grow with it.
        values, layer, totals, assembly
            As of :meth:`from_anndata`.
        limits : Limits
            ``unpacked_ratio`` is how many times its bytes a file may declare.

        Raises
        ------
        BioMatrixError
            The file is damaged, points to other files, declares more than it can hold, or holds no known genes; the
            message says what, where and what to do.
        """
        of_file = _of_files("backed:BackedCellSet")
        opened: BackedCellSet = of_file(
            path, values=values, layer=layer, totals=totals, assembly=assembly, limits=limits
        )
        if backed:
            return opened
        with opened:
            return opened.whole()

    @classmethod
    def from_cells(cls, cells: Sequence[Cell]) -> CellSet:
        """Return cells of one scale as a set: every gene that one of them has, by Ensembl id, and every open region.

        Raises
        ------
        ConfigurationError
            There are none, their values differ in kind, or their regions lie on several assemblies.
        """
        made: CellSet = _of_files("joining:joined")(cells)
        return made

    def to_file(self, path: str | Path) -> None:
        """Write everything as ``.h5ad``, or as a ``.zarr`` folder, which scanpy and cellxgene open.

        What the values are, the matched Ensembl ids and the notes are in ``uns["biomatrix"]`` and
        ``var["ensembl_id"]``; peaks beside genes are told by ``var["feature_types"]`` and lie on the genome of
        ``uns["assembly"]``; the counts of cells over all genes are in ``obs["n_counts"]``, where the values written
        do not tell them; names of cells that occur twice are made unique.

        Raises
        ------
        ConfigurationError
            The extension is neither, or the system refuses to write.
        """
        _of_files("writing:write_cells")(self, path)

    def __len__(self) -> int:
        """Return the number of cells."""
        return int(self.matrix.shape[0])

    def __iter__(self) -> Iterator[Cell]:
        """Yield the cells in order."""
        columns = columns_of(self.adata.obs)
        return map(partial(self._cell, columns), range(len(self)))

    @overload
    def __getitem__(self, rows: int) -> Cell: ...

    @overload
    def __getitem__(self, rows: slice | Sequence[int] | NDArray[Any]) -> CellSet: ...

    def __getitem__(self, rows: int | slice | Sequence[int] | NDArray[Any]) -> Cell | CellSet:
        """Return one cell by its place, or some of them: a slice, places, or which of all (``bool [C]``)."""
        if isinstance(rows, int | np.integer):
            return self.cell(int(rows))
        chosen: Any = rows if isinstance(rows, slice) else np.asarray(rows)
        if not isinstance(rows, slice) and not len(chosen):
            chosen = chosen.astype(np.intp)  # an empty list is one of floats to numpy, which are no places
        totals = None if self.totals is None else self.totals[chosen]
        regions = None if self.regions is None else self.regions.of_cells(chosen)
        return replace(self, adata=self.adata[chosen], matrix=self.matrix[chosen], totals=totals, regions=regions)

    def cell(self, index: int) -> Cell:
        """Return one cell by its place, from 0, or from the end where it is negative."""
        place = place_of(index, len(self))
        return self._cell(columns_of(self.adata.obs.iloc[place : place + 1]), place, 0)

    def of_genes(self, genes: Collection[str]) -> CellSet:
        """Return the same cells with these genes alone, by Ensembl id; totals stay those over all genes, regions too.

        Raises
        ------
        ConfigurationError
            The matrix has none of them.
        """
        chosen: CellSet = _of_files("joining:of_genes")(self, genes)
        return chosen

    def genes_alone(self) -> CellSet:
        """Return the same cells without columns that are no genes (peaks, antibodies), known genes or not.

        Totals stay as they are. A set of which all columns are genes is returned as it is.
        """
        chosen: CellSet = _of_files("joining:genes_alone")(self)
        return chosen

    def counts(self) -> csr_matrix:
        """Return the counts, ``float32 [C, G]``; UnsupportedError where the values are none."""
        if self.scale != "counts":
            raise UnsupportedError(
                f"counts are needed and the values are {self.scale}; name the matrix that holds counts (layer=), or "
                "say what the values are (values=)"
            )
        return self.matrix

    def log1p_cp10k(self) -> csr_matrix:
        """Return log1p of counts per 10,000, ``float32 [C, G]``; UnsupportedError where the values do not tell it."""
        if self.scale == "log1p_cp10k":
            return self.matrix
        made = self.counts().astype(np.float64)
        totals = np.asarray(made.sum(axis=1)).ravel() if self.totals is None else self.totals
        factors = np.divide(PER, totals, out=np.zeros(len(totals)), where=totals > 0)
        made.data = np.log1p(made.data * np.repeat(factors, np.diff(made.indptr)))
        return made.astype(np.float32)

    def _cell(self, columns: Columns, index: int, row: int | None = None) -> Cell:
        """Return a cell; ``row`` is its place in the columns, where these are not those of all cells."""
        at = index if row is None else row
        first, last = self.matrix.indptr[index], self.matrix.indptr[index + 1]
        genes = self.genes[self.matrix.indices[first:last]]
        known = genes != ""
        return Cell(
            genes[known],
            self.matrix.data[first:last][known],
            scale=self.scale,
            total=None if self.totals is None else float(self.totals[index]),
            regions=None if self.regions is None else self.regions.regions_of(index),
            obs=annotations_of(columns, at),
            name=str(self.adata.obs_names[index]),
        )


def place_of(index: int, cells: int) -> int:
    """Return the place of a cell from 0, where a negative one counts from the end; IndexError where there is none."""
    if not -cells <= index < cells:
        raise IndexError(f"there is no cell {index}; there are {cells:,}, from 0 on")
    return int(index) % cells


def _of_files(home: str) -> Any:
    """Return what reads or writes files of cells, by ``module:name``: it imports this module, so not at its top."""
    return load_attribute(f"biomatrix.entities.cell.files.{home}")
