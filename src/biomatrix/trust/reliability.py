"""Whether probabilities come true: expected calibration error, and the bins of a reliability diagram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Reliability:
    """A reliability diagram as data: records in bins of their probability. Empty bins are left out.

    Parameters
    ----------
    counts : ndarray, shape=(B,), dtype=int64
        Records in each bin.
    stated : ndarray, shape=(B,), dtype=float64
        The mean probability that was stated.
    observed : ndarray, shape=(B,), dtype=float64
        The share that came true.
    """

    counts: NDArray[np.int64]
    stated: NDArray[np.float64]
    observed: NDArray[np.float64]

    @property
    def error(self) -> float:
        """Expected calibration error: the mean gap between stated and observed, weighted by records (Guo et al. 2017).

        Finite bins make it positive even of perfect probabilities, by about ``sqrt(B / n) / 3``.
        """
        return float((np.abs(self.stated - self.observed) * self.counts).sum() / self.counts.sum())

    @property
    def largest(self) -> float:
        """Maximum calibration error: the gap of the worst bin."""
        return float(np.abs(self.stated - self.observed).max())


def reliability(
    probabilities: ArrayLike, outcomes: ArrayLike, bins: int = 15, *, adaptive: bool = False
) -> Reliability:
    """Sort records into bins of their stated probability.

    Parameters
    ----------
    probabilities : array, shape=(n,)
        Of what was stated: that the answer is yes, or that the given answer is right.
    outcomes : array of bool, shape=(n,)
        Whether it was.
    bins : int
        The most bins.
    adaptive : bool
        Bins of (nearly) equal numbers of records; of equal width by default.

    Examples
    --------
    >>> reliability([0.1, 0.1, 0.9, 0.9], [0, 0, 1, 0], bins=2).error
    0.25
    """
    stated, came_true = np.asarray(probabilities, dtype=np.float64), np.asarray(outcomes, dtype=np.float64)
    if stated.shape != came_true.shape or stated.ndim != 1 or not len(stated):
        raise ConfigurationError(f"{stated.size} probabilities and {came_true.size} outcomes; give one for each record")
    if not ((stated >= 0) & (stated <= 1)).all():
        raise ConfigurationError("a probability is not between 0 and 1")
    if np.isnan(came_true).any():
        raise ConfigurationError("an outcome is NaN; leave out the records without one")
    if bins < 1:
        raise ConfigurationError(f"bins are at least 1, not {bins}")
    if adaptive:
        ranks = np.empty(len(stated), dtype=np.int64)
        ranks[np.argsort(stated, kind="stable")] = np.arange(len(stated))
        places = ranks * bins // len(stated)
    else:
        places = np.minimum((stated * bins).astype(np.int64), bins - 1)
    counts = np.bincount(places, minlength=bins)
    kept = counts > 0
    sums = (np.bincount(places, weights=values, minlength=bins)[kept] for values in (stated, came_true))
    first, second = (total / counts[kept] for total in sums)
    return Reliability(counts[kept], first, second)
