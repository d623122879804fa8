"""A secondary structure drawn in the plane, as SVG. Needs the extra ``fold``, whose layout it is."""

from __future__ import annotations

import html
from typing import Final

from biomatrix.entities.nucleic.folding.library import vienna
from biomatrix.entities.nucleic.folding.structures import partners_of
from biomatrix.errors import ParseError

_MARGIN: Final = 15.0
_RADIUS: Final = 5.5
_COLOURS: Final = {"A": "#f2c14e", "C": "#6fa8dc", "G": "#8fbf7f", "U": "#e58f8f"}


def draw_structure(sequence: str, structure: str, title: str = "") -> str:
    """Return an ``<svg>`` of the bases, their chain and their pairs; a base says its number when pointed at.

    Parameters
    ----------
    sequence : str
        RNA, [L].
    structure : str
        Dot-bracket without pseudoknots, [L].
    title : str
        What the drawing is called.

    Raises
    ------
    ParseError
        A structure that is none, or of another length than the sequence.
    ConfigurationError
        ViennaRNA is not installed.
    """
    partners = partners_of(structure)
    if len(partners) != len(sequence):
        raise ParseError(f"a structure of {len(partners)} marks does not belong to {len(sequence)} bases")
    layout = vienna().naview_xy_coordinates(structure)
    places = [(float(layout[index].X), float(layout[index].Y)) for index in range(len(sequence))]
    left, low = (min(place[axis] for place in places) - _MARGIN for axis in (0, 1))
    width, height = (max(place[axis] for place in places) + _MARGIN - (left, low)[axis] for axis in (0, 1))
    points = [(x - left, y - low) for x, y in places]
    chain = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts = [f'<polyline points="{chain}" fill="none" stroke="#999"/>']
    for one, other in enumerate(partners):
        if other > one:
            (x1, y1), (x2, y2) = points[one], points[other]
            parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#31688e"/>')
    for index, ((x, y), letter) in enumerate(zip(points, sequence, strict=True), 1):
        parts.append(
            f"<g><title>{html.escape(letter)}{index}</title>"
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}" fill="{_COLOURS.get(letter, "#ddd")}"/>'
            f'<text x="{x:.1f}" y="{y + 3:.1f}" text-anchor="middle" fill="#111">{html.escape(letter)}</text></g>'
        )
    named = f"<title>{html.escape(title)}</title>" if title else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" font-family="monospace" font-size="8">{named}{"".join(parts)}</svg>'
    )
