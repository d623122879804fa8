"""The maximum mean discrepancy of two samples of numbers, with five Gaussian kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

KERNELS: Final = 5
MOST_VALUES: Final = 20_000
"""Of a larger sample this many are drawn."""
_ROWS: Final = 1024


def discrepancy(first: ArrayLike, second: ArrayLike, seed: int = 0) -> float:
    """Return the squared discrepancy, the biased estimate that counts each value's likeness to itself.

    Kernels are ``exp(-d**2 / h_i)`` with ``h_i = h * 2**i / 4`` for i = 0..4, where h is the sum of squared distances
    between all ordered pairs of the pooled sample by their number. Single precision, as officially.

    Parameters
    ----------
    first, second : array, shape=(n,) and (m,)
        NaN is left out.
    seed : int
        Draws `MOST_VALUES` of a larger sample.

    Returns
    -------
    float
        NaN where a sample is empty; 0 where all values are one.
    """
    a, b = (_sample(side, seed) for side in (first, second))
    if not len(a) or not len(b):
        return float("nan")
    pooled = np.concatenate([a, b]).astype(np.float64)
    n = len(pooled)
    bandwidth = 2.0 * n * ((pooled - pooled.mean()) ** 2).sum() / (n * n - n)
    if bandwidth == 0:
        return 0.0
    widest = np.float32(bandwidth / 2 ** (KERNELS // 2) * 2 ** (KERNELS - 1))
    return _likeness(a, a, widest) + _likeness(b, b, widest) - 2.0 * _likeness(a, b, widest)


def _sample(values: ArrayLike, seed: int) -> NDArray[np.float32]:
    array = np.asarray(values, dtype=np.float32).ravel()
    array = array[~np.isnan(array)]
    if len(array) > MOST_VALUES:
        array = np.random.default_rng(seed).choice(array, MOST_VALUES, replace=False)
    return array


def _likeness(first: NDArray[np.float32], second: NDArray[np.float32], widest: np.float32) -> float:
    """Return the mean over all pairs of the sum of the kernels; each narrower kernel is the square of a wider one."""
    total = 0.0
    for start in range(0, len(first), _ROWS):
        rows = first[start : start + _ROWS]
        # A sample beside itself is symmetric: what lies right of the diagonal block counts twice.
        kernel = rows[:, None] - (second[start:] if first is second else second)
        np.multiply(kernel, kernel, out=kernel)
        np.divide(kernel, -widest, out=kernel)
        np.exp(kernel, out=kernel)
        for each in range(KERNELS):
            if each:
                np.multiply(kernel, kernel, out=kernel)
            total += float(kernel.sum(dtype=np.float64))
            if first is second:
                total += float(kernel[:, len(rows) :].sum(dtype=np.float64))
    return total / (len(first) * len(second))
