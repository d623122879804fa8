"""Maps from the probability that a model states to the one that comes true, fitted on held-out answers.

``temperature`` and ``platt`` move the log-odds along a line and keep or nearly keep the order of answers; ``isotonic``
is any rising step function, and needs some hundred records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

_LEAST: Final = 1e-6
_STEPS: Final = 100
METHODS: Final = ("temperature", "platt", "isotonic")


@dataclass(frozen=True)
class Recalibration:
    """A fitted map.

    Parameters
    ----------
    method : {"temperature", "platt", "isotonic"}
    knots : tuple of (float, float)
        Of isotonic regression: stated and true probability, rising; between them the map is linear.
    slope, intercept : float
        Of the other two: log-odds come out as ``slope * log-odds + intercept``; a temperature is ``1 / slope``.
    """

    method: str
    slope: float = 1.0
    intercept: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()

    def apply(self, probabilities: ArrayLike) -> NDArray[np.float64]:
        """Return probabilities as they come true, of the shape given."""
        array = np.asarray(probabilities, dtype=np.float64)
        if self.method != "isotonic":
            return _chance(self.slope * _log_odds(array) + self.intercept)
        stated, true = np.array(self.knots).T
        return np.asarray(np.interp(array, stated, true))

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"method": self.method, "slope": self.slope, "intercept": self.intercept, "knots": list(self.knots)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Recalibration:
        """Return what :meth:`as_json` gave; ConfigurationError where the values are none."""
        try:
            knots = tuple((float(stated), float(true)) for stated, true in values.get("knots", ()))
            found = cls(str(values["method"]), float(values["slope"]), float(values["intercept"]), knots)
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigurationError(f"no recalibration: {error!r}") from error
        if found.method not in METHODS or (found.method == "isotonic" and not knots):
            raise ConfigurationError(f"a recalibration is one of {', '.join(METHODS)}, with its knots")
        rising = np.array(knots).reshape(-1, 2)
        if not ((rising >= 0) & (rising <= 1)).all() or not (np.diff(rising, axis=0) >= 0).all():
            raise ConfigurationError("the knots of a recalibration are probabilities that rise; calibrate again")
        return found


def recalibrate(probabilities: ArrayLike, outcomes: ArrayLike, method: str = "temperature") -> Recalibration:
    """Fit a map on held-out answers.

    Parameters
    ----------
    probabilities : array, shape=(n,)
        As the model stated them.
    outcomes : array of bool, shape=(n,)
        What came true.
    method : {"temperature", "platt", "isotonic"}
        One factor on the log-odds (Guo et al. 2017); a factor and a shift (Platt 1999); pool adjacent violators.

    Raises
    ------
    ConfigurationError
        Another method, or outcomes that are all the same.
    """
    stated, came_true = np.asarray(probabilities, dtype=np.float64), np.asarray(outcomes, dtype=np.float64)
    if method not in METHODS:
        raise ConfigurationError(f"no recalibration {method!r}; known: {', '.join(METHODS)}")
    if not ((stated >= 0) & (stated <= 1)).all():
        raise ConfigurationError("a probability is not between 0 and 1")
    if stated.shape != came_true.shape or not came_true.min(initial=1) < came_true.max(initial=0):
        raise ConfigurationError("give a probability and an outcome for each record, of which some came true, not all")
    if method == "isotonic":
        return Recalibration(method, knots=_pooled(stated, came_true))
    slope, intercept = _fit(_log_odds(stated), came_true, shift=method == "platt")
    return Recalibration(method, slope, intercept)


def _fit(log_odds: NDArray[np.float64], outcomes: NDArray[np.float64], shift: bool) -> tuple[float, float]:
    """Return slope and intercept of the least cross-entropy, by Newton steps halved until it falls."""
    columns = np.stack([log_odds, np.ones_like(log_odds)], axis=1)[:, : 2 if shift else 1]
    weights = np.array([1.0, 0.0])[: columns.shape[1]]
    loss = _cross_entropy(columns @ weights, outcomes)
    for _ in range(_STEPS):
        chance = _chance(columns @ weights)
        gradient = columns.T @ (chance - outcomes)
        curvature = (columns * (chance * (1 - chance))[:, None]).T @ columns + 1e-9 * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        while (new := _cross_entropy(columns @ (weights - step), outcomes)) > loss and np.abs(step).max() > 1e-12:
            step /= 2
        if loss - new < 1e-12:
            break
        weights, loss = weights - step, new
    return float(weights[0]), float(weights[1]) if shift else 0.0


def _pooled(stated: NDArray[np.float64], outcomes: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """Return the knots of isotonic regression: blocks of records merged while a later one is lower."""
    order = np.argsort(stated, kind="stable")
    blocks: list[list[float]] = []  # sum of outcomes, records, least and largest probability
    for probability, outcome in zip(stated[order].tolist(), outcomes[order].tolist(), strict=True):
        if blocks and blocks[-1][3] == probability:
            blocks[-1][0] += outcome
            blocks[-1][1] += 1
        else:
            blocks.append([outcome, 1.0, probability, probability])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            total, count, _, largest = blocks.pop()
            blocks[-1] = [blocks[-1][0] + total, blocks[-1][1] + count, blocks[-1][2], largest]
    knots = [(edge, total / count) for total, count, least, largest in blocks for edge in {least: 0, largest: 0}]
    return tuple(knots)


def _log_odds(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(probabilities, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def _chance(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.exp(-np.logaddexp(0.0, -log_odds)))


def _cross_entropy(log_odds: NDArray[np.float64], outcomes: NDArray[np.float64]) -> float:
    return float((np.logaddexp(0.0, log_odds) - outcomes * log_odds).sum())
