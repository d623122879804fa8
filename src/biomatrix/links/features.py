"""What a scorer reads of a pair: distances, genes in the way, how open and how marked the region is.

Legend: P pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError
from biomatrix.links.gene_places import CODING, GenePlaces

Columns = Mapping[str, NDArray[np.float64]]
"""Features by name, each ``float64 [P]``."""

POSITION: Final = ("log_distance", "genes_between", "other_promoter", "nearest_gene")
"""What the places of region and genes tell.

- ``log_distance``: natural logarithm of the distance to the gene's start in bases, at least 1,000.
- ``genes_between``: log1p of the other protein-coding genes that start between the two.
- ``other_promoter``: 1 where another protein-coding gene starts within 1,000 bases of the middle.
- ``nearest_gene``: 1 where no other protein-coding gene starts nearer.
"""
ACCESSIBILITY: Final = "log_accessibility"
"""log1p of reads per million over the region."""
MARKS: Final = {
    "H3K27ac": "log_H3K27ac",
    "H3K27ac_expanded": "log_H3K27ac_expanded",
    "H3K4me1": "log_H3K4me1",
    "H3K27me3": "log_H3K27me3",
    "CTCF": "log_CTCF",
}
"""Signals in reads per million, and the name of their log1p; expanded: of the region with its surroundings, as the
benchmark of tested pairs has it."""
UBIQUITOUS: Final = "ubiquitous_gene"
"""1 where the gene is expressed in nearly every cell type: its promoter needs few enhancers."""

NEAREST: Final = 1_000
_MARGIN: Final = 500
"""Bases next to region and gene in which another start is not in between."""


def position_features(
    chromosome: NDArray[np.int16],
    middle: NDArray[np.int64],
    gene: NDArray[np.int64],
    tss: NDArray[np.int64],
    distance: NDArray[np.int64],
    genes: GenePlaces,
) -> Columns:
    """Return the features of :data:`POSITION`.

    Parameters
    ----------
    chromosome, middle : ndarray, shape=(P,)
        Of the region.
    gene : ndarray, shape=(P,), dtype=int64
        Rows of ``genes``; -1 for one that the table lacks.
    tss : ndarray, shape=(P,), dtype=int64
        Where the gene starts.
    distance : ndarray, shape=(P,), dtype=int64
    genes : GenePlaces
    """
    nearest, between = nearest_other_start(chromosome, middle, gene, tss, genes)
    return {
        "log_distance": np.log(np.maximum(distance, NEAREST).astype(np.float64)),
        "genes_between": np.log1p(between),
        "other_promoter": (nearest < NEAREST).astype(np.float64),
        "nearest_gene": (nearest >= distance).astype(np.float64),
    }


def nearest_other_start(
    chromosome: NDArray[np.int16],
    middle: NDArray[np.int64],
    gene: NDArray[np.int64],
    tss: NDArray[np.int64],
    genes: GenePlaces,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distance to the nearest start of another coding gene, and how many start between, ``float64 [P]``."""
    nearest, between = np.full(len(middle), np.inf), np.zeros(len(middle))
    coding = np.flatnonzero(genes.biotype == CODING)
    place = np.full(len(genes) + 1, -1, dtype=np.int64)  # the last is that of unknown genes
    for number in np.unique(chromosome):
        here = coding[genes.chromosome[coding] == number]
        here = here[np.argsort(genes.tss[here], kind="stable")]
        if not len(here):
            continue
        place[here] = np.arange(len(here))
        pairs = np.flatnonzero(chromosome == number)
        starts, own, at = genes.tss[here], place[gene[pairs]], middle[pairs]
        right = np.searchsorted(starts, at)
        for step in (-2, -1, 0, 1):  # two on either side, since one may be the gene itself
            other = right + step
            real = (other >= 0) & (other < len(here)) & (other != own)
            gap = np.abs(starts[np.clip(other, 0, len(here) - 1)] - at)
            nearest[pairs] = np.where(real, np.minimum(nearest[pairs], gap), nearest[pairs])
        low = np.minimum(at, tss[pairs]) + _MARGIN
        high = np.maximum(at, tss[pairs]) - _MARGIN
        count = np.searchsorted(starts, high, side="left") - np.searchsorted(starts, low, side="right")
        between[pairs] = np.maximum(count, 0)  # the gene itself starts at an end and never lies between
    return nearest, between


def promoter_of(
    chromosome: NDArray[np.int16], start: NDArray[np.int64], end: NDArray[np.int64], genes: GenePlaces
) -> list[str]:
    """Return for each region the protein-coding genes that start within 500 bases of it, joined by commas."""
    from biomatrix.entities.cell.overlaps import overlapping_pairs

    coding = np.flatnonzero(genes.biotype == CODING)
    tss = genes.tss[coding]
    spans = (genes.chromosome[coding], np.maximum(tss - _MARGIN, 0), tss + _MARGIN + 1)
    found: list[list[str]] = [[] for _ in start]
    for region, gene in zip(*overlapping_pairs(chromosome, start, end, *spans), strict=True):
        found[region].append(str(genes.symbol[coding[gene]]))
    return [",".join(names) for names in found]


def signal_features(accessibility: NDArray[np.float64], marks: Mapping[str, NDArray[np.float64]]) -> Columns:
    """Return log1p of reads per million under the names of the features."""
    known = {MARKS[name]: np.log1p(values) for name, values in marks.items() if name in MARKS}
    return {ACCESSIBILITY: np.log1p(accessibility), **known}


def stacked(columns: Columns, names: tuple[str, ...]) -> NDArray[np.float64]:
    """Return features side by side, ``float64 [P, F]``; ConfigurationError names what is missing."""
    missing = [name for name in names if name not in columns]
    if missing:
        raise ConfigurationError(
            f"this scorer reads {', '.join(missing)}, which the file does not tell; choose the scorer 'accessibility', "
            f"or give a table with the columns {', '.join(MARKS)} and --ubiquitous"
        )
    return np.stack([columns[name] for name in names], axis=1)
