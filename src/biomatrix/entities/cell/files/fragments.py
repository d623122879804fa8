"""Fragment files of ATAC (chromosome, start, end, barcode, perhaps a count), counted by overlap as they are read.

Memory grows with the pairs of a cell and a region that are found open, not with the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import assembly_named, check_inside, require_assembly
from biomatrix.entities.cell.files.fragment_blocks import FragmentBlock, fragment_blocks
from biomatrix.entities.cell.fragment_counts import FragmentCounter
from biomatrix.entities.cell.locus import Locus
from biomatrix.entities.cell.region_counts import RegionCounts
from biomatrix.entities.cell.regions import CHROMOSOMES, Regions
from biomatrix.entities.files.reading import label_of
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import BioMatrixError, ParseError

_SORT: Final = "sort it (sort -k1,1 -k2,2n), or say that it is not (ordered=False)"


def read_fragments(
    path: str | Path,
    *,
    assembly: str,
    regions: Regions | None = None,
    locus: Locus | None = None,
    barcodes: Sequence[str] | None = None,
    ordered: bool = True,
    limits: Limits = DEFAULT_LIMITS,
) -> RegionCounts:
    """Return in how many fragments of each cell each region, or each bin of 500 bases, was found.

    A fragment counts once, whatever its number of reads, for every region that it shares a base with.

    Parameters
    ----------
    path : str or Path
        As Cell Ranger writes it: tabs, 0-based starts, ends not included, packed or not; or Parquet, as of
        :func:`~biomatrix.entities.cell.files.fragment_blocks.fragment_blocks`.
    assembly : str
        Which genome they lie on, which no such file says.
    regions : Regions, optional
        What is counted; every bin of the genome that a fragment meets when not given.
    locus : Locus, optional
        Fragments that do not meet it are passed over.
    barcodes : sequence of str, optional
        The cells, in the order of the result: one without fragments is kept, fragments of others are passed over. Every
        barcode of the file when not given.
    ordered : bool
        Whether starts must rise within a chromosome, and each chromosome stand in one piece.
    limits : Limits

    Raises
    ------
    ParseError
        A line is no fragment, is out of order, or lies past its chromosome; no barcode is one of those given.
    UnsupportedError
        The regions lie on another assembly.
    """
    assembly = assembly_named(assembly)
    if regions is not None:
        require_assembly(regions.assembly, assembly, "the regions to count in")
    counter = FragmentCounter(assembly, regions, barcodes, locus)
    label = label_of(path)
    try:
        order = _Order(ordered)
        lost: dict[str, int] = {}
        for block in fragment_blocks(path, limits):
            _count(block, counter, order, lost)
        counted = counter.result()
    except BioMatrixError as error:
        raise error.at(file=label) from error.__cause__
    passed = sum(lost.values())
    more = (f"left out, since they lie on no chromosome: {passed:,} fragments ({', '.join(sorted(lost)[:3])})",)
    return _noted(counted, more if passed else ())


def _noted(counted: RegionCounts, notes: tuple[str, ...]) -> RegionCounts:
    from dataclasses import replace

    return replace(counted, notes=(*counted.notes, *notes)) if notes else counted


class _Order:
    """Whether fragments come in the order of their starts, chromosome by chromosome.

    Parameters
    ----------
    wanted : bool
    """

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._ended: set[int] = set()
        self._chromosome, self._start = -1, -1

    def check(self, chromosome: NDArray[np.int16], start: NDArray[np.int64], numbers: NDArray[np.int64]) -> None:
        """Refuse the first fragment that is out of order."""
        if not self._wanted or not len(start):
            return
        before = np.concatenate([[self._chromosome], chromosome[:-1]])
        falls = (chromosome == before) & (start < np.concatenate([[self._start], start[:-1]]))
        wrong = np.flatnonzero(falls)
        place = int(wrong[0]) if len(wrong) else len(start)
        for at in np.flatnonzero(chromosome != before).tolist():
            if at > place:
                break
            if int(chromosome[at]) in self._ended:
                place = at
                break
            self._ended.add(int(before[at]))
        if place < len(start):
            raise ParseError(
                f"the fragments are not in order: {CHROMOSOMES[chromosome[place]]}:{start[place]} comes after a later "
                f"one; {_SORT}",
                position=int(numbers[place]),
            )
        self._chromosome, self._start = int(chromosome[-1]), int(start[-1])


def _count(block: FragmentBlock, counter: FragmentCounter, order: _Order, lost: dict[str, int]) -> None:
    """Check and count one block; the fragments on no chromosome are added up in ``lost``."""
    known = block.chromosome >= 0
    if not known.all():
        for word, times in zip(*np.unique(block.named[~known], return_counts=True), strict=True):
            lost[block.names[word]] = lost.get(block.names[word], 0) + int(times)
    numbers = np.arange(block.first, block.first + len(block))[known]
    chromosome, start, end = block.chromosome[known], block.start[known], block.end[known]
    check_inside(counter.assembly, chromosome, start, end, numbers)
    order.check(chromosome, start, numbers)
    counter.add(chromosome, start, end, block.barcodes, block.which[known])
