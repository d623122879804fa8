"""Noise of CT images: the model it is added by, and how much of it an image shows.

Photons are counted: of ``photons`` that set out, ``photons * exp(-5 x)`` are left behind a path of attenuation ``x``
(0 for air, 1 for the upper end of the window), their number is Poisson distributed, and the image is its logarithm.
So the noise of a value is about ``exp(2.5 x) / (5 sqrt(photons))``: twelve times as much in bone as in air.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

ATTENUATION: Final = 5.0
"""The exponent at the upper end of the window."""

_BINS: Final = 24
_LEAST_IN_BIN: Final = 300
_LOWER_SHARE: Final = 0.2
"""The share of bins that lie below the line of the noise: texture and edges only ever add to what a bin shows."""
_GROWTHS: Final = np.arange(0.0, 3.01, 0.1)
_NORMAL: Final = 0.6745
"""The median of the absolute value of a standard normal variable."""
_DARKEST: Final = -1.0
_BRIGHTEST: Final = 1.5
"""The range of thousands of HU in which the noise grows; beyond it stays as at the end."""


def add_photon_noise(unit: NDArray[np.floating], photons: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return an image as so few photons would show it, within [0, 1].

    Parameters
    ----------
    unit : ndarray, any shape
        Values from 0 to 1, the window of the image.
    photons : float
        Photons per pixel before the body, such as 1e3 (very noisy) to 1e5 (routine).
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, float32, same shape
    """
    expected = photons * np.exp(-ATTENUATION * np.asarray(unit, dtype=np.float64))
    counted = np.maximum(rng.poisson(expected), 1)
    return np.clip(-np.log(counted / photons) / ATTENUATION, 0.0, 1.0).astype(np.float32)


@dataclass(frozen=True)
class NoiseLevel:
    """White noise as an image shows it: ``exp(log_at_zero + growth * hu / 1000)`` HU at a value of ``hu``.

    Parameters
    ----------
    log_at_zero : float
        The logarithm of its standard deviation, in HU, in water (0 HU); minus infinity where there is none.
    growth : float
        By how much the logarithm grows per 1000 HU.
    """

    log_at_zero: float
    growth: float

    @property
    def in_water(self) -> float:
        """The standard deviation in water, in HU."""
        return float(np.exp(self.log_at_zero))

    def at(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the standard deviation, in HU, at values in HU; same shape."""
        thousands = np.clip(values / 1000.0, _DARKEST, _BRIGHTEST)
        return np.asarray(np.exp(self.log_at_zero + self.growth * thousands), dtype=np.float32)


def photon_noise_level(photons: float, lowest: float, highest: float) -> NoiseLevel:
    """Return the level of noise that :func:`add_photon_noise` adds to a window from ``lowest`` to ``highest`` HU."""
    width = highest - lowest
    growth = ATTENUATION / 2 * 1000.0 / width
    at_lowest = np.log(width / (ATTENUATION * np.sqrt(photons)))
    return NoiseLevel(float(at_lowest - growth * lowest / 1000.0), growth)


def estimate_noise(values: NDArray[np.floating]) -> NoiseLevel:
    """Return how much white noise an image shows, and how it grows with the value.

    Differences along both diagonals of 2 x 2 pixels hold little of a smooth image. Their robust spread is taken for
    each range of values, and a line is laid through the logarithms from below, since texture and edges only add.
    Noise that is smooth, as soft reconstruction kernels leave it, is seen in part only.

    Parameters
    ----------
    values : ndarray, [h, w] or [d, h, w]
        In HU.

    Returns
    -------
    NoiseLevel
        With ``in_water`` 0 where no noise is seen, or the image is smaller than some 20 x 20 pixels.
    """
    stack = np.asarray(values, dtype=np.float32).reshape(-1, *values.shape[-2:])
    a, b, c, d = stack[:, :-1, :-1], stack[:, 1:, :-1], stack[:, :-1, 1:], stack[:, 1:, 1:]
    detail, mean = (a - b - c + d).ravel() / 2, (a + b + c + d).ravel() / 4
    flat = (np.minimum(np.minimum(a, b), np.minimum(c, d)) == stack.min()).ravel()  # cut off there, or padded
    detail, mean = detail[~flat], mean[~flat]
    inside = (mean >= 1000 * _DARKEST) & (mean <= 1000 * _BRIGHTEST)
    places, logs, counts = _spread_by_value(np.abs(detail[inside]), mean[inside])
    if not len(places):
        return NoiseLevel(-np.inf, 0.0)
    return _line_from_below(places, logs, counts)


def _spread_by_value(
    size: NDArray[np.floating], mean: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return, for each range of values with enough pixels, its middle in 1000 HU, log spread in HU, and pixels."""
    edges = np.linspace(1000 * _DARKEST, 1000 * _BRIGHTEST, _BINS + 1)
    order = np.argsort(mean, kind="stable")
    limits = np.searchsorted(mean[order], edges)
    rows = []
    for first, last in pairwise(limits):
        if last - first >= _LEAST_IN_BIN:
            members = order[first:last]
            spread = float(np.median(size[members])) / _NORMAL
            if spread > 0:
                rows.append((float(np.mean(mean[members])) / 1000.0, np.log(spread), float(last - first)))
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def _line_from_below(places: NDArray[np.float64], logs: NDArray[np.float64], counts: NDArray[np.float64]) -> NoiseLevel:
    """Return the line under which a given share of the bins lies: quantile regression over a grid of slopes."""
    weights = np.sqrt(counts)
    best = (np.inf, 0.0, 0.0)
    for growth in _GROWTHS:
        rest = logs - growth * places
        order = np.argsort(rest)
        heap = np.cumsum(weights[order]) / weights.sum()
        start = float(rest[order][np.searchsorted(heap, _LOWER_SHARE)])
        miss = rest - start
        cost = float(np.sum(weights * np.where(miss > 0, _LOWER_SHARE * miss, (_LOWER_SHARE - 1) * miss)))
        best = min(best, (cost, start, float(growth)))
    return NoiseLevel(best[1], best[2])
