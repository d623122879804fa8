"""The linear scorer of links: logistic regression over a few named features, kept as JSON.

Legend: P pairs, F features.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.links.features import Columns, stacked

WEIGHTS: Final = Path(__file__).with_name("weights")
FORMAT: Final = 1
_STEPS: Final = 100
_CLOSE: Final = 1e-10


@dataclass(frozen=True, eq=False)
class LinearScorer:
    """A score that is a weighted sum of standardised features, in log-odds.

    Parameters
    ----------
    name : str
    features : tuple of str, length F
        As :mod:`biomatrix.links.features` names them.
    means, scales, weights : ndarray, shape=(F,), dtype=float64
        The score adds ``weights * (features - means) / scales``.
    intercept : float
        So that the log-odds are those at the share of true pairs among the pairs it was fitted on.
    signal_quantiles : ndarray, shape=(Q,), dtype=float64
        Reads per million at equal steps of the percentile of a region among those of its sample: what turns signals of
        another unit into those that it was fitted on.
    about : mapping
        Its data, their hash and licence, settings and figures. JSON values.
    """

    name: str
    features: tuple[str, ...]
    means: NDArray[np.float64]
    scales: NDArray[np.float64]
    weights: NDArray[np.float64]
    intercept: float
    signal_quantiles: NDArray[np.float64]
    about: Mapping[str, Any] = field(default_factory=dict)

    def score(self, columns: Columns) -> NDArray[np.float64]:
        """Return the log-odds that each pair is a link, ``float64 [P]``.

        Raises
        ------
        ConfigurationError
            A feature is missing.
        """
        standard = (stacked(columns, self.features) - self.means) / self.scales
        return np.asarray(standard @ self.weights + self.intercept, dtype=np.float64)

    def reads_per_million(self, percentile: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the accessibility that regions of these percentiles had where it was fitted, ``float64``."""
        steps = np.linspace(0.0, 1.0, len(self.signal_quantiles))
        return np.interp(percentile, steps, self.signal_quantiles)

    def save(self, path: str | Path) -> None:
        """Write it as JSON."""
        told = {
            "format": FORMAT,
            "name": self.name,
            "features": list(self.features),
            "means": self.means.tolist(),
            "scales": self.scales.tolist(),
            "weights": self.weights.tolist(),
            "intercept": self.intercept,
            "signal_quantiles": self.signal_quantiles.tolist(),
            "about": dict(self.about),
        }
        write_whole(path, json.dumps(told, indent=1).encode() + b"\n")

    @classmethod
    def from_pretrained(cls, name: str | Path) -> LinearScorer:
        """Return a scorer by the name of one that ships, or from a JSON file.

        Raises
        ------
        ConfigurationError
            There is none of that name.
        WeightsError
            The file is no scorer.
        """
        path = Path(name) if str(name).endswith(".json") else WEIGHTS / f"{name}.json"
        if not path.is_file():
            known = sorted(one.stem for one in WEIGHTS.iterdir() if one.suffix in (".json", ".safetensors"))
            raise ConfigurationError(f"no scorer of links {str(name)!r}; {choices(str(name), known)}")
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            return _read(told, str(path))
        except (ValueError, KeyError, TypeError) as error:
            raise WeightsError(f"no scorer of links: {type(error).__name__} {error}", file=str(path)) from error


def _read(told: Any, file: str) -> LinearScorer:
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise WeightsError(f"no scorer of links of format {FORMAT}", file=file)
    names = ("means", "scales", "weights", "signal_quantiles")
    means, scales, weights, quantiles = (np.array(told[name], dtype=np.float64) for name in names)
    features, intercept = tuple(map(str, told["features"])), float(told["intercept"])
    if not (means.shape == scales.shape == weights.shape == (len(features),)) or quantiles.ndim != 1:
        raise WeightsError(f"numbers of {len(features)} features are expected", file=file)
    held = np.concatenate([means, scales, weights, quantiles, [intercept]])
    if not np.isfinite(held).all() or (scales <= 0).any() or len(quantiles) < 2 or (np.diff(quantiles) < 0).any():
        raise WeightsError("a number is not finite, a scale not above 0, or the quantiles fall", file=file)
    return LinearScorer(str(told["name"]), features, means, scales, weights, intercept, quantiles, told["about"])


def fitted_scorer(
    name: str,
    columns: Columns,
    truth: NDArray[np.bool_],
    features: tuple[str, ...],
    signal_quantiles: NDArray[np.float64],
    *,
    penalty: float = 1.0,
    about: Mapping[str, Any] | None = None,
) -> LinearScorer:
    """Return the scorer that fits pairs best, with true and false pairs of equal weight in sum.

    The same as scikit-learn's ``LogisticRegression(C=1 / penalty, class_weight="balanced")`` on standardised features;
    the intercept is then moved back to the share of true pairs.

    Parameters
    ----------
    columns : mapping
    truth : ndarray, shape=(P,), dtype=bool
    features : tuple of str
    signal_quantiles : ndarray
    penalty : float
        Of half the squared weights.
    about : mapping, optional

    Raises
    ------
    ConfigurationError
        All pairs are true or none is.
    """
    values = stacked(columns, features)
    true_pairs = int(truth.sum())
    if not 0 < true_pairs < len(truth):
        raise ConfigurationError("a scorer is fitted on true and on false pairs; these are all of one sort")
    means, scales = values.mean(axis=0), values.std(axis=0)
    scales[scales == 0] = 1.0
    share = true_pairs / len(truth)
    row_weights = np.where(truth, 0.5 / share, 0.5 / (1.0 - share))
    solved = _logistic((values - means) / scales, truth.astype(np.float64), row_weights, penalty)
    intercept = float(solved[-1]) + math.log(share / (1.0 - share))
    return LinearScorer(name, features, means, scales, solved[:-1], intercept, signal_quantiles, about or {})


def _logistic(
    values: NDArray[np.float64], truth: NDArray[np.float64], row_weights: NDArray[np.float64], penalty: float
) -> NDArray[np.float64]:
    """Return weights and intercept, ``float64 [F + 1]``, by Newton's steps; the intercept bears no penalty."""
    design = np.column_stack([values, np.ones(len(values))])
    ridge = np.full(design.shape[1], penalty)
    ridge[-1] = 0.0
    solved = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        expected = 0.5 * (1.0 + np.tanh(0.5 * (design @ solved)))
        gradient = design.T @ (row_weights * (expected - truth)) + ridge * solved
        curvature = (design * (row_weights * expected * (1.0 - expected))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(curvature, gradient)
        solved -= step
        if np.abs(step).max() < _CLOSE:
            break
    return solved
