"""What the cells themselves say of a pair: whether region and gene go together over cells.

No scorer that ships reads these: no tested pairs come with single cells over the whole genome to fit them on. They
stand beside the score.

Legend: C cells, R regions, P pairs.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.overlaps import overlapping_pairs
from biomatrix.links.candidates import Pairs
from biomatrix.links.cell_files import Expressed, same_cells
from biomatrix.links.gene_places import GenePlaces
from biomatrix.links.kendall import kendall_tau_b
from biomatrix.links.region_set import RegionSet
from biomatrix.progress import Progress

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

PROMOTER: Final = 500
"""Bases on either side of a gene's start whose regions are its promoter."""
_AT_ONCE: Final = 64


def rna_correlation(
    regions: RegionSet, cells: NDArray[np.object_], expressed: Expressed, pairs: Pairs
) -> NDArray[np.float64]:
    """Return Kendall's tau-b between region and gene over the cells of both, ``float64 [P]``.

    NaN where the gene is not in the matrix, or one of the two never varies.
    """
    mine, theirs = same_cells(cells, expressed.cells)
    column = {int(gene): number for number, gene in enumerate(expressed.gene)}
    columns = np.array([column.get(int(gene), -1) for gene in pairs.gene], dtype=np.int64)
    known = np.flatnonzero(columns >= 0)
    found = np.full(len(pairs), np.nan)
    progress = Progress("correlation with expression", len(known), "pairs")
    found[known] = kendall_tau_b(
        _rows(regions, mine), expressed.values[theirs], pairs.region[known], columns[known], progress
    )
    return found


def _rows(regions: RegionSet, rows: NDArray[np.int64]) -> csc_matrix:
    from scipy.sparse import csc_matrix

    assert regions.opened is not None
    return csc_matrix(regions.opened[rows])


def coaccessibility(regions: RegionSet, genes: GenePlaces, pairs: Pairs) -> NDArray[np.float64]:
    """Return the correlation (phi) of a region being open with the gene's promoter being open, ``float64 [P]``.

    A promoter is open where any region within 500 bases of the gene's start is. NaN where the gene has no such region,
    the region is one itself, or either is open in all cells or none.
    """
    from scipy.sparse import csc_matrix

    assert regions.opened is not None
    is_open = csc_matrix(regions.opened, dtype=bool).astype(np.float64)
    wanted, place = np.unique(pairs.gene, return_inverse=True)
    tss = genes.tss[wanted]
    spans = (genes.chromosome[wanted], np.maximum(tss - PROMOTER, 0), tss + PROMOTER + 1)
    gene, region = overlapping_pairs(*spans, regions.chromosome, regions.start, regions.end)
    members = csc_matrix((np.ones(len(gene)), (region, gene)), shape=(len(regions), len(wanted)))
    promoter = csc_matrix((is_open @ members) > 0, dtype=np.float64)
    cells = is_open.shape[0]
    open_share = np.asarray(is_open.sum(axis=0)).ravel() / cells
    promoter_share = np.asarray(promoter.sum(axis=0)).ravel() / cells
    both = np.empty(len(pairs))
    order = np.argsort(place, kind="stable")
    bounds = np.searchsorted(place[order], np.arange(0, len(wanted) + _AT_ONCE, _AT_ONCE))
    for number, (first, last) in enumerate(pairwise(bounds)):
        block = order[first:last]
        near, rows = np.unique(pairs.region[block], return_inverse=True)
        begin = number * _AT_ONCE
        product = (is_open[:, near].T @ promoter[:, begin : begin + _AT_ONCE]).toarray()
        both[block] = product[rows, place[block] - begin] / cells
    p, q = open_share[pairs.region], promoter_share[place]
    with np.errstate(divide="ignore", invalid="ignore"):
        found: NDArray[np.float64] = (both - p * q) / np.sqrt(p * (1.0 - p) * q * (1.0 - q))
    own = np.zeros(len(pairs), dtype=bool)
    own[np.asarray(members[pairs.region, place]).ravel() > 0] = True
    return np.where(np.isfinite(found) & ~own, found, np.nan)
