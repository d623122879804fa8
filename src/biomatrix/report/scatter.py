"""Points coloured by group as SVG that needs nothing else, with a key of the colours below."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

GROUP_COLOURS: Final = (
    "#1e5aa8", "#b3541e", "#2c7a4b", "#8a3f8f", "#a67c00", "#17869a", "#b0305c", "#6d4c2f", "#5b8c2a", "#4b4fc4",
    "#d0783a", "#2b9c86", "#c05fa8", "#7f7a1f", "#3d6f8f", "#93353a",
)  # fmt: skip
NO_GROUP: Final = "#9aa0a6"
"""Of points without a group, and of groups past the last colour."""
_WIDTH, _HEIGHT, _EDGE = 480, 400, 34
_MOST_POINTS: Final = 5000


def group_colours(groups: Sequence[str], without: str = "") -> dict[str, str]:
    """Return a colour for each group, the most frequent first; grey for ``without`` and where the colours end.

    Examples
    --------
    >>> group_colours(["a", "b", "b", "unknown"], "unknown")
    {'b': '#1e5aa8', 'a': '#b3541e', 'unknown': '#9aa0a6'}
    """
    counted = Counter(groups)
    silent = counted.pop(without, 0)
    names = sorted(counted, key=lambda name: (-counted[name], name))
    found = {name: GROUP_COLOURS[at] if at < len(GROUP_COLOURS) else NO_GROUP for at, name in enumerate(names)}
    return found | ({without: NO_GROUP} if silent else {})


def scatter(
    title: str,
    points: NDArray[np.float64],
    groups: NDArray[np.str_],
    colours: Mapping[str, str],
    axes: tuple[str, str],
) -> str:
    """Return points as a ``<figure>``, at most 5,000 of them, spread over all.

    Parameters
    ----------
    title : str
    points : ndarray, shape=(n, 2), dtype=float64
        Finite.
    groups : ndarray, shape=(n,), dtype=str
    colours : mapping of str to str
        CSS colour of each group, in the order of the key.
    axes : tuple of str
        Names of both axes.
    """
    kept = np.unique(np.linspace(0, len(points) - 1, min(len(points), _MOST_POINTS)).astype(np.intp))
    low, high = points.min(axis=0), points.max(axis=0)
    part = (points[kept] - low) / np.maximum(high - low, 1e-12)
    x = _EDGE + part[:, 0] * (_WIDTH - 2 * _EDGE)
    y = _HEIGHT - _EDGE - part[:, 1] * (_HEIGHT - 2 * _EDGE)
    size = 4.5 if len(kept) <= 1500 else 3.0
    drawn = []
    for name, colour in reversed(list(colours.items())):
        own = np.flatnonzero(groups[kept] == name)
        if len(own):
            places = "".join(f"M{a:.1f} {b:.1f}h0" for a, b in zip(x[own].tolist(), y[own].tolist(), strict=True))
            style = f'stroke="{colour}" stroke-width="{size}" stroke-linecap="round" stroke-opacity=".75"'
            drawn.append(f'<g><title>{html.escape(name)}</title><path d="{places}" fill="none" {style}/></g>')
    frame = f'<path d="M{_EDGE - 10} {_EDGE - 10}V{_HEIGHT - _EDGE + 10}H{_WIDTH - _EDGE + 10}" '
    words = 'font-family="system-ui, sans-serif" font-size="12" fill="#1d2126"'
    parts = [
        f'{frame}fill="none" stroke="#8a8f98"/>',
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 6}" text-anchor="middle" {words}>{html.escape(axes[0])}</text>',
        f'<text transform="translate(15 {_HEIGHT / 2}) rotate(-90)" text-anchor="middle" {words}>'
        f"{html.escape(axes[1])}</text>",
    ]
    left_out = f"; {len(kept):,} of {len(points):,} cells are drawn" if len(kept) < len(points) else ""
    caption = f"<figcaption>{html.escape(title + left_out)}<br>{_key(groups, colours)}</figcaption>"
    size_of = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{html.escape(title)}" {size_of}>'
    return f"<figure>{svg}{''.join(parts + drawn)}</svg>{caption}</figure>"


def _key(groups: NDArray[np.str_], colours: Mapping[str, str]) -> str:
    counted = Counter(groups.tolist())
    return " ".join(
        f'<span class="key" style="--key:{colour}">{html.escape(name)} ({counted[name]:,})</span>'
        for name, colour in colours.items()
    )
