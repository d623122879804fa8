"""An attribution as a picture that stands for itself: what was asked for, and each entity of the prompt in colours."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import Final

from biomatrix.generation.attribution import Attribution, EntityAttribution

_MARGIN, _LINE, _CHARACTER = 12, 17, 6.2
"""CSS pixels: around all, of a line of text, of a character of it on average."""
_NARROWEST: Final = 420
_SHOWN: Final = 60
_VIEW: Final = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


def attribution_figure(found: Attribution, answer: str) -> str | None:
    """Return one ``<svg>`` element on white: the answer, what its colours mean, every entity that has a picture.

    Parameters
    ----------
    found : Attribution
    answer : str
        The continuation that was explained, as text.

    Returns
    -------
    str or None
        None where no entity of the prompt has a picture.
    """
    pictures = [(one, picture) for one in found.entities if (picture := one.picture()) is not None]
    if not pictures:
        return None
    lines = list(_lines(found, answer))
    width = max([_NARROWEST, *(int(_CHARACTER * len(line)) + 2 * _MARGIN for line in lines)])
    top, parts = _MARGIN, []
    for number, line in enumerate(lines):
        top += _LINE
        weight = ' font-weight="bold"' if number == 0 else ""
        parts.append(f'<text x="{_MARGIN}" y="{top - 4}"{weight}>{html.escape(line)}</text>')
    for one, picture in pictures:
        across, down = _size(picture)
        top += _LINE
        parts.append(f'<text x="{_MARGIN}" y="{top - 4}" fill="#555">{html.escape(_named(one))}</text>')
        parts.append(f'<svg x="{_MARGIN}" y="{top}" width="{across:g}" height="{down:g}">{picture}</svg>')
        width, top = max(width, int(across) + 2 * _MARGIN), top + int(down)
    height = top + _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12" fill="#111" color="#111">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{"".join(parts)}</svg>'
    )


def described_places(found: Attribution) -> dict[int, str]:
    """Return for each token of the prompt that writes residues or atoms which ones, as a person counts."""
    places: dict[int, list[int]] = {}
    for shown in found.judged.entities:
        for unit, tokens in enumerate(shown.tokens, start=1):
            for token in tokens:
                places.setdefault(token, []).append(unit)
    return {token: _run(units) for token, units in places.items()}


def _lines(found: Attribution, answer: str) -> Iterator[str]:
    shown = " ".join(answer.split())
    yield f"Why {shown if len(shown) <= _SHOWN else f'{shown[:_SHOWN]}...'!r}?"
    alone = "how far the log-likelihood of the answer falls without one residue or atom"
    shared = "the log-likelihood of the answer, shared out over residues or atoms"
    yield f"By {found.method.replace('_', ' ')}: {alone if found.method == 'occlusion' else shared}"
    yield f"{found.score:.2f} nats after the prompt, {found.neutral:.2f} with all of it neutral"


def _named(one: EntityAttribution) -> str:
    name = " ".join(one.entity.name.split())
    return f"{one.modality}{f' of {name[:_SHOWN]}' if name else ''}"


def _size(svg: str) -> tuple[float, float]:
    """Return the width and height that a picture says of itself, in CSS pixels; of a small one where it does not."""
    view = _VIEW.search(svg)
    return (320.0, 240.0) if view is None else (float(view[1]), float(view[2]))


def _run(units: Sequence[int]) -> str:
    """Return places as a range where they follow each other."""
    if len(units) > 1 and list(units) == list(range(units[0], units[-1] + 1)):
        return f"{units[0]} to {units[-1]}"
    return ", ".join(map(str, units))
