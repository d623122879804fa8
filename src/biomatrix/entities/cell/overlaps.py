"""Which intervals overlap which, for many at once.

Legend: R regions, Q intervals that are looked up, P pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class RegionIndex:
    """Regions in genomic order, ready to be looked up; they may overlap and lie within one another.

    Parameters
    ----------
    chromosome : ndarray, shape=(R,), dtype=int16
        Rising.
    start, end : ndarray, shape=(R,), dtype=int64
        0-based, half open; starts rise within a chromosome.
    """

    def __init__(self, chromosome: NDArray[np.int16], start: NDArray[np.int64], end: NDArray[np.int64]) -> None:
        # Chromosomes are laid end to end, each as long as the farthest region lies, whatever the assembly.
        self._width = int(end.max()) if len(end) else 0
        self._starts, self._ends = self._laid(chromosome, start), self._laid(chromosome, end)
        self._latest = np.maximum.accumulate(self._ends)

    def _laid(self, chromosome: NDArray[np.int16], position: NDArray[np.int64]) -> NDArray[np.int64]:
        return chromosome.astype(np.int64) * self._width + np.clip(position, 0, self._width)

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
        starts, ends = self._laid(chromosome, start), self._laid(chromosome, end)
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


def overlapping_pairs(
    chromosome: NDArray[np.int16],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    other_chromosome: NDArray[np.int16],
    other_start: NDArray[np.int64],
    other_end: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs that share a base, by the first set and then in genomic order of the second.

    Parameters
    ----------
    chromosome, start, end : ndarray, shape=(Q,)
        0-based, half open; in any order.
    other_chromosome, other_start, other_end : ndarray, shape=(R,)

    Returns
    -------
    first, second : ndarray, shape=(P,), dtype=int64

    Examples
    --------
    >>> one, two = np.zeros(2, np.int16), np.zeros(3, np.int16)
    >>> starts, ends = np.array([5, 20]), np.array([10, 30])
    >>> overlapping_pairs(one, starts, ends, two, np.array([9, 0, 10]), np.array([21, 5, 12]))
    (array([0, 1]), array([0, 0]))
    """
    order = genomic_order(other_chromosome, other_start, other_end)
    index = RegionIndex(other_chromosome[order], other_start[order], other_end[order])
    first, place = index.overlapping(chromosome, start, end)
    return first, order[place]


def genomic_order(chromosome: NDArray[np.int16], start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of intervals in genomic order: by chromosome, start, end; equal ones keep their order."""
    return np.lexsort((end, start, chromosome))
