"""Checks of open regions: as many as in real cells, apart from one another, and where real ones lie."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from biomatrix.entities.cell.assemblies import chromosome_index, chromosome_lengths
from biomatrix.entities.cell.overlaps import RegionIndex, genomic_order
from biomatrix.entities.cell.regions import CHROMOSOMES, Regions
from biomatrix.entities.check import Check

PROMOTER: Final = 1_000
"""Bases on each side of a transcription start that count as its promoter."""
MOST_REGIONS: Final = 200_000
"""More open regions than any cell of the atlases of single cells has."""
MOST_MITOCHONDRIAL: Final = 0.05


def check_regions(regions: Regions, *, whole: bool) -> list[Check]:
    """Return the checks of open regions.

    Parameters
    ----------
    regions : Regions
    whole : bool
        Whether they are those of a whole cell, of which a share at promoters can be told.
    """
    lengths = chromosome_lengths(regions.assembly)
    after = np.diff(regions.chromosome.astype(np.int64))
    apart = (after > 0) | ((after == 0) & (regions.start[1:] >= regions.end[:-1]))
    made = [
        Check("open regions", 0 < len(regions) <= MOST_REGIONS, float(len(regions)), "regions"),
        Check("regions on chromosomes", bool((regions.end <= lengths[regions.chromosome]).all())),
        Check("regions in order and apart", bool(apart.all())),
    ]
    if not whole or not len(regions):
        return made
    mitochondrial = float((regions.chromosome == CHROMOSOMES.index("chrM")).mean())
    made.append(Check("mitochondrial regions", mitochondrial <= MOST_MITOCHONDRIAL, mitochondrial, "share"))
    if (index := _promoters(regions.assembly)) is not None:
        mine, _ = index.overlapping(regions.chromosome, regions.start, regions.end)
        share = len(np.unique(mine)) / len(regions)
        made.append(Check("regions at promoters", True, share, "share"))
    return made


@cache
def _promoters(assembly: str) -> RegionIndex | None:
    """Return the promoters of protein-coding genes; None on an assembly on which genes are not placed."""
    from biomatrix.entities.cell.genes.table import ASSEMBLY, gene_table

    if assembly != ASSEMBLY:
        return None
    table = gene_table()
    chromosome = np.array([chromosome_index(str(name)) for name in table.chromosome], dtype=np.int16)
    kept = (chromosome >= 0) & (table.biotype == "protein_coding")
    chromosome, centre = chromosome[kept], table.transcription_start[kept]
    start = np.maximum(centre - PROMOTER, 0)
    end = np.minimum(centre + PROMOTER + 1, chromosome_lengths(assembly)[chromosome])
    order = genomic_order(chromosome, start, end)
    return RegionIndex(chromosome[order], start[order], end[order])
