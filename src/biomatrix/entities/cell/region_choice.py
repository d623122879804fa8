"""Which bins, or which regions of a list, the open regions of a cell are, and which are written where there are many.

Legend: R open regions of a cell, n numbers of bins or of regions of a list.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.locus import Locus
from biomatrix.entities.cell.overlaps import RegionIndex
from biomatrix.entities.cell.region_list import RegionList
from biomatrix.entities.cell.region_tokens import BIN, bins_before_chromosomes, bins_of_chromosomes
from biomatrix.entities.cell.regions import Regions

_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
"""An odd number whose multiples lie scattered: 2**64 over the golden ratio."""


class Counted(NamedTuple):
    """What is open.

    Parameters
    ----------
    numbers : ndarray, shape=(n,), dtype=int64
        Of bins or of regions of a list, rising.
    counts : ndarray, shape=(n,), dtype=float32
        How often each was found open.
    used : int
        How many open regions of the cell these are.
    """

    numbers: NDArray[np.int64]
    counts: NDArray[np.float32]
    used: int


def bins_of(regions: Regions, locus: Locus | None = None) -> Counted:
    """Return the bins of open regions, all chromosomes laid end to end: each is the bin of its middle.

    Parameters
    ----------
    regions : Regions
    locus : Locus, optional
        Bins that do not meet it are left out.
    """
    within = np.minimum(
        (regions.start + regions.end) // 2 // BIN, bins_of_chromosomes(regions.assembly)[regions.chromosome] - 1
    )
    before = bins_before_chromosomes(regions.assembly)
    counts = regions.count
    numbers = before[regions.chromosome] + within
    if locus is not None:
        first = before[locus.chromosome]
        kept = (numbers >= first + locus.start // BIN) & (numbers <= first + (locus.end - 1) // BIN)
        numbers, counts = numbers[kept], counts[kept]
    return _together(numbers, counts)


def listed(regions: Regions, declared: RegionList, index: RegionIndex, locus: Locus | None = None) -> Counted:
    """Return which regions of a list are open: for each open region the one that it is most alike.

    That is the one with the largest share of what the two cover together; a region that meets none is left out.

    Parameters
    ----------
    regions : Regions
    declared : RegionList
    index : RegionIndex
        Of the list.
    locus : Locus, optional
        Regions of the list that do not meet it are left out.
    """
    mine, places = index.overlapping(regions.chromosome, regions.start, regions.end)
    others = declared.regions
    if locus is not None:
        kept = (
            (others.chromosome[places] == locus.chromosome)
            & (others.start[places] < locus.end)
            & (others.end[places] > locus.start)
        )
        mine, places = mine[kept], places[kept]
    shared = np.minimum(regions.end[mine], others.end[places]) - np.maximum(regions.start[mine], others.start[places])
    covered = np.maximum(regions.end[mine], others.end[places]) - np.minimum(regions.start[mine], others.start[places])
    order = np.lexsort((places, -shared / covered, mine))
    mine, places = mine[order], places[order]
    best = np.ones(len(mine), dtype=bool)
    best[1:] = np.diff(mine) != 0
    return _together(places[best], regions.count[mine[best]])


def _together(numbers: NDArray[np.int64], counts: NDArray[np.float32]) -> Counted:
    """Return numbers once each, rising, with the sums of their counts."""
    rising, which = np.unique(numbers, return_inverse=True)
    sums = np.bincount(which, weights=counts, minlength=len(rising)).astype(np.float32)
    return Counted(rising.astype(np.int64), sums, len(numbers))


def chosen(counted: Counted, k: int | None, distance: NDArray[np.int64] | None) -> Counted:
    """Return the ``k`` numbers that are written, rising.

    Those most often found open come first; among equals the nearest where a distance is given, else in an order of the
    numbers that is fixed and prefers no part of the genome.

    Parameters
    ----------
    counted : Counted
    k : int, optional
        All when not given.
    distance : ndarray, shape=(n,), dtype=int64, optional
        Of each from the centre of a locus.
    """
    numbers, counts, used = counted
    if k is None or len(numbers) <= k:
        return counted
    tie = (numbers.astype(np.uint64) * _SPREAD).astype(np.float64) if distance is None else distance
    kept = np.sort(np.lexsort((numbers, tie, -counts))[:k])
    return Counted(numbers[kept], counts[kept], used)
