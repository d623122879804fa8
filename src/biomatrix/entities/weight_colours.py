"""Colours of numbers about residues and atoms, the same in every picture: red above 0, blue below, white at 0."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Final

import numpy as np

from biomatrix.errors import ConfigurationError

Colour = tuple[float, float, float]
"""Red, green and blue from 0 to 1."""

_POSITIVE: Final[Colour] = (0.84, 0.19, 0.15)
_NEGATIVE: Final[Colour] = (0.27, 0.46, 0.71)
_LEGEND: Final = 120
LEGEND_HEIGHT: Final = 28
"""CSS pixels."""


def colours_of(weights: Sequence[float], count: int) -> list[Colour | None]:
    """Return a colour for each weight, in proportion to the largest of either sign; None of NaN.

    Parameters
    ----------
    weights : sequence of float, length N
    count : int
        How many residues or atoms there are.

    Raises
    ------
    ConfigurationError
        There is another number of weights.
    """
    array = np.asarray(weights, dtype=np.float64)
    if array.shape != (count,):
        raise ConfigurationError(f"{array.size} weights for {count} residues or atoms; give one for each")
    limit = largest(array.tolist()) or 1.0
    return [None if np.isnan(weight) else colour_of(float(weight) / limit) for weight in array]


def colour_of(share: float) -> Colour:
    """Return the colour of a weight that is this share, from -1 to 1, of the largest.

    Examples
    --------
    >>> colour_of(0.0)
    (1.0, 1.0, 1.0)
    """
    end = _POSITIVE if share > 0 else _NEGATIVE
    depth = min(abs(share), 1.0)
    red, green, blue = (1.0 + depth * (part - 1.0) for part in end)
    return red, green, blue


def largest(weights: Sequence[float]) -> float:
    """Return the largest absolute weight; 0 where all are NaN."""
    return max((abs(weight) for weight in weights if weight == weight), default=0.0)


def css(colour: Colour) -> str:
    """Return a colour as CSS writes it."""
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)


def legend(weights: Sequence[float], x: float, y: float, label: str = "") -> str:
    """Return SVG elements of a bar from the most negative colour to the most positive, with its ends named.

    Parameters
    ----------
    weights : sequence of float
    x, y : float
        Where it begins, in CSS pixels.
    label : str
        What the weights are, with their unit; it stands beside the bar.
    """
    limit, name = largest(weights), f"weights{round(x)}-{round(y)}"
    stops = "".join(f'<stop offset="{(share + 1) / 2}" stop-color="{css(colour_of(share))}"/>' for share in (-1, 0, 1))
    text = 'font-family="sans-serif" font-size="11" fill="currentColor"'
    return (
        f'<defs><linearGradient id="{name}">{stops}</linearGradient></defs>'
        f'<rect x="{x}" y="{y}" width="{_LEGEND}" height="10" fill="url(#{name})" stroke="#888" stroke-width="0.5"/>'
        f'<text x="{x}" y="{y + 22}" {text}>{-limit:.2g}</text>'
        f'<text x="{x + _LEGEND / 2}" y="{y + 22}" text-anchor="middle" {text}>0</text>'
        f'<text x="{x + _LEGEND}" y="{y + 22}" text-anchor="end" {text}>{limit:.2g}</text>'
        f'<text x="{x + _LEGEND + 10}" y="{y + 9}" {text}>{html.escape(label)}</text>'
    )
