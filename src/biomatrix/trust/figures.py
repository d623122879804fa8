"""Risk-coverage curves and reliability diagrams as SVG: axes, lines and bars, nothing else."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from biomatrix.trust.abstention import RiskCoverage
from biomatrix.trust.reliability import Reliability

_WIDTH, _HEIGHT = 360, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 30, 44
_TICKS: Final = 5
_LINE: Final = "#1e5aa8"
_OTHER: Final = "#999"
_MOST_POINTS: Final = 500


@dataclass(frozen=True)
class _Axes:
    """A frame whose points run from 0 to 1 across and from 0 to ``top`` upwards."""

    title: str
    across: str
    upwards: str
    top: float

    def x(self, value: float) -> float:
        return round(_LEFT + value * (_WIDTH - _LEFT - _RIGHT), 2)

    def y(self, value: float) -> float:
        return round(_HEIGHT - _BOTTOM - value / self.top * (_HEIGHT - _TOP - _BOTTOM), 2)

    def line(self, xs: Sequence[float], ys: Sequence[float], colour: str, dashes: str = "") -> str:
        points = " ".join(f"{self.x(x)},{self.y(y)}" for x, y in zip(xs, ys, strict=True))
        style = f'fill="none" stroke="{colour}" stroke-width="1.8" stroke-dasharray="{dashes}"'
        return f'<polyline points="{points}" {style}/>'

    def drawn(self, content: Sequence[str]) -> str:
        """Return the whole ``<svg>`` element."""
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        parts = [f'<text x="{middle}" y="18" text-anchor="middle" font-weight="bold">{html.escape(self.title)}</text>']
        for step in range(_TICKS + 1):
            share = step / _TICKS
            x, y = self.x(share), self.y(share * self.top)
            parts += [
                f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="#ddd" stroke-width="0.6"/>',
                f'<text x="{x}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{share:.1f}</text>',
                f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{share * self.top:.2g}</text>',
            ]
        middle_y = (_TOP + _HEIGHT - _BOTTOM) / 2
        parts += [
            *content,
            f'<path d="M{_LEFT} {_TOP}V{_HEIGHT - _BOTTOM}H{_WIDTH - _RIGHT}" fill="none" stroke="currentColor"/>',
            f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">{html.escape(self.across)}</text>',
            f'<text transform="rotate(-90 14 {middle_y})" x="14" y="{middle_y}" text-anchor="middle">'
            f"{html.escape(self.upwards)}</text>",
        ]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
            f'height="{_HEIGHT}" font-family="sans-serif" font-size="11" fill="currentColor">{"".join(parts)}</svg>'
        )


def risk_coverage_figure(curve: RiskCoverage, title: str = "Risk and coverage", risk: str = "mean loss") -> str:
    """Return an ``<svg>`` element of the curve, over the mean loss of all answers as a dashed line.

    Parameters
    ----------
    curve : RiskCoverage
    title : str
    risk : str
        What the losses are, with their unit, such as ``absolute error (log mol/L)``.
    """
    top = _round_top(float(curve.risks.max()))
    axes = _Axes(f"{title} (AURC {curve.area:.3g})", "share of answers given", risk, top)
    kept = np.unique(np.linspace(0, len(curve.risks) - 1, _MOST_POINTS).astype(int))
    level = axes.line([0, 1], [curve.full_risk] * 2, _OTHER, "4 3")
    return axes.drawn([level, axes.line(curve.coverages[kept].tolist(), curve.risks[kept].tolist(), _LINE)])


def reliability_figure(found: Reliability, title: str = "Reliability") -> str:
    """Return an ``<svg>`` element: what came true against what was stated, a dot a bin, larger for more records."""
    axes = _Axes(f"{title} (ECE {found.error:.3f})", "probability stated", "share that came true", 1.0)
    shares = found.counts / found.counts.max()
    dots = [
        f'<circle cx="{axes.x(stated)}" cy="{axes.y(observed)}" r="{2 + 4 * share**0.5:.1f}" fill="{_LINE}">'
        f"<title>{count} records</title></circle>"
        for stated, observed, share, count in zip(found.stated, found.observed, shares, found.counts, strict=True)
    ]
    line = axes.line(found.stated.tolist(), found.observed.tolist(), _LINE)
    return axes.drawn([axes.line([0, 1], [0, 1], _OTHER, "4 3"), line, *dots])


def _round_top(largest: float) -> float:
    """Return the end of an axis whose ticks are round numbers: five steps of 1, 2, 2.5 or 5 times a power of ten.

    Examples
    --------
    >>> [_round_top(largest) for largest in (0.0, 0.77, 1.54, 30.0)]
    [1.0, 1.0, 2.5, 50.0]
    """
    if not 0.0 < largest < math.inf:
        return 1.0
    power = 10.0 ** math.floor(math.log10(largest / _TICKS))
    return next(_TICKS * step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0) if _TICKS * step * power >= largest)
