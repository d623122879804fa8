"""How often values are how large, as SVG that needs nothing else."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.report.line_chart import round_ticks

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WIDTH, _HEIGHT, _SIDE, _TOP, _BOTTOM = 340, 210, 44, 14, 46
_BARS: Final = 30


def histogram(title: str, across: str, values: NDArray[np.float64]) -> str:
    """Return the counts of values in 30 equal ranges as a ``<figure>``, with the median and the ends in words.

    Parameters
    ----------
    title : str
    across : str
        What the values are, with their unit.
    values : ndarray, shape=(n,), dtype=float64
        Finite, at least one.
    """
    low, high = float(values.min()), float(values.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(values, _BARS, (low, high))
    inner, bottom = _WIDTH - 2 * _SIDE, _HEIGHT - _BOTTOM

    def place(value: float) -> float:
        return _SIDE + (value - low) / (high - low) * inner

    parts = [f'<path d="M{_SIDE} {_TOP}V{bottom}H{_WIDTH - _SIDE}" fill="none" stroke="#8a8f98"/>']
    for count, edge in zip(counts.tolist(), edges.tolist(), strict=False):
        tall = count / counts.max() * (bottom - _TOP)
        size = f'width="{max(inner / _BARS - 1, 1):.1f}" height="{tall:.1f}"'
        parts.append(f'<rect x="{place(edge):.1f}" y="{bottom - tall:.1f}" {size} fill="#1e5aa8"/>')
    median = float(np.median(values))
    line = f'x1="{place(median):.1f}" x2="{place(median):.1f}" y1="{_TOP}" y2="{bottom}"'
    parts.append(f'<line {line} stroke="#b3541e" stroke-width="2" stroke-dasharray="4 3"/>')
    parts += [_text(place(tick), bottom + 16, f"{tick:,g}") for tick in round_ticks(low, high, 4)]
    parts += [_text(_SIDE - 6, _TOP + 10, f"{counts.max():,}", "end"), _text(_WIDTH / 2, _HEIGHT - 8, across)]
    words = f"{title}: median {_number(median)}, from {_number(values.min())} to {_number(values.max())}"
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{html.escape(title)}" {size}>'
    return f"<figure>{svg}{''.join(parts)}</svg><figcaption>{html.escape(words)}</figcaption></figure>"


def _number(value: float) -> str:
    """Return a number in four digits, those of thousands in full."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    style = f'font-family="system-ui, sans-serif" font-size="11" fill="#1d2126" text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{html.escape(text)}</text>'
