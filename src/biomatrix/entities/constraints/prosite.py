"""Patterns as PROSITE writes them, ``C-x(2,4)-C-{P}-[ST].``, as the patterns that are read here."""

from __future__ import annotations

import re
from typing import Final

from biomatrix.errors import ParseError

_ELEMENT: Final = re.compile(r"(x|[A-Z]|\[[A-Z]+\]|\{[A-Z]+\})(?:\((\d+)(?:,(\d+))?\))?", re.ASCII)


def is_prosite(pattern: str) -> bool:
    """Return whether a pattern is written in PROSITE's way: elements with hyphens between, or a dot at the end.

    Examples
    --------
    >>> is_prosite("N-{P}-[ST]-{P}."), is_prosite("N[^P][ST]")
    (True, False)
    """
    return "-" in pattern or (_ELEMENT.fullmatch(pattern.removesuffix(".")) is not None and "{" in pattern[:1])


def from_prosite(pattern: str) -> str:
    """Return the pattern in the syntax of :mod:`.pattern_syntax`. ParseError with the index of the element at fault.

    Examples
    --------
    >>> from_prosite("C-x(2,4)-C-x-{P}-[ST](2).")
    'C.{2,4}C.[^P][ST]{2}'
    """
    written, offset = "", 0
    for element in pattern.removesuffix(".").split("-"):
        found = _ELEMENT.fullmatch(element)
        if found is None:
            ends = "<" in element or ">" in element
            advice = "; the ends of a chain are not part of a pattern" if ends else ""
            raise ParseError(
                f"{element!r} is no element of PROSITE, such as x(2,4), [ST] or {{P}}{advice}", position=offset
            )
        letter, least, most = found.groups()
        written += "." if letter == "x" else f"[^{letter[1:-1]}]" if letter[0] == "{" else letter
        written += "" if least is None else f"{{{least}}}" if most is None else f"{{{least},{most}}}"
        offset += len(element) + 1
    return written
