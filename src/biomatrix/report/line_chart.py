"""Lines over a common axis as SVG that needs nothing else: curves of training, with their names at their ends."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

PALETTE: Final = ("#1e5aa8", "#b3541e", "#2c7a4b", "#8a3f8f", "#a67c00", "#3a8c96", "#b0305c", "#5b6770")
WIDTH: Final = 560
HEIGHT: Final = 290
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 172, 30, 44
_MOST_POINTS: Final = 400
_LINE_OF_TEXT: Final = 13.0
_FEWEST_SMOOTHED: Final = 40
_LETTERS: Final = 25
_START: Final = 0.1
"""The share of a curve that may run off the frame, where it would flatten all the rest."""


@dataclass(frozen=True)
class Line:
    """One curve.

    Parameters
    ----------
    name : str
        Stands at its end.
    x, y : ndarray, shape=(n,), dtype=float64
        Its points, x ascending; those that are not finite are left out.
    colour : str
        A CSS colour; one of the palette when empty.
    noisy : bool
        Whether to draw the points faintly and a moving mean of them over it.
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    colour: str = ""
    noisy: bool = False


@dataclass(frozen=True)
class _Frame:
    """Where values lie in the drawing."""

    left: float
    right: float
    low: float
    high: float

    def x(self, value: float) -> float:
        return _LEFT + (value - self.left) / (self.right - self.left) * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - (value - self.low) / (self.high - self.low) * (HEIGHT - _TOP - _BOTTOM)

    def path(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
        return " ".join(f"{self.x(a):.1f},{self.y(b):.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))


def line_chart(title: str, across: str, lines: Sequence[Line], *, from_zero: bool = False) -> str:
    """Return curves as an ``<svg>`` element; says so in the drawing where there is no point yet.

    Parameters
    ----------
    title : str
        What is drawn, with its unit.
    across : str
        What the horizontal axis counts.
    lines : sequence of Line
    from_zero : bool
        Whether the vertical axis begins at 0.
    """
    drawn = [(number, _finite(line)) for number, line in enumerate(lines)]
    drawn = [(number, line) for number, line in drawn if len(line.x)]
    parts = [_text(_LEFT, 17, title, "start", bold=True)]
    if not drawn:
        return _svg(title, [*parts, _text(WIDTH / 2, HEIGHT / 2, "nothing measured yet", "middle")])
    frame = _frame([line for _, line in drawn], from_zero)
    parts += _axes(frame, across)
    inside = f'<clipPath id="{(mark := _mark(title))}"><rect x="{_LEFT}" y="{_TOP}" '
    parts.append(f'{inside}width="{WIDTH - _LEFT - _RIGHT}" height="{HEIGHT - _TOP - _BOTTOM}"/></clipPath>')
    curves, ends = list[str](), list[tuple[float, str, str]]()
    for number, line in drawn:
        colour = line.colour or PALETTE[number % len(PALETTE)]
        curves += _curve(frame, line, colour)
        ends.append((frame.y(_smooth(line.y)[-1] if line.noisy else line.y[-1]), line.name, colour))
    parts.append(f'<g clip-path="url(#{mark})">{"".join(curves)}</g>')
    parts += _labels(ends)
    return _svg(title, parts)


def stacked(charts: Sequence[str], columns: int = 2) -> str:
    """Return several charts as one drawing, row by row."""
    rows = -(-len(charts) // columns)
    placed = [
        f'<g transform="translate({number % columns * WIDTH} {number // columns * HEIGHT})">{chart}</g>'
        for number, chart in enumerate(charts)
    ]
    size = f'viewBox="0 0 {columns * WIDTH} {rows * HEIGHT}" width="{columns * WIDTH}" height="{rows * HEIGHT}"'
    paper = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{paper}{"".join(placed)}</svg>\n'


def _finite(line: Line) -> Line:
    kept = np.isfinite(line.x) & np.isfinite(line.y)
    return Line(line.name, line.x[kept], line.y[kept], line.colour, line.noisy)


def _frame(lines: Sequence[Line], from_zero: bool) -> _Frame:
    left, right = min(float(line.x[0]) for line in lines), max(float(line.x[-1]) for line in lines)
    if left == right:
        left, right = left - 0.5, right + 0.5
    begun = left + _START * (right - left)
    late = np.concatenate([line.y[line.x >= begun] for line in lines])
    every = np.concatenate([line.y for line in lines])
    low, high = float(every.min()), float(every.max())
    if len(late) and high - low > 2 * (span := float(late.max() - late.min())) > 0:  # the first steps are far above
        low, high = float(late.min()), float(late.max()) + 0.25 * span
    low = min(low, 0.0) if from_zero else low
    if low == high:
        low, high = low - max(abs(low), 1.0) / 2, high + max(abs(high), 1.0) / 2
    margin = 0.05 * (high - low)
    return _Frame(left, right, low if from_zero and low == 0 else low - margin, high + margin)


def _curve(frame: _Frame, line: Line, colour: str) -> list[str]:
    x, y = _thinned(line.x, line.y)

    def drawn(values: NDArray[np.float64], width: float, opacity: float) -> str:
        style = f'fill="none" stroke="{colour}" stroke-width="{width}" stroke-opacity="{opacity}"'
        return f'<polyline points="{frame.path(x, values)}" stroke-linejoin="round" {style}/>'

    if len(x) == 1:
        return [f'<circle cx="{frame.x(x[0]):.1f}" cy="{frame.y(y[0]):.1f}" r="3" fill="{colour}"/>']
    if line.noisy and len(line.y) >= _FEWEST_SMOOTHED:
        faint = drawn(y, 1.0, 0.28)
        x, y = _thinned(line.x, _smooth(line.y))
        return [faint, drawn(y, 2.0, 1.0)]
    return [drawn(y, 2.0, 1.0)]


def _smooth(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of the points around each, fewer at the ends; as it is where there are few."""
    if len(y) < _FEWEST_SMOOTHED:
        return y
    half = max(len(y) // 60, 2)
    sums = np.concatenate([[0.0], np.cumsum(y)])
    at = np.arange(len(y))
    first, stop = np.maximum(at - half, 0), np.minimum(at + half + 1, len(y))
    means: NDArray[np.float64] = (sums[stop] - sums[first]) / (stop - first)
    return means


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return at most some hundred points: the least and the greatest of each stretch, so that no spike is lost."""
    if len(x) <= _MOST_POINTS:
        return x, y
    stretches = np.array_split(np.arange(len(x)), _MOST_POINTS // 2)
    kept = np.unique([place for s in stretches for place in (s[y[s].argmin()], s[y[s].argmax()])] + [len(x) - 1])
    return x[kept], y[kept]


def _axes(frame: _Frame, across: str) -> list[str]:
    parts = []
    for tick in round_ticks(frame.low, frame.high):
        y = frame.y(tick)
        parts.append(f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#dfe2e5"/>')
        parts.append(_text(_LEFT - 7, y + 4, _short(tick), "end"))
    for tick in round_ticks(frame.left, frame.right):
        parts.append(_text(frame.x(tick), HEIGHT - _BOTTOM + 17, _short(tick), "middle"))
    bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    parts.append(f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="#8a8f98"/>')
    return [*parts, _text((_LEFT + right) / 2, HEIGHT - 8, across, "middle")]


def _labels(ends: Sequence[tuple[float, str, str]]) -> list[str]:
    """Return the names of curves beside their ends, moved apart where they would cover one another."""
    order = sorted(ends)
    lowest = HEIGHT - _BOTTOM
    places = [min(max(y, _TOP + 4), lowest) for y, _, _ in order]
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + _LINE_OF_TEXT)
    if places and (over := places[-1] - lowest) > 0:
        places[-1] -= over
        for index in range(len(places) - 2, -1, -1):
            places[index] = min(places[index], places[index + 1] - _LINE_OF_TEXT)
    found = []
    for place, (_, name, colour) in zip(places, order, strict=True):
        shown = name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…"
        label = _text(WIDTH - _RIGHT + 8, place + 4, shown, "start", colour=colour)
        found.append(f"<g><title>{html.escape(name)}</title>{label}</g>")
    return found


def round_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return some round numbers between two.

    Examples
    --------
    >>> round_ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    >>> round_ticks(120, 4700)
    [1000.0, 2000.0, 3000.0, 4000.0]
    """
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(power * factor for factor in (1, 2, 5, 10, 20) if (high - low) / (power * factor) < most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(0, -math.floor(math.log10(step)))
    return [round(index * step, digits) for index in range(first, last + 1)]


def _short(value: float) -> str:
    """Return a number as an axis shows it.

    Examples
    --------
    >>> [_short(value) for value in (0.0, 2e-4, 1.5, 12000.0, 2.5e6)]
    ['0', '0.0002', '1.5', '12k', '2.5M']
    """
    for unit, size in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}" if value == 0 or abs(value) >= 1e-3 else f"{value:.2g}".replace("e-0", "e-")


def _mark(title: str) -> str:
    return "clip-" + "".join(letter if letter.isalnum() else "-" for letter in title)


def _text(x: float, y: float, text: str, anchor: str, *, bold: bool = False, colour: str = "#1d2126") -> str:
    weight = ' font-weight="600"' if bold else ""
    style = f'font-family="system-ui, sans-serif" font-size="12" fill="{colour}" text-anchor="{anchor}"{weight}'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{html.escape(text)}</text>'


def _svg(title: str, parts: Sequence[str]) -> str:
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    body = "".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{html.escape(title)}" {size}>{body}</svg>'
