"""Figures of scores on tested pairs: over all, by cell type, by distance, with the prevalence beside each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.links.crispri import TestedPairs
from biomatrix.metrics.ranked_pairs import RankedPairs, ranked_pairs

FAR: Final = 100_000
"""Beyond this distance in bases links are rare and hard to find."""
DISTANCES: Final = ((0, 10_000), (10_000, FAR), (FAR, 2**62))
ALL: Final = "all"
BEYOND: Final = "beyond 100 kb"
OTHERS: Final = "other than K562"


def strata(pairs: TestedPairs) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield names of groups of pairs, and which pairs are of each, ``bool [P]``."""
    yield ALL, np.ones(len(pairs), dtype=bool)
    yield BEYOND, pairs.distance > FAR
    for low, high in DISTANCES[:-1]:
        yield f"{low // 1000} to {high // 1000} kb", (pairs.distance > low) & (pairs.distance <= high)
    cell_types = sorted(set(pairs.cell_type))
    for name in cell_types:
        yield str(name), pairs.cell_type == name
    if len(cell_types) > 1 and "K562" in cell_types:
        yield OTHERS, pairs.cell_type != "K562"


def figures(pairs: TestedPairs, scores: NDArray[np.float64]) -> Mapping[str, RankedPairs]:
    """Return the figures of scores, ``float64 [P]``, by the name of the group."""
    return {name: ranked_pairs(pairs.regulated[rows], scores[rows]) for name, rows in strata(pairs)}


def told(found: RankedPairs) -> Mapping[str, float | int]:
    """Return figures as a card holds them, rounded to four places."""
    return {
        "auprc": round(found.auprc, 4),
        "prevalence": round(found.prevalence, 4),
        "auroc": round(found.auroc, 4),
        "pairs": found.pairs,
        "true_pairs": found.true_pairs,
    }
