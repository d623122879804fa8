"""Regions of the genome, how open each is, and in which cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.regions import CHROMOSOMES
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix


@dataclass(frozen=True, eq=False)
class RegionSet:
    """Regions of one assembly, with the signal of the cells they were found in.

    Legend: R regions, C cells.

    Parameters
    ----------
    assembly : str
        Such as ``hg38``.
    chromosome : ndarray, shape=(R,), dtype=int16
        Index into :data:`biomatrix.entities.cell.regions.CHROMOSOMES`.
    start, end : ndarray, shape=(R,), dtype=int64
        0-based, half open.
    signal : ndarray, shape=(R,), dtype=float64
        How open each is over all cells, at least 0, in any unit.
    marks : mapping of str to ndarray, shape=(R,), dtype=float64
        Further signals by name, such as ``H3K27ac``, in reads per million.
    opened : scipy.sparse.csc_matrix, shape=(C, R), optional
        Not 0 where the region is open in the cell.
    notes : tuple of str
        What was found and decided.

    Raises
    ------
    ParseError
        The parts differ in length, a region ends before it begins, a signal is negative or not finite.
    """

    assembly: str
    chromosome: NDArray[np.int16]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    signal: NDArray[np.float64]
    marks: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    opened: csc_matrix | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        parts: tuple[NDArray[Any], ...] = (self.chromosome, self.start, self.end, self.signal, *self.marks.values())
        if len({len(part) for part in parts}) != 1:
            raise ParseError("the parts of regions differ in length")
        if self.opened is not None and self.opened.shape[1] != len(self):
            raise ParseError(f"{self.opened.shape[1]:,} columns of cells for {len(self):,} regions")
        wrong = np.flatnonzero((self.start < 0) | (self.end <= self.start))
        if len(wrong):
            first = int(wrong[0])
            raise ParseError(
                f"a region ends at {self.end[first]}, not after its start {self.start[first]}", record=first + 1
            )
        for name, values in {"signal": self.signal, **self.marks}.items():
            wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
            if len(wrong):
                first = int(wrong[0])
                raise ParseError(f"the {name} {values[first]} of a region is not at least 0", record=first + 1)

    def __len__(self) -> int:
        return len(self.start)

    @property
    def middle(self) -> NDArray[np.int64]:
        """The middle base of each region, ``int64 [R]``."""
        return (self.start + self.end) // 2

    @property
    def percentile(self) -> NDArray[np.float64]:
        """The share of regions with less signal, and half of those with the same, ``float64 [R]`` in 0 to 1."""
        ordered = np.sort(self.signal)
        below = np.searchsorted(ordered, self.signal, side="left")
        upto = np.searchsorted(ordered, self.signal, side="right")
        return (below + upto) / (2.0 * max(len(self), 1))

    def name(self, place: int) -> str:
        """Return a region as ``chr1:100-200``, 0-based and half open."""
        return f"{CHROMOSOMES[self.chromosome[place]]}:{self.start[place]}-{self.end[place]}"
