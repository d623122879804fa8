"""How the limits of a count are typed."""

from __future__ import annotations

import re
from typing import Final

from biomatrix.entities.constraint_text import whole_number
from biomatrix.entities.molecule.counts import Count
from biomatrix.errors import ParseError

_COUNT: Final = re.compile(r"(?:(?P<sign><=|>=|=)?(?P<number>\d+)|(?P<least>\d+)-(?P<most>\d+))", re.ASCII)


def parse_count(text: str, position: int = 0) -> Count:
    """Return the limits that ``8``, ``6-10``, ``<=2`` or ``>=1`` say. Raises ParseError at a position.

    Examples
    --------
    >>> parse_count("8"), parse_count("6-10"), parse_count("<=2"), parse_count(">=1")
    ((8, 8), (6, 10), (0, 2), (1, None))
    """
    found = _COUNT.fullmatch("".join(text.split()))
    if found is None:
        raise ParseError(f"{text!r} is no count, such as 8, 6-10, <=2 or >=1", position=position)
    if found["least"]:
        least, most = whole_number(found["least"], position), whole_number(found["most"], position)
        if least > most:
            raise ParseError(f"a count goes up, unlike {text!r}", position=position)
        return least, most
    number = whole_number(found["number"], position)
    return (0 if found["sign"] == "<=" else number, None if found["sign"] == ">=" else number)
