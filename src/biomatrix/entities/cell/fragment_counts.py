"""Counting fragments by overlap: for each cell, how many meet each region or each bin of 500 bases.

Legend: F fragments, n pairs of a cell and a region.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import assembly_named, chromosome_lengths
from biomatrix.entities.cell.locus import Locus
from biomatrix.entities.cell.overlaps import RegionIndex, spread
from biomatrix.entities.cell.region_counts import RegionCounts
from biomatrix.entities.cell.region_tokens import BIN, bins_before_chromosomes
from biomatrix.entities.cell.regions import Regions
from biomatrix.errors import ParseError

_HELD: Final = 1 << 22
"""Pairs that are held before equal ones are put together."""
_EXAMPLES: Final = 3


class FragmentCounter:
    """Counts of fragments, grown block by block.

    Parameters
    ----------
    assembly : str
        A human one where no regions are given.
    regions : Regions, optional
        In genomic order; every bin of the genome when not given.
    barcodes : sequence of str, optional
        The cells that count; every one that occurs when not given.
    locus : Locus, optional
        Fragments that do not meet it are passed over.

    Attributes
    ----------
    fragments, passed : int
        How many were added so far, and how many of them are of cells that do not count.
    """

    def __init__(
        self,
        assembly: str,
        regions: Regions | None = None,
        barcodes: Sequence[str] | None = None,
        locus: Locus | None = None,
    ) -> None:
        self.assembly = assembly_named(assembly, human=regions is None)
        self._regions, self._locus = regions, locus
        self._index = None if regions is None else RegionIndex(regions.chromosome, regions.start, regions.end)
        self._before = bins_before_chromosomes(self.assembly) if regions is None else np.zeros(1, dtype=np.int64)
        self._places = int(self._before[-1]) if regions is None else max(len(regions), 1)
        self._given = barcodes is not None
        self._cells = {str(name): place for place, name in enumerate(barcodes or ())}
        if barcodes is not None and len(self._cells) != len(barcodes):
            raise ParseError(f"{len(barcodes) - len(self._cells):,} barcodes are given twice; give each cell once")
        self.passed, self._first_passed = 0, dict[str, None]()
        self.fragments = 0
        self._keys, self._counts = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        self._new: list[NDArray[np.int64]] = []
        self._held = 0

    def add(
        self,
        chromosome: NDArray[np.int16],
        start: NDArray[np.int64],
        end: NDArray[np.int64],
        barcodes: Sequence[str],
        which: NDArray[np.int64],
    ) -> None:
        """Count fragments.

        Parameters
        ----------
        chromosome : ndarray, shape=(F,), dtype=int16
            None below 0, unless regions are given.
        start, end : ndarray, shape=(F,), dtype=int64
            0-based, half open, checked before.
        barcodes : sequence of str
            Those that occur.
        which : ndarray, shape=(F,), dtype=int64
            The place of each fragment's barcode among them.
        """
        cell = self._cells_of(barcodes, which)
        self.fragments += len(cell)
        kept = cell >= 0
        self.passed += int((~kept).sum())
        if self._locus is not None:
            one = self._locus
            kept &= (chromosome == one.chromosome) & (start < one.end) & (end > one.start)
        chromosome, start, end, cell = chromosome[kept], start[kept], end[kept], cell[kept]
        if self._index is not None:
            owners, places = self._index.overlapping(chromosome, start, end)
        else:
            before = self._before[chromosome]
            owners, places = spread(before + start // BIN, before + (end - 1) // BIN + 1)
        self._new.append(cell[owners] * self._places + places)
        self._held += len(places)
        if self._held > _HELD:
            self._put_together()

    def _cells_of(self, barcodes: Sequence[str], which: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the cell of each fragment, -1 for one that does not count."""
        used = np.unique(which)
        cells = np.full(len(barcodes), -1, dtype=np.int64)
        for at in used.tolist():
            name = barcodes[at]
            if self._given:
                cells[at] = self._cells.get(name, -1)
                if cells[at] < 0 and len(self._first_passed) < _EXAMPLES:
                    self._first_passed[name] = None
            else:
                cells[at] = self._cells.setdefault(name, len(self._cells))
        return cells[which]

    def _put_together(self) -> None:
        keys, counts = np.unique(np.concatenate(self._new), return_counts=True) if self._new else (self._keys[:0],) * 2
        every = np.concatenate([self._keys, keys])
        merged, which = np.unique(every, return_inverse=True)
        sums = np.bincount(which, weights=np.concatenate([self._counts, counts]), minlength=len(merged))
        self._keys, self._counts = merged, sums.astype(np.int64)
        self._new, self._held = [], 0

    def result(self) -> RegionCounts:
        """Return what was counted; ParseError where fragments were there and none is of a cell that is given."""
        self._put_together()
        if self._given and self.fragments and self.passed == self.fragments:
            shown, wanted = ", ".join(self._first_passed), ", ".join(list(self._cells)[:_EXAMPLES])
            raise ParseError(
                f"no fragment is of a cell that is given: barcodes here are {shown}, those given {wanted}; is there an "
                "ending such as -1, or a prefix of the sample, on one side alone?"
            )
        cell, place = np.divmod(self._keys, self._places)
        names = np.array(list(self._cells), dtype=object)
        if not self._given:  # by name, whatever the order in which they occurred
            order = np.argsort(names.astype(str), kind="stable") if len(names) else np.empty(0, dtype=np.int64)
            rank = np.empty(len(names), dtype=np.int64)
            rank[order] = np.arange(len(names))
            names, cell = names[order], rank[cell]
        regions, column = (self._regions, place) if self._regions is not None else self._bins(place)
        order = np.lexsort((column, cell))
        indptr = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=len(names)))]).astype(np.int64)
        return RegionCounts(
            regions, names, indptr, column[order], self._counts[order].astype(np.float32), None, self._notes(indptr)
        )

    def _bins(self, place: NDArray[np.int64]) -> tuple[Regions, NDArray[np.int64]]:
        """Return the bins that occur as regions, and the place of each pair's bin among them."""
        found, column = np.unique(place, return_inverse=True)
        chromosome = np.searchsorted(self._before, found, side="right") - 1
        start = (found - self._before[chromosome]) * BIN
        end = np.minimum(start + BIN, chromosome_lengths(self.assembly)[chromosome])
        ones = np.ones(len(found), dtype=np.float32)
        return Regions(self.assembly, chromosome.astype(np.int16), start, end, ones), column

    def _notes(self, indptr: NDArray[np.int64]) -> tuple[str, ...]:
        unit = "bins of 500 bases" if self._regions is None else "regions"
        notes = [f"{self.fragments:,} fragments on {self.assembly} were counted by overlap with {unit}"]
        if self.passed:
            shown = ", ".join(self._first_passed)
            notes.append(f"left out, since their barcodes are not among those given: {self.passed:,} ({shown})")
        empty = int((np.diff(indptr) == 0).sum())
        if empty:
            notes.append(f"cells without an open region, kept: {empty:,}")
        return tuple(notes)
