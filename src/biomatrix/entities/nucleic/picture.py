"""A nucleic acid as a strip of letters with its pairs as arcs, or each base coloured by a number, as inline SVG."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Final

from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.pair_levels import levels_of
from biomatrix.entities.weight_colours import LEGEND_HEIGHT, colours_of, css, legend

_WIDTH: Final = 12
_MARGIN: Final = 20
_LONGEST: Final = 400
"""Bases in one picture of arcs; more are a smear."""
_CROSSING: Final = "#b3572d"
_NESTED: Final = "#31688e"


def draw(entity: NucleicAcid, weights: Sequence[float] | None, label: str = "") -> str | None:
    """Return an ``<svg>`` element; None where there are neither pairs nor weights, or too many bases.

    Pairs are arcs above the letters, those of pseudoknots in another colour; a base says its number when pointed at.

    Parameters
    ----------
    entity : NucleicAcid
    weights : sequence of float, length L, optional
        NaN where there is none.
    label : str
        What they are, with their unit.
    """
    if (weights is None and entity.pairs is None) or not 0 < len(entity) <= _LONGEST:
        return None
    pairs = entity.pairs or ()
    height = max((two - one for one, two in pairs), default=0) * _WIDTH / 4 + _MARGIN
    parts = []
    for one, two, level in levels_of(pairs):
        left, right = (_MARGIN + (place + 0.5) * _WIDTH for place in (one, two))
        colour = _CROSSING if level else _NESTED
        parts.append(
            f'<path d="M {left} {height} A {(right - left) / 2} {(right - left) / 4} 0 0 1 {right} {height}" '
            f'fill="none" stroke="{colour}"/>'
        )
    colours = [None] * len(entity) if weights is None else colours_of(weights, len(entity))
    for place, (letter, number, colour_of_base) in enumerate(
        zip(entity.sequence, entity.numbers, colours, strict=True)
    ):
        left = _MARGIN + place * _WIDTH
        said = f"{letter}{number}" + ("" if weights is None or colour_of_base is None else f": {weights[place]:.3g}")
        fill = "none" if colour_of_base is None else css(colour_of_base)
        ink = "currentColor" if colour_of_base is None else "#111"
        parts.append(
            f'<g><title>{html.escape(said)}</title><rect x="{left}" y="{height + 2}" width="{_WIDTH}" height="16" '
            f'fill="{fill}"/><text x="{left + _WIDTH / 2}" y="{height + 14}" text-anchor="middle" fill="{ink}">'
            f"{letter}</text></g>"
        )
    width, bottom = 2 * _MARGIN + len(entity) * _WIDTH, height + 26
    shown = "" if weights is None else legend(weights, _MARGIN, int(bottom), label)
    whole = bottom + (LEGEND_HEIGHT if weights is not None else 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {whole}" width="{width}" height="{whole}" '
        f'font-family="monospace" font-size="12">{"".join(parts)}{shown}</svg>'
    )
