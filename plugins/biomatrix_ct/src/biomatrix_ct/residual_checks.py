"""Checks of what a restoration took away: a residual that looks like the image is lost anatomy.

Everything is measured in standard deviations of the noise, so that bone, which is noisier, weighs no more than lung.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities import Check
from biomatrix_ct.noise import NoiseLevel

MOST_LIKENESS: Final = 0.2
"""Correlation of the residual with the details of the restored image. On real slices the networks have -0.01 to 0.14,
total variation 0.23 to 0.28 and Gaussian filters 0.89."""
MOST_AT_EDGES: Final = 1.5
"""How many times its size elsewhere the residual has on the steepest twentieth of the pixels."""
MOST_SHIFT: Final = 0.15
"""Standard deviations by which the mean of the image may move. Where few photons were counted their logarithm is too
large by half a tenth, and taking that away is right. Values near the lowest are left out: noise was cut off there."""
_STEEPEST: Final = 0.95
_CUT_OFF: Final = 4.0
_SPARE: Final = 1e-12


def check_residual(restored: NDArray[np.float32], residual: NDArray[np.float32], level: NoiseLevel) -> list[Check]:
    """Return what the residual says; checks cannot run (``passed`` None) where nothing was taken away.

    Parameters
    ----------
    restored : ndarray, float32 [h, w] or [d, h, w]
        In HU.
    residual : ndarray, same shape
        Input minus restored, in HU.
    level : NoiseLevel
        The noise of the input.
    """
    names = ("residual like the image", "residual at edges", "shift of the mean")
    if not level.in_water or not residual.any():
        return [Check(name, None, detail="nothing was taken away") for name in names]
    stack = restored.reshape(-1, *restored.shape[-2:])
    taken = residual.reshape(stack.shape) / level.at(stack)
    likeness = _correlation(taken, _details(stack) / level.at(stack))
    ratio = _at_edges(stack, taken, level)
    given = stack + residual.reshape(stack.shape)
    whole = stack > given.min() + _CUT_OFF * level.at(given.min())
    shift = float(np.mean(taken[whole])) if whole.any() else 0.0
    return [
        Check(names[0], abs(likeness) <= MOST_LIKENESS, likeness, "correlation", _said(likeness), MOST_LIKENESS),
        Check(names[1], ratio <= MOST_AT_EDGES, ratio, "times elsewhere", "", MOST_AT_EDGES),
        Check(names[2], abs(shift) <= MOST_SHIFT, shift, "standard deviations of the noise", "", MOST_SHIFT),
    ]


def _said(likeness: float) -> str:
    if abs(likeness) <= MOST_LIKENESS:
        return ""
    return "details were taken away with the noise" if likeness > 0 else "details were sharpened"


def _details(stack: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far each pixel is from the mean of the four beside it, in HU; 0 at the rim."""
    details = np.zeros_like(stack)
    beside = stack[:, :-2, 1:-1] + stack[:, 2:, 1:-1] + stack[:, 1:-1, :-2] + stack[:, 1:-1, 2:]
    details[:, 1:-1, 1:-1] = stack[:, 1:-1, 1:-1] - beside / 4
    return details


def _at_edges(stack: NDArray[np.float32], taken: NDArray[np.float32], level: NoiseLevel) -> float:
    """Return the size of the residual on the steepest pixels over its size elsewhere."""
    down, right = np.gradient(stack, axis=1), np.gradient(stack, axis=2)
    steepness = np.hypot(down, right) / level.at(stack)
    steep = steepness > np.quantile(steepness, _STEEPEST)
    if not steep.any():
        return 1.0
    elsewhere = float(np.sqrt(np.mean(taken[~steep] ** 2)))
    return float(np.sqrt(np.mean(taken[steep] ** 2))) / max(elsewhere, _SPARE)


def _correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Return the correlation of two arrays, of which the largest values count as those of the hundredth largest."""
    a, b = (np.clip(one, *np.quantile(one, [0.005, 0.995])).astype(np.float64) for one in (first, second))
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt(np.mean(a * a) * np.mean(b * b)))
    return float(np.mean(a * b)) / size if size > _SPARE else 0.0
