"""Fragments of single cells, counted over regions as they are read: a fragment counts where it overlaps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import check_intervals
from biomatrix.entities.cell.files.fragment_blocks import fragment_blocks
from biomatrix.entities.cell.fragment_counts import FragmentCounter
from biomatrix.entities.cell.overlaps import genomic_order
from biomatrix.entities.cell.regions import Regions
from biomatrix.entities.files.reading import label_of
from biomatrix.entities.limits import Limits
from biomatrix.errors import BioMatrixError
from biomatrix.links.region_set import RegionSet
from biomatrix.progress import Progress

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_STREAMED: Final = Limits(file_bytes=2**50, decompressed_bytes=2**50)
"""Files of fragments have many gigabytes and are never held."""


def fragments_over_regions(
    path: Path, regions: RegionSet, cells: NDArray[np.object_]
) -> tuple[csr_matrix, tuple[str, ...]]:
    """Return how many fragments of each cell overlap each region, ``float64 [C, R]``, and what was left out.

    Beside :func:`~biomatrix.entities.cell.files.fragments.read_fragments`, whose counter it shares, as regions here
    keep their order, may lie on a genome whose lengths are not known, and fragments need no order.

    A fragment that spans several regions counts in each. Overlap, not cut sites: a fragment over a region has both
    ends outside it and yet shows that it is open.

    Parameters
    ----------
    path : Path
        As of :func:`~biomatrix.entities.cell.files.fragment_blocks.fragment_blocks`.
    regions : RegionSet
    cells : ndarray, shape=(C,), dtype=object
        Barcodes.

    Raises
    ------
    ParseError
        A row is no fragment, or no fragment is of these cells.
    """
    order = genomic_order(regions.chromosome, regions.start, regions.end)
    places = (regions.chromosome[order], regions.start[order], regions.end[order])
    in_order = Regions(regions.assembly, *places, np.ones(len(order), dtype=np.float32))
    counter = FragmentCounter(regions.assembly, in_order, [str(one) for one in cells])
    progress = Progress("fragments", None, "fragments")
    try:
        for block in fragment_blocks(path, _STREAMED):
            known = block.chromosome >= 0
            numbers = np.arange(block.first, block.first + len(block))
            check_intervals(block.chromosome[known], block.start[known], block.end[known], numbers[known])
            counter.add(block.chromosome, block.start, block.end, block.barcodes, block.which)
            progress.advance(len(block))
        counted = counter.result()
    except BioMatrixError as error:
        raise error.at(file=label_of(path)) from error.__cause__
    matrix = counted.matrix[:, np.argsort(order)].astype(np.float64)
    matrix.sort_indices()
    mine = counter.fragments - counter.passed
    return matrix, (f"{mine:,} of {counter.fragments:,} fragments are of the cells given",)
