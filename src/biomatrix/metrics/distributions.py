"""How far two samples of a number are apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROWS = 512


def squared_mmd(first: NDArray[np.float64], second: NDArray[np.float64], sigma: float) -> float:
    """Return the squared maximum mean discrepancy of two samples under a Gaussian kernel.

    The biased estimate: it is never negative, and 0 for a sample and itself. Two samples of n values from one
    distribution come to about ``2 / n`` times (1 - the mean of the kernel).

    Parameters
    ----------
    first, second : ndarray, shape=(N,) and (M,), dtype=float64
    sigma : float
        Width of the kernel ``exp(-(x - y)^2 / (2 sigma^2))``, in the unit of the values.

    Returns
    -------
    float
        From 0 to 2; NaN where a sample is empty.
    """
    if not len(first) or not len(second):
        return float("nan")
    same = _mean_kernel(first, first, sigma) + _mean_kernel(second, second, sigma)
    return max(same - 2.0 * _mean_kernel(first, second, sigma), 0.0)


def thinned(values: NDArray[np.float64], limit: int, seed: int) -> NDArray[np.float64]:
    """Return at most ``limit`` of the values, drawn without replacement."""
    if len(values) <= limit:
        return values
    return np.asarray(values[np.random.default_rng(seed).choice(len(values), size=limit, replace=False)])


def _mean_kernel(first: NDArray[np.float64], second: NDArray[np.float64], sigma: float) -> float:
    total = 0.0
    for start in range(0, len(first), _ROWS):
        gap = (first[start : start + _ROWS, None] - second) / sigma
        total += float(np.exp(-0.5 * gap * gap).sum())
    return total / (len(first) * len(second))
