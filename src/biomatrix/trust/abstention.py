"""Answering only where one is sure: the risk of the answers that are given, against the share that is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_BY: Final = ("spread", "probability")


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

    def risk_at(self, coverage: float) -> float:
        """Return the mean loss of the surest share of the answers, at least one of them."""
        if not 0 < coverage <= 1:
            raise ConfigurationError(f"a coverage is above 0 and at most 1, not {coverage}")
        return float(self.risks[max(1, math.ceil(coverage * len(self.risks) - 1e-9)) - 1])

    def threshold(self, risk: float) -> float:
        """Return the least confidence at which answers may be given, so that their mean loss here is at most ``risk``.

        The largest coverage that keeps to the risk counts; infinite where none does: never answer. Answers of equal
        confidence are given together, so that only coverages with all of them count.
        """
        ends = np.flatnonzero(np.append(np.diff(self.confidence) != 0, True))
        kept = ends[self.risks[ends] <= risk]
        return float(self.confidence[kept[-1]]) if len(kept) else float("inf")


@dataclass(frozen=True)
class Abstention:
    """How sure an answer must be to be given, for the mean loss of those that are to be at most a wanted risk.

    The threshold keeps to the risk on the records it was chosen on; on new ones the risk is near, not bound.

    Parameters
    ----------
    risk : float
        The wanted mean loss: of numbers the mean absolute error in their unit, of labels the share of wrong answers.
    least : float
        The least confidence at which an answer is given.
    by : {"spread", "probability"}
        What the confidence is: minus the spread of samples; the probability of the label, or of a token of the answer.
    """

    risk: float
    least: float
    by: str

    def __post_init__(self) -> None:
        if self.by not in _BY:
            raise ConfigurationError(f"answers are held back by {' or '.join(_BY)}, not by {self.by!r}")
        if not (0.0 <= self.risk < math.inf and math.isfinite(self.least)):
            raise ConfigurationError(f"a wanted risk is at least 0, and its threshold finite, not {self.risk} and "
                                     f"{self.least}")  # fmt: skip

    @classmethod
    def at(cls, curve: RiskCoverage, risk: float, by: str) -> Abstention:
        """Return the threshold that keeps to a risk on the records of a curve.

        Raises
        ------
        ConfigurationError
            Not even the surest answers keep to it.
        """
        least = curve.threshold(risk) if 0.0 <= risk < math.inf else 0.0
        if math.isinf(least):
            raise ConfigurationError(
                f"no share of the answers errs by at most {risk:g} on average; the least that any share does is "
                f"{curve.risks.min():.3g}: ask for a larger risk"
            )
        return cls(float(risk), least, by)

    def reason(self, spread: float | None, probability: float | None) -> str | None:
        """Return why an answer is held back; None where it is sure enough.

        Parameters
        ----------
        spread : float, optional
            Minus the spread of its samples.
        probability : float, optional

        Examples
        --------
        >>> Abstention(0.1, 0.8, "probability").reason(None, 0.6)
        'its probability 0.6 is below 0.8, from where answers err by 0.1 on average'
        """
        sure = spread if self.by == "spread" else probability
        if sure is None:
            return f"its {self.by} is not known, so that nothing says whether it is sure enough"
        if sure >= self.least:
            return None
        where = f"from where answers err by {self.risk:g} on average"
        if self.by == "spread":
            return f"its samples spread by {-sure:.3g}, above {-self.least:.3g}, {where}"
        return f"its probability {sure:.3g} is below {self.least:.3g}, {where}"

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"risk": self.risk, "least": self.least, "by": self.by}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Abstention:
        """Return what :meth:`as_json` gave; ConfigurationError where the values are none."""
        try:
            return cls(float(values["risk"]), float(values["least"]), str(values["by"]))
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise ConfigurationError(f"no threshold of abstention: {error!r}; calibrate again") from error


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
