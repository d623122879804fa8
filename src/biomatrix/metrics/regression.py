"""Numbers against true ones: how far, and how well ordered; answers that state none are counted and left out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.scores import Score, Scores, mean_score


def regression_scores(references: Sequence[float], predictions: Sequence[float | None], *, empty: int = 0) -> Scores:
    """Return ``rmse``, ``mae``, ``pearson`` and ``spearman`` over the answers that state a finite number.

    Official code reads regression heads, which always answer; how an answer without a number is judged is nowhere
    defined, so the counts beside each value say how many there were.

    Parameters
    ----------
    references : sequence of float
        All finite.
    predictions : sequence of float or None
        None, NaN and infinities count as unparsable.
    empty : int
        How many of those are empty answers.

    Returns
    -------
    Scores
        Tied values share their mean rank. Correlations are NaN below two answers, or where one side is constant.

    Raises
    ------
    ValueError
        The numbers of pairs differ, or a reference is not finite.
    """
    total = checked_pairs(references, predictions)
    true = np.asarray(references, dtype=np.float64).reshape(total)
    mine = np.asarray([math.nan if one is None else one for one in predictions], dtype=np.float64).reshape(total)
    if not np.isfinite(true).all():
        raise ValueError("a reference that is no finite number")
    read = np.isfinite(mine)
    unparsable, count = total - empty - int(read.sum()), int(read.sum())
    errors = np.where(read, np.abs(np.where(read, mine, 0.0) - true), math.nan)
    values = {
        "rmse": float(np.sqrt(np.mean(errors[read] ** 2))) if count else math.nan,
        "pearson": pearson(true[read], mine[read]),
        "spearman": pearson(mean_ranks(true[read]), mean_ranks(mine[read])),
    }
    scores = {name: Score(value, total, empty, unparsable, count) for name, value in values.items()}
    return {**scores, "mae": mean_score(errors, empty=empty, unparsable=unparsable)}


def pearson(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the correlation of two arrays of one length; NaN below two values, or where one is constant.

    Examples
    --------
    >>> pearson(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
    1.0
    """
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return math.nan
    one, other = first - first.mean(), second - second.mean()
    # Divided by their largest values first, so that squares neither overflow nor vanish.
    one, other = one / np.abs(one).max(), other / np.abs(other).max()
    return float(np.clip((one @ other) / math.sqrt((one @ one) * (other @ other)), -1.0, 1.0))


def mean_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks from 1, ties sharing their mean.

    Examples
    --------
    >>> mean_ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: NDArray[np.float64] = ((2 * ends - counts + 1) / 2)[places]
    return ranks
