"""Candidate links: every region near the transcription start site of a gene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError
from biomatrix.links.gene_places import GenePlaces
from biomatrix.links.region_set import RegionSet

REACH: Final = 1_000_000
"""How far from a gene's start its candidates lie, in bases."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of a region and a gene.

    Parameters
    ----------
    region, gene : ndarray, shape=(P,), dtype=int64
        Rows of the regions and of the genes.
    distance : ndarray, shape=(P,), dtype=int64
        From the middle of the region to the gene's start, in bases, at least 0.
    """

    region: NDArray[np.int64]
    gene: NDArray[np.int64]
    distance: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.region)


def candidate_pairs(regions: RegionSet, genes: GenePlaces, chosen: NDArray[np.int64], *, reach: int = REACH) -> Pairs:
    """Return the pairs of the chosen genes within reach: gene after gene as chosen, regions in genomic order.

    Raises
    ------
    ConfigurationError
        The assemblies differ, or the reach is not above 0.
    """
    if regions.assembly != genes.assembly:
        raise ConfigurationError(
            f"regions lie on {regions.assembly} and genes on {genes.assembly}; lift the regions over "
            f"(liftOver or CrossMap to {genes.assembly}), or give genes of {regions.assembly} with --gene-table"
        )
    if reach <= 0:
        raise ConfigurationError(f"reach is a number of bases above 0, not {reach}")
    middle = regions.middle
    order = np.lexsort((middle, regions.chromosome))
    firsts = np.searchsorted(regions.chromosome[order], genes.chromosome[chosen], side="left")
    lasts = np.searchsorted(regions.chromosome[order], genes.chromosome[chosen], side="right")
    lines, owners = [], []
    for gene, first, last in zip(chosen, firsts, lasts, strict=True):
        here = middle[order[first:last]]
        low = first + np.searchsorted(here, genes.tss[gene] - reach, side="left")
        high = first + np.searchsorted(here, genes.tss[gene] + reach, side="right")
        lines.append(order[low:high])
        owners.append(np.full(high - low, gene, dtype=np.int64))
    region = np.concatenate(lines) if lines else np.empty(0, np.int64)
    gene = np.concatenate(owners) if owners else np.empty(0, np.int64)
    return Pairs(region, gene, np.abs(middle[region] - genes.tss[gene]))
