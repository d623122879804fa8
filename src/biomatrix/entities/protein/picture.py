"""A chain as a strip of letters, each residue coloured by a number about it, as inline SVG."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Final

from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.weight_colours import LEGEND_HEIGHT, colours_of, css, legend

_ROW: Final = 50
"""Residues in a row; a gap follows every tenth."""
_WIDTH, _HEIGHT, _GAP, _MARGIN, _LINE = 13, 18, 5, 44, 34


def draw(protein: Protein, weights: Sequence[float], label: str = "") -> str:
    """Return an ``<svg>`` element of the sequence with a legend; a residue says its number and weight when pointed at.

    Parameters
    ----------
    protein : Protein
    weights : sequence of float, length L
        NaN where there is none.
    label : str
        What they are, with their unit.
    """
    colours = colours_of(weights, len(protein))
    numbers = range(1, len(protein) + 1) if protein.residue_numbers is None else protein.residue_numbers.tolist()
    cells = []
    for place, (letter, number, colour) in enumerate(zip(protein.sequence, numbers, colours, strict=True)):
        column, top = place % _ROW, _LINE * (place // _ROW) + 4
        left = _MARGIN + column * _WIDTH + column // 10 * _GAP
        if column == 0:
            cells.append(
                f'<text x="{_MARGIN - 6}" y="{top + 13}" text-anchor="end" fill="currentColor">{number}</text>'
            )
        said = f"{letter}{number}" + ("" if colour is None else f": {weights[place]:.3g}")
        fill = "none" if colour is None else css(colour)
        ink = "currentColor" if colour is None else "#111"
        cells.append(
            f'<g><title>{html.escape(said)}</title><rect x="{left}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" '
            f'fill="{fill}" stroke="#888" stroke-width="0.4"/><text x="{left + _WIDTH / 2}" y="{top + 13}" '
            f'text-anchor="middle" fill="{ink}">{letter}</text></g>'
        )
    rows = max(1, -(-len(protein) // _ROW))
    width = _MARGIN + _ROW * _WIDTH + 5 * _GAP
    bottom = rows * _LINE + 6
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bottom + LEGEND_HEIGHT}" width="{width}" '
        f'height="{bottom + LEGEND_HEIGHT}" font-family="monospace" font-size="12">'
        f"{''.join(cells)}{legend(weights, _MARGIN, bottom, label)}</svg>"
    )
