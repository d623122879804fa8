"""A drawing of values with intervals, one below another, as SVG that needs nothing else."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Role = Literal["model", "floor", "published"]
_COLOURS: Final[dict[Role, str]] = {"model": "#1e5aa8", "floor": "#8a8f98", "published": "#b3541e"}
_WIDTH, _LABELS, _NUMBERS, _ROW, _TOP = 500, 190, 64, 22, 26


@dataclass(frozen=True)
class Dot:
    """A value with its name; ``low`` and ``high`` are NaN where it has no interval."""

    label: str
    value: float
    low: float = math.nan
    high: float = math.nan
    role: Role = "model"


def dot_plot(title: str, dots: Sequence[Dot]) -> str:
    """Return the drawing as an ``<svg>`` element; values that are undefined are named and not drawn."""
    numbers = [number for dot in dots for number in (dot.value, dot.low, dot.high) if math.isfinite(number)]
    low, high = _limits(numbers)
    height = _TOP + _ROW * len(dots) + 22

    def place(value: float) -> float:
        return _LABELS + (value - low) / (high - low) * (_WIDTH - _LABELS - _NUMBERS)

    parts = [_text(8, 16, title, "start", bold=True)]
    bottom = _TOP + _ROW * len(dots)
    for tick in _ticks(low, high):
        x = place(tick)
        parts.append(f'<line x1="{x:.1f}" y1="{_TOP - 4}" x2="{x:.1f}" y2="{bottom}" stroke="#dfe2e5"/>')
        parts.append(_text(x, bottom + 15, f"{tick:g}", "middle"))
    for number, dot in enumerate(dots):
        y = _TOP + _ROW * (number + 0.5)
        colour = _COLOURS[dot.role]
        parts.append(_text(_LABELS - 10, y + 4, _cut(dot.label), "end"))
        if math.isfinite(dot.low) and math.isfinite(dot.high):
            ends = f'x1="{place(dot.low):.1f}" x2="{place(dot.high):.1f}"'
            parts.append(f'<line {ends} y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>')
        if math.isfinite(dot.value):
            parts.append(_mark(place(dot.value), y, dot.role))
        shown = f"{dot.value:.4g}" if math.isfinite(dot.value) else "none"
        parts.append(_text(_WIDTH - _NUMBERS + 14, y + 4, shown, "start"))
    name = html.escape(title)
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    body = "".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{name}" {size}>{body}</svg>'


def _limits(numbers: Sequence[float]) -> tuple[float, float]:
    """Return the ends of the axis: 0 is one of them where all values lie on one side of it and not far."""
    if not numbers:
        return 0.0, 1.0
    low, high = min(numbers), max(numbers)
    if low >= 0 and low < 0.7 * high:
        low = 0.0
    if low == high:
        low, high = low - 0.5, high + 0.5
    margin = 0.04 * (high - low)
    return (low if low == 0 else low - margin), high + margin


def _ticks(low: float, high: float) -> list[float]:
    """Return some round numbers between two.

    Examples
    --------
    >>> _ticks(0.0, 1.0)
    [0.0, 0.5, 1.0]
    """
    step = 10 ** math.floor(math.log10(high - low))
    step *= next(factor for factor in (0.2, 0.5, 1.0, 2.0, 5.0) if (high - low) / (step * factor) <= 4)
    first = math.ceil(low / step)
    return [round(index * step, 10) for index in range(first, math.floor(high / step) + 1)]


def _mark(x: float, y: float, role: Role) -> str:
    colour = _COLOURS[role]
    if role == "model":
        return f'<circle cx="{x:.1f}" cy="{y}" r="5" fill="{colour}"/>'
    if role == "floor":
        return f'<rect x="{x - 4.5:.1f}" y="{y - 4.5}" width="9" height="9" fill="{colour}"/>'
    points = f"{x:.1f},{y - 6} {x + 6:.1f},{y} {x:.1f},{y + 6} {x - 6:.1f},{y}"
    return f'<polygon points="{points}" fill="#ffffff" stroke="{colour}" stroke-width="1.8"/>'


def _text(x: float, y: float, text: str, anchor: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    style = f'font-family="system-ui, sans-serif" font-size="12" fill="#1d2126" text-anchor="{anchor}"{weight}'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{html.escape(text)}</text>'


def _cut(label: str) -> str:
    return label if len(label) <= 30 else f"{label[:29]}…"
