"""Which intervals of one set overlap which of another, on one chromosome or on many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.overlaps import spread


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
    chromosome, start, end : ndarray, shape=(n,)
        0-based, half open.
    other_chromosome, other_start, other_end : ndarray, shape=(m,)

    Returns
    -------
    first, second : ndarray, shape=(pairs,), dtype=int64

    Examples
    --------
    >>> one, two = np.zeros(2, np.int16), np.zeros(3, np.int16)
    >>> starts, ends = np.array([5, 20]), np.array([10, 30])
    >>> overlapping_pairs(one, starts, ends, two, np.array([9, 0, 10]), np.array([21, 5, 12]))
    (array([0, 1]), array([0, 0]))
    """
    firsts, seconds = [], []
    for number in np.unique(chromosome):
        mine, theirs = np.flatnonzero(chromosome == number), np.flatnonzero(other_chromosome == number)
        theirs = theirs[np.lexsort((other_end[theirs], other_start[theirs]))]
        starts, ends = other_start[theirs], other_end[theirs]
        low = np.searchsorted(np.maximum.accumulate(ends), start[mine], side="right")
        high = np.searchsorted(starts, end[mine], side="left")
        owner, place = spread(low, high)
        first = mine[owner]
        kept = ends[place] > start[first]  # intervals may lie within each other
        firsts.append(first[kept])
        seconds.append(theirs[place[kept]])
    if not firsts:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    order = np.argsort(first, kind="stable")
    return first[order], second[order]
