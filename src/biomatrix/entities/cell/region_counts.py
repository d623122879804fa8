"""Open chromatin of many cells: how often each region was found open in each cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.annotations import Columns, annotations_of, columns_of
from biomatrix.entities.cell.assemblies import require_assembly
from biomatrix.entities.cell.entity import Cell
from biomatrix.entities.cell.regions import CHROMOSOMES, Regions
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from anndata import AnnData
    from pandas import DataFrame
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, eq=False)
class RegionCounts:
    """Regions in genomic order and, cell by cell, how often each was found open.

    Legend: C cells, R regions, n counts above 0.

    Parameters
    ----------
    regions : Regions
        The columns, with their assembly; their own counts mean nothing.
    barcodes : ndarray, shape=(C,), dtype=object
        The name of each cell.
    indptr : ndarray, shape=(C + 1,), dtype=int64
        Where the counts of each cell begin.
    indices : ndarray, shape=(n,), dtype=int64
        The region of each count, rising within a cell.
    data : ndarray, shape=(n,), dtype=float32
        The counts.
    obs : pandas.DataFrame, optional
        What a file says of its cells.
    notes : tuple of str
        What a reader did and left out.
    """

    regions: Regions
    barcodes: NDArray[np.object_]
    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]
    data: NDArray[np.float32]
    obs: DataFrame | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.indptr) != len(self.barcodes) + 1 or self.indptr[-1] != len(self.indices):
            raise ParseError(f"the counts do not fit {len(self.barcodes):,} cells")

    @property
    def assembly(self) -> str:
        """Which genome the regions lie on."""
        return self.regions.assembly

    @property
    def matrix(self) -> csr_matrix:
        """The counts as ``scipy.sparse.csr_matrix [C, R]``."""
        from scipy.sparse import csr_matrix

        return csr_matrix((self.data, self.indices, self.indptr), shape=(len(self), len(self.regions)))

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.barcodes)

    def __iter__(self) -> Iterator[Cell]:
        """Yield the cells in order; those without an open region too."""
        columns = {} if self.obs is None else columns_of(self.obs)
        return (self._cell(columns, index, index) for index in range(len(self)))

    def cell(self, index: int) -> Cell:
        """Return one cell, without genes, by its place from 0."""
        return self._cell({} if self.obs is None else columns_of(self.obs.iloc[index : index + 1]), index, 0)

    def _cell(self, columns: Columns, index: int, row: int) -> Cell:
        """Return a cell; ``row`` is its place in the columns, which may be those of some cells."""
        return Cell(
            np.empty(0, dtype=object),
            np.empty(0, dtype=np.float32),
            regions=self.regions_of(index),
            obs=annotations_of(columns, row),
            name=str(self.barcodes[index]),
        )

    def regions_of(self, index: int) -> Regions:
        """Return the open regions of one cell by its place from 0, each with its count."""
        inside = slice(self.indptr[index], self.indptr[index + 1])
        columns, all_ = self.indices[inside], self.regions
        parts = (all_.chromosome[columns], all_.start[columns], all_.end[columns])
        return Regions(all_.assembly, *parts, self.data[inside])

    def of_cells(self, chosen: Any) -> RegionCounts:
        """Return some of the cells: by a slice, by places, or by which of all (``bool [C]``)."""
        matrix = self.matrix[chosen]
        return replace(
            self,
            barcodes=self.barcodes[chosen],
            indptr=matrix.indptr.astype(np.int64),
            indices=matrix.indices.astype(np.int64),
            data=matrix.data,
            obs=None if self.obs is None else self.obs.iloc[chosen],
        )

    def on(self, assembly: str) -> RegionCounts:
        """Return the same where it lies on this assembly; UnsupportedError with the remedy where it does not."""
        require_assembly(self.assembly, assembly)
        return self

    def to_anndata(self) -> AnnData:
        """Return it as AnnData: ``var`` has chrom, start, end (0-based, half open), ``uns`` the assembly."""
        from anndata import AnnData
        from pandas import DataFrame

        chrom = [CHROMOSOMES[place] for place in self.regions.chromosome]
        names = [f"{c}:{s}-{e}" for c, s, e in zip(chrom, self.regions.start, self.regions.end, strict=True)]
        var = DataFrame({"chrom": chrom, "start": self.regions.start, "end": self.regions.end}, index=names)
        obs = DataFrame(index=[str(name) for name in self.barcodes]) if self.obs is None else self.obs
        return AnnData(self.matrix, obs=obs, var=var, uns={"assembly": self.assembly})
