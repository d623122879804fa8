"""How well scores put true pairs first: average precision (AUPRC), AUROC and precision at 70% recall.

As in the benchmark of CRISPR-tested enhancer-gene pairs (Gschwind 2025): the area under the precision-recall curve is
the average precision over all tested pairs, and a pair that a predictor says nothing of has the lowest score.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

RECALL: Final = 0.7


@dataclass(frozen=True)
class RankedPairs:
    """What scores of tested pairs are worth.

    Parameters
    ----------
    auprc : float
        NaN where no pair is true.
    auroc : float
        NaN where all pairs are true, or none.
    precision_at_recall : float
        The best precision at a recall of at least 70%.
    pairs, true_pairs, missing : int
        The pairs, those that are true, those without a score.
    """

    auprc: float
    auroc: float
    precision_at_recall: float
    pairs: int
    true_pairs: int
    missing: int

    @property
    def prevalence(self) -> float:
        """The share of true pairs: the AUPRC of scores that know nothing."""
        return self.true_pairs / self.pairs if self.pairs else math.nan


def ranked_pairs(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> RankedPairs:
    """Return the figures of scores; equal scores are one step of the curve, so their order means nothing.

    Parameters
    ----------
    truth : ndarray, shape=(P,), dtype=bool
    scores : ndarray, shape=(P,), dtype=float64
        Higher is likelier; NaN where there is none, which counts below every score.

    Raises
    ------
    ValueError
        The numbers differ.

    Examples
    --------
    >>> found = ranked_pairs(np.array([True, False, True, False]), np.array([3.0, 2.0, 1.0, np.nan]))
    >>> round(found.auprc, 4), found.auroc, found.missing
    (0.8333, 0.75, 1)
    """
    if truth.shape != scores.shape:
        raise ValueError(f"{len(scores)} scores for {len(truth)} pairs")
    missing = np.isnan(scores)
    ranks = np.unique(np.where(missing, -np.inf, scores), return_inverse=True)[1]
    levels = int(ranks.max()) + 1 if len(ranks) else 0
    true_at = np.bincount(ranks[truth], minlength=levels)[::-1].astype(np.float64)
    all_at = np.bincount(ranks, minlength=levels)[::-1].astype(np.float64)
    hits, called = np.cumsum(true_at), np.cumsum(all_at)
    positives, negatives = float(truth.sum()), float((~truth).sum())
    auprc = auroc = at_recall = math.nan
    if positives:
        precision = hits / called
        auprc = float((true_at * precision).sum() / positives)
        at_recall = float(precision[hits >= RECALL * positives].max())
    if positives and negatives:
        below = negatives - (called - hits)  # false pairs with lower scores
        auroc = float((true_at * (below + 0.5 * (all_at - true_at))).sum() / (positives * negatives))
    return RankedPairs(auprc, auroc, at_recall, len(truth), int(positives), int(missing.sum()))


def auprc_interval(
    truth: NDArray[np.bool_], scores: NDArray[np.float64], *, draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95% bootstrap interval of the AUPRC over pairs; draws without a true pair are left out."""
    generator = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        drawn = generator.integers(len(truth), size=len(truth))
        values.append(ranked_pairs(truth[drawn], scores[drawn]).auprc)
    low, high = np.nanpercentile(values, (2.5, 97.5))
    return float(low), float(high)
