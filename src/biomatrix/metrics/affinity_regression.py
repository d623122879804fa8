"""Regression of binding affinities: errors and correlations, and what answers that are no number do to them.

RMSE as ``DeepGraphLearning/torchdrug`` at 6066fbd, Pearson and Spearman as it and SciPy compute them (ties share their
mean rank), MAE as scikit-learn. The official codes read the outputs of regression heads; none says how a generated text
that is no number counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from biomatrix.metrics.scores import Score, Scores, mean_score

if TYPE_CHECKING:
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[np.float64]"


def affinity_regression(
    predictions: Sequence[float], targets: Sequence[float], *, penalty: float | None = None, empty: int = 0
) -> Scores:
    """Return ``rmse``, ``mae``, ``pearson`` and ``spearman`` over the answers that are numbers.

    Parameters
    ----------
    predictions : sequence of float
        NaN or infinite where an answer stated no number: left out, and counted.
    targets : sequence of float
        Finite.
    penalty : float, optional
        The prediction that stands in for a missing answer in ``NAME_corrected``; the mean of the targets by default,
        as though the answer knew no more than that. So a model cannot gain by answering only what it is sure of.
    empty : int
        How many of the missing answers were empty.

    Returns
    -------
    mapping of str to Score
        Each also as ``NAME_corrected``. NaN where nothing is left, and for correlations where a side does not vary.

    Raises
    ------
    ValueError
        The numbers of predictions and targets differ, or a target is not finite.
    """
    found, wanted = np.asarray(predictions, dtype=np.float64), np.asarray(targets, dtype=np.float64)
    if found.shape != wanted.shape or found.ndim != 1:
        raise ValueError(f"{found.size} predictions and {wanted.size} targets; give one for each")
    if not np.isfinite(wanted).all():
        raise ValueError("a target is not finite")
    stated = np.isfinite(found)
    stand_in = penalty if penalty is not None else (float(wanted.mean()) if len(wanted) else float("nan"))
    filled = np.where(stated, found, stand_in)
    everywhere = np.ones_like(stated)
    counts = {"empty": empty, "unparsable": int((~stated).sum()) - empty}
    official = _scores(found, wanted, stated, counts)
    corrected = _scores(filled, wanted, everywhere, counts)
    return official | {f"{name}_corrected": score for name, score in corrected.items()}


def _scores(found: Array, wanted: Array, used: NDArray[np.bool_], counts: dict[str, int]) -> dict[str, Score]:
    error = np.where(used, found - wanted, np.nan)
    squared = mean_score(error**2, **counts)
    n, kept = len(wanted), int(used.sum())
    correlations = {
        "pearson": pearson(found[used], wanted[used]),
        "spearman": pearson(mean_ranks(found[used]), mean_ranks(wanted[used])),
    }
    # The root of a mean is no mean: the squared errors are what a bootstrap must draw from.
    rmse = Score(float(np.sqrt(squared.value)), n, counts["empty"], counts["unparsable"], kept)
    return {
        "rmse": rmse,
        "mae": mean_score(np.abs(error), **counts),
        **{name: Score(value, n, counts["empty"], counts["unparsable"], kept) for name, value in correlations.items()},
    }


def pearson(first: Array, second: Array) -> float:
    """Return the correlation of two samples; NaN where there are fewer than two or a side does not vary.

    Examples
    --------
    >>> pearson(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
    1.0
    """
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    a, b = first - first.mean(), second - second.mean()
    return float(np.clip(a @ b / np.sqrt((a @ a) * (b @ b)), -1.0, 1.0))


def mean_ranks(values: Array) -> Array:
    """Return ranks from 1; equal values share the mean of theirs.

    Examples
    --------
    >>> mean_ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[inverse], dtype=np.float64)
