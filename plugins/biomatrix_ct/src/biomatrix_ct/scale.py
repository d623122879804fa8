"""From the numbers of a file to Hounsfield units, and what a caller may tell of a file that does not say it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.limits import Limits
from biomatrix.entities.options import option
from biomatrix.errors import ConfigurationError, ParseError

_LARGEST_SLOPE = 1000.0


@dataclass(frozen=True)
class CtReadingOptions:
    """What a reader of CT can be told: the scale of a file that states none."""

    slope: float | None = option(None, "HU per stored number, where the file does not say it.")
    intercept: float | None = option(None, "HU that a stored 0 stands for, where the file does not say it.")
    pixel: float | None = option(None, "millimetres between pixels, where the file does not say it.", least=1e-3)


def check_size(shape: tuple[int, ...], limits: Limits) -> None:
    """Raise where an image, as float32, would be past the limit of bytes; asked before its pixels are unpacked."""
    if not shape or min(shape) < 1:
        raise ParseError(f"an image of the shape {shape} holds nothing")
    limits.check("structure_bytes", 4 * int(np.prod([int(one) for one in shape], dtype=object)), "size of the image")


def to_hounsfield(stored: NDArray[np.generic], slope: float, intercept: float) -> NDArray[np.float32]:
    """Return ``stored * slope + intercept``, computed in float64 and exact where float32 holds the result.

    Raises
    ------
    ParseError
        The slope or the intercept is none that turns numbers into Hounsfield units.
    """
    if not (np.isfinite(slope) and 0 < slope <= _LARGEST_SLOPE and np.isfinite(intercept)):
        raise ParseError(f"slope {slope:g} and intercept {intercept:g} give no Hounsfield units")
    return (stored.astype(np.float64) * slope + intercept).astype(np.float32)


def told_scale(slope: float | None, intercept: float | None) -> tuple[float, float] | None:
    """Return what a caller told of the scale, None where nothing; raise where only half of it."""
    if slope is None and intercept is None:
        return None
    if intercept is None:
        raise ConfigurationError("a slope alone gives no Hounsfield units; give the intercept too, such as -1000")
    return (1.0 if slope is None else slope), intercept
