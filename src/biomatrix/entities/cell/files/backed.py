"""Cells of a file read by ranges of rows, so that memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, overload

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.files.contents import Contents
from biomatrix.entities.cell.files.damage import cells_library, reading
from biomatrix.entities.cell.files.finding import Found, find
from biomatrix.entities.cell.files.found_rows import regions_of, rows_of, totals_of
from biomatrix.entities.cell.files.open_file import OpenFile
from biomatrix.entities.cell.scale import Scale
from biomatrix.entities.cell.values import Asked
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from biomatrix.entities.cell.cell_set import CellSet
    from biomatrix.entities.cell.entity import Cell
    from biomatrix.entities.cell.genes.resolver import MatchedGenes

CHUNK: Final = 1024
"""Cells read at once where nobody says how many."""


class BackedCellSet(OpenFile):
    """The cells of an open file, read when they are asked for.

    Legend: C cells, G genes of the matrix.

    Parameters
    ----------
    path : str or Path
        A file or folder of cells; see :meth:`biomatrix.CellSet.from_file`.
    values, layer, totals, assembly : optional
        As of :meth:`biomatrix.CellSet.from_file`; what the values are is decided on 4,096 cells spread over the file,
        and cells that are not so are refused when they are read.
    one_based : bool
        Whether starts of peaks count from 1.
    limits, contents
        As of :class:`~biomatrix.entities.cell.files.open_file.OpenFile`.

    Examples
    --------
    ``with CellSet.from_file("atlas.h5ad", backed=True) as cells: for part in cells.chunks(): ...``
    """

    def __init__(
        self,
        path: str | Path,
        *,
        values: Asked = "auto",
        layer: str | None = None,
        totals: str | None = None,
        assembly: str | None = None,
        one_based: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        contents: Contents | None = None,
    ) -> None:
        super().__init__(path, limits, contents)
        try:
            with reading(path):
                self._found: Found = find(
                    self.contents, values=values, layer=layer, totals=totals, assembly=assembly, one_based=one_based
                )
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.contents.obs)

    @property
    def genes(self) -> NDArray[np.object_]:
        """The Ensembl id of each column, ``object [G]``; "" where it matches no gene."""
        return self._found.genes

    @property
    def matched(self) -> MatchedGenes | None:
        """How the names of genes matched; None where the file has peaks alone."""
        return self._found.matched

    @property
    def scale(self) -> Scale:
        """What the values are."""
        return self._found.values.scale

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found and decided."""
        return self._found.notes

    def __iter__(self) -> Iterator[Cell]:
        """Yield the cells in order."""
        for part in self.chunks():
            yield from part

    def chunks(self, size: int = CHUNK) -> Iterator[CellSet]:
        """Yield the cells in order, ``size`` at a time."""
        for first in range(0, len(self), size):
            yield self.read(first, first + size)

    @overload
    def __getitem__(self, rows: int) -> Cell: ...

    @overload
    def __getitem__(self, rows: slice) -> CellSet: ...

    def __getitem__(self, rows: int | slice) -> Cell | CellSet:
        """Return one cell by its place, or a run of them."""
        if not isinstance(rows, slice):
            return self.cell(rows)
        first, last, step = rows.indices(len(self))
        return self.read(first, last) if step == 1 else self.read(min(first, last), max(first, last))[::step]

    def cell(self, index: int) -> Cell:
        """Return one cell by its place, from 0, or from the end where it is negative."""
        from biomatrix.entities.cell.cell_set import place_of

        place = place_of(index, len(self))
        return self.read(place, place + 1).cell(0)

    def read(self, first: int, last: int) -> CellSet:
        """Return the cells from ``first`` up to ``last``.

        Raises
        ------
        ParseError
            They are not what the file as a whole was found to hold, or are damaged.
        """
        from biomatrix.entities.cell.cell_set import CellSet

        anndata = cells_library("anndata")
        last = min(last, len(self))
        with reading(self.path, f"cells {first:,} to {last:,}"):
            found = self._found
            matrix = rows_of(found, first, last)
            obs, var = self.contents.obs.read(first, last), found.place.var.read(0, len(found.place.var))
            adata = anndata.AnnData(X=matrix, obs=obs, var=var)
            totals = totals_of(self.contents, found, matrix, first, last)
            regions = regions_of(found, matrix, first, last)
            return CellSet(adata, matrix, found.genes, self.scale, totals, found.notes, found.matched, regions)

    def whole(self) -> CellSet:
        """Return all cells, with everything else that the file holds."""
        from biomatrix.entities.cell.files.whole import whole_set

        with reading(self.path):
            return whole_set(self.contents, self._found)
