"""Cell types that were told, beside those that are: accuracy, macro-F1, and what abstaining costs and gains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.metrics.scores import Score, Scores, mean_score

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

UNKNOWN: Final = "unknown"
"""The answer that names no type. It is never right, and is reported apart."""


def macro_f1(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the mean F1 over the types that occur in the truth.

    A type that is predicted and never true lowers the recall of others and has no F1 of its own, as
    ``sklearn.metrics.f1_score(average="macro", labels=<types of the truth>, zero_division=0)``.

    Parameters
    ----------
    truth, predicted : array, shape=(n,), dtype=str

    Raises
    ------
    ValueError
        They differ in length, or there are none.

    Examples
    --------
    >>> round(macro_f1(["B", "B", "NK"], ["B", "T", "NK"]), 3)
    0.833
    """
    true, told = _paired(truth, predicted)
    scores = []
    for name in np.unique(true):
        hits = int(((true == name) & (told == name)).sum())
        scores.append(2 * hits / (int((true == name).sum()) + int((told == name).sum())))
    return float(np.mean(scores))


def annotation_scores(truth: ArrayLike, predicted: ArrayLike) -> Scores:
    """Return what an annotation is worth.

    Parameters
    ----------
    truth, predicted : array, shape=(n,), dtype=str
        :data:`UNKNOWN` where no type was told.

    Returns
    -------
    mapping of str to Score
        ``accuracy`` and ``macro_f1`` with unknown as wrong, ``unknown`` (share of cells), ``accuracy_of_told`` (over
        the cells that were given a type; NaN where none was).
    """
    true, told = _paired(truth, predicted)
    right, silent = true == told, told == UNKNOWN
    kept = np.where(silent, np.nan, right.astype(np.float64))
    return {
        "accuracy": mean_score(right.astype(np.float64), empty=int(silent.sum())),
        "macro_f1": Score(macro_f1(true, told), len(true), int(silent.sum()), denominator=len(np.unique(true))),
        "unknown": mean_score(silent.astype(np.float64)),
        "accuracy_of_told": mean_score(kept, empty=int(silent.sum())),
    }


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """What is wrong among the most certain answers, for each share of cells that are answered.

    Parameters
    ----------
    coverage : ndarray, shape=(n,), dtype=float64
        Share of the cells that are answered, rising to 1.
    risk : ndarray, shape=(n,), dtype=float64
        Share of those answers that are wrong.
    area : float
        Mean risk over all coverages (AURC); lower is better.
    """

    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]
    area: float

    def coverage_at(self, risk: float) -> float:
        """Return the largest share that can be answered with at most this risk; 0 where there is none."""
        kept = self.coverage[self.risk <= risk]
        return float(kept.max()) if len(kept) else 0.0


def risk_coverage(right: Sequence[bool] | NDArray[np.bool_], certainty: ArrayLike) -> RiskCoverage:
    """Return the curve of answers taken from the most certain down.

    Cells of equal certainty are answered together: each has the risk of the group's end, so that the order of the
    file decides nothing.

    Parameters
    ----------
    right : array, shape=(n,), dtype=bool
    certainty : array, shape=(n,), dtype=float
        Such as the probability of the type that was told.

    Raises
    ------
    ValueError
        They differ in length, there are none, or a certainty is NaN.

    Examples
    --------
    >>> curve = risk_coverage([True, True, False], [0.9, 0.8, 0.3])
    >>> curve.risk.round(2).tolist(), round(curve.area, 3), round(curve.coverage_at(0.1), 2)
    ([0.0, 0.0, 0.33], 0.111, 0.67)
    """
    hits, sure = np.asarray(right, dtype=bool), np.asarray(certainty, dtype=np.float64)
    if hits.shape != sure.shape or not len(hits) or np.isnan(sure).any():
        raise ValueError(f"{hits.shape} answers and {sure.shape} certainties; give a number for each of at least one")
    order = np.argsort(-sure, kind="stable")
    count = np.arange(1, len(hits) + 1)
    wrong = np.cumsum(~hits[order])
    falls = np.append(np.flatnonzero(np.diff(sure[order])), len(hits) - 1)
    last = falls[np.searchsorted(falls, np.arange(len(hits)))]
    risk = wrong[last] / count[last]
    return RiskCoverage(count[last] / len(hits), risk, float(risk.mean()))


def _paired(truth: ArrayLike, predicted: ArrayLike) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    true, told = np.asarray(truth, dtype=np.str_), np.asarray(predicted, dtype=np.str_)
    if true.shape != told.shape or true.ndim != 1 or not len(true):
        raise ValueError(f"{told.shape} predicted types for {true.shape} cells; give one for each of at least one")
    return true, told
