"""Bootstrap intervals: how far a score would be another with other rows.

Rows are drawn with replacement, whole: all samples and all runs of a row come together. A mean over answers is then a
ratio of two sums over rows; what is no mean is judged anew for each draw, where a benchmark says that this is sound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.metrics.scores import Scores

LEVEL: Final = 0.95
DRAWS: Final = 1000
"""Of means; they take milliseconds."""
JUDGED_DRAWS: Final = 200
"""Of what is judged anew."""
_AT_ONCE: Final = 1 << 22
"""Row numbers that are drawn together."""


@dataclass(frozen=True)
class Interval:
    """The interval of a score, or why it has none.

    Parameters
    ----------
    low, high : float
        NaN where there is none.
    draws : int
        How many times rows were drawn.
    reason : str
        Why there is no interval; "" where there is one.
    """

    low: float = float("nan")
    high: float = float("nan")
    draws: int = 0
    reason: str = ""

    def as_mapping(self) -> dict[str, Any]:
        """Return it as values for JSON."""
        if self.reason:
            return {"reason": self.reason}
        return {"level": LEVEL, "low": self.low, "high": self.high, "method": "percentile bootstrap over rows",
                "draws": self.draws}  # fmt: skip


def mean_interval(items: NDArray[np.float64], rows: NDArray[np.int64], seed: int, draws: int = DRAWS) -> Interval:
    """Return the interval of a mean over answers.

    Parameters
    ----------
    items : ndarray, shape=(n,), dtype=float64
        What each answer contributes; NaN is left out of the mean.
    rows : ndarray, shape=(n,), dtype=int64
        The row of each answer, from 0.
    seed : int
    draws : int
    """
    count = int(rows.max()) + 1 if len(rows) else 0
    counted = ~np.isnan(items)
    if count < 2 or not counted.any():
        return Interval(reason="fewer than two rows were judged")
    sums = np.bincount(rows[counted], items[counted], minlength=count)
    sizes = np.bincount(rows[counted], minlength=count).astype(np.float64)
    rng = np.random.default_rng(seed)
    means: list[NDArray[np.float64]] = []
    step = max(1, _AT_ONCE // count)
    for begin in range(0, draws, step):
        drawn = rng.integers(0, count, (min(step, draws - begin), count))
        total = sizes[drawn].sum(axis=1)
        means.append(np.where(total > 0, sums[drawn].sum(axis=1) / np.maximum(total, 1), np.nan))
    return _between(np.concatenate(means))


def judged_intervals(
    names: Sequence[str],
    judge: Callable[[Sequence[int]], Scores],
    count: int,
    seed: int,
    draws: int = JUDGED_DRAWS,
) -> Mapping[str, Interval]:
    """Return the intervals of scores that are judged anew for each draw.

    Parameters
    ----------
    names : sequence of str
        The scores.
    judge : callable
        Takes the numbers of rows, some of them repeated, and returns their scores.
    count : int
        How many rows there are.
    seed : int
    draws : int
    """
    if not names:
        return {}
    if count < 2:
        return {name: Interval(reason="fewer than two rows were judged") for name in names}
    rng = np.random.default_rng(seed)
    values = np.full((draws, len(names)), np.nan)
    for draw in range(draws):
        scores = judge(rng.integers(0, count, count).tolist())
        values[draw] = [scores[name].value if name in scores else np.nan for name in names]
    return {name: _between(values[:, column]) for column, name in enumerate(names)}


def _between(values: NDArray[np.float64]) -> Interval:
    """Return what lies between the tails of drawn values; those that are undefined are left out and must be few."""
    defined = values[~np.isnan(values)]
    if len(defined) < LEVEL * len(values):
        return Interval(reason="undefined for too many draws of rows")
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(float(low), float(high), len(values))
