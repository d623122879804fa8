"""Which intervals overlap which, for many at once.

Legend: R regions, Q intervals that are looked up, P pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import chromosome_offsets
from biomatrix.entities.cell.regions import Regions


class RegionIndex:
    """Regions in genomic order, ready to be looked up; they may overlap and lie within one another.

    Parameters
    ----------
    regions : Regions
        In the order of chromosome and start.
    """

    def __init__(self, regions: Regions) -> None:
        self._offsets = chromosome_offsets(regions.assembly)
        offset = self._offsets[regions.chromosome]
        self._starts, self._ends = offset + regions.start, offset + regions.end
        self._latest = np.maximum.accumulate(self._ends) if len(regions) else self._ends

    def overlapping(
        self, chromosome: NDArray[np.int16], start: NDArray[np.int64], end: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pairs that share a base: places of intervals and of regions, ``int64 [P]`` each.

        Parameters
        ----------
        chromosome : ndarray, shape=(Q,), dtype=int16
        start, end : ndarray, shape=(Q,), dtype=int64
            0-based, half open.
        """
        offset = self._offsets[chromosome]
        starts, ends = offset + start, offset + end
        first = np.searchsorted(self._latest, starts, side="right")
        last = np.searchsorted(self._starts, ends, side="left")
        queries, places = spread(first, last)
        real = self._ends[places] > starts[queries]
        return queries[real], places[real]


def spread(first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return every number of half-open ranges with the place of its range, ``int64 [P]`` each.

    Examples
    --------
    >>> [part.tolist() for part in spread(np.array([3, 9]), np.array([5, 10]))]
    [[0, 0, 1], [3, 4, 9]]
    """
    counts = np.maximum(last - first, 0)
    owners = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    numbers = np.arange(len(owners)) - np.repeat(before, counts) + np.repeat(first, counts)
    return owners, numbers


def genomic_order(chromosome: NDArray[np.int16], start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of intervals in genomic order: by chromosome, start, end; equal ones keep their order."""
    return np.lexsort((end, start, chromosome))
