"""Ranking of gene pairs, over all of them and within a gene across perturbations.

Over all pairs the base rate of a gene decides: how often it changes in training gives 0.96 without looking at the
perturbation. Within a gene that base rate has 0.5 by construction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def auroc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Return the chance that a positive is above a negative, ties half; NaN where one of them is missing.

    Examples
    --------
    >>> auroc([0, 1, 1], [0.1, 0.1, 0.9])
    0.75
    """
    positive, value = np.asarray(labels, dtype=bool), np.asarray(scores, dtype=np.float64)
    if positive.shape != value.shape:
        raise ValueError(f"{value.shape} scores for {positive.shape} labels; give one for each")
    hits, misses = int(positive.sum()), int((~positive).sum())
    if not hits or not misses:
        return float("nan")
    _, places, counts = np.unique(value, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * misses))


def within_gene_auroc(genes: ArrayLike, labels: ArrayLike, scores: ArrayLike) -> tuple[float, int]:
    """Return the mean AUROC over genes that have both labels, and how many these are; NaN where there is none."""
    names = np.unique(genes, return_inverse=True)[1]
    positive, value = np.asarray(labels, dtype=bool), np.asarray(scores, dtype=np.float64)
    order = np.argsort(names, kind="stable")
    parts: list[NDArray[np.intp]] = np.split(order, np.flatnonzero(np.diff(names[order])) + 1)
    found = [auroc(positive[part], value[part]) for part in parts if 0 < positive[part].sum() < len(part)]
    return (float(np.mean(found)) if found else float("nan")), len(found)
