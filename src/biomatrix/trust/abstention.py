"""Answering only where one is sure: the risk of the answers that are given, against the share that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """A risk-coverage curve: the mean loss of the surest answers, for every share of them.

    Parameters
    ----------
    confidence : ndarray, shape=(n,), dtype=float64
        The confidence of each answer, falling: that of the last answer given at each point.
    risks : ndarray, shape=(n,), dtype=float64
        The mean loss of the answers given, in the unit of the losses. Answers of equal confidence are given together:
        their losses count as the mean of theirs, so that their order does not matter.
    best : float
        The area under the curve of an oracle that gives the answers in the order of their losses.
    """

    confidence: NDArray[np.float64]
    risks: NDArray[np.float64]
    best: float

    @property
    def coverages(self) -> NDArray[np.float64]:
        """The share of answers given at each point, ``float64 [n]``: 1/n to 1."""
        return np.arange(1, len(self.risks) + 1) / len(self.risks)

    @property
    def area(self) -> float:
        """The area under the curve (AURC): the mean risk over all coverages. Lower is better."""
        return float(self.risks.mean())

    @property
    def excess(self) -> float:
        """How far the area is above that of the oracle (E-AURC); 0 where confidence orders answers by their loss."""
        return self.area - self.best

    @property
    def full_risk(self) -> float:
        """The mean loss of all answers: the area that a confidence which says nothing has, on average."""
        return float(self.risks[-1])

    def threshold(self, risk: float) -> float:
        """Return the least confidence at which answers may be given, so that their mean loss here is at most ``risk``.

        The largest coverage that keeps to the risk counts; infinite where none does: never answer. Answers of equal
        confidence are given together, so that only coverages with all of them count.
        """
        ends = np.flatnonzero(np.append(np.diff(self.confidence) != 0, True))
        kept = ends[self.risks[ends] <= risk]
        return float(self.confidence[kept[-1]]) if len(kept) else float("inf")


def risk_coverage(confidence: ArrayLike, losses: ArrayLike) -> RiskCoverage:
    """Return the risk-coverage curve of answers.

    Parameters
    ----------
    confidence : array, shape=(n,)
        Higher is surer, in any unit.
    losses : array, shape=(n,)
        What each answer costs: an absolute error, or 1 for a wrong answer and 0 for a right one.

    Examples
    --------
    >>> curve = risk_coverage([0.9, 0.5, 0.7], [0.0, 1.0, 0.5])
    >>> curve.risks.tolist(), curve.excess
    ([0.0, 0.25, 0.5], 0.0)
    """
    sure, cost = np.asarray(confidence, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    if sure.shape != cost.shape or sure.ndim != 1 or not len(sure):
        raise ConfigurationError(f"{sure.size} confidences and {cost.size} losses; give one for each answer")
    if np.isnan(sure).any() or np.isnan(cost).any():
        raise ConfigurationError("a confidence or a loss is NaN; leave out the records without an answer")
    levels, level_of = np.unique(-sure, return_inverse=True)
    level_of = level_of.reshape(-1)
    means = np.bincount(level_of, weights=cost) / np.bincount(level_of)
    order = np.sort(level_of)
    return RiskCoverage(-levels[order], _running_mean(means[order]), float(_running_mean(np.sort(cost)).mean()))


def _running_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.cumsum(values) / np.arange(1, len(values) + 1))
