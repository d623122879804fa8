"""How long an answer is to be: a number of residues, atoms or symbols, or a range of it with open ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

from biomatrix.errors import ConfigurationError
from biomatrix.generation.checked import checked_whole, shown

Length: TypeAlias = int | tuple[int, int | None]
"""An exact number, or the least and the most; None for no upper limit."""
MOST: Final = 1 << 24
"""Far past the context of any model, which is checked once the model is known."""

_TYPED: Final = re.compile(r"(\d+)(-?)(\d*)")
_LONGEST_NUMBER: Final = 4_000


def checked_length(value: object) -> Length:
    """Return a length as a number or a pair; ConfigurationError where it is neither.

    Parameters
    ----------
    value : int or (int or None, int or None)
        Exact, or the least and the most, either of them None where that end is open.

    Examples
    --------
    >>> checked_length((None, 60)), checked_length((50, 50))
    ((1, 60), 50)
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        return checked_whole(value, "length", 1, MOST)
    if len(value) != 2 or all(end is None for end in value):
        raise ConfigurationError(f"length is a number, or the least and the most, not {shown(value)}")
    least = 1 if value[0] is None else checked_whole(value[0], "length", 1, MOST)
    if value[1] is None:
        return least, None
    most = checked_whole(value[1], "length", 1, MOST)
    if most < least:
        raise ConfigurationError(f"length {least} to {most} is empty: the least comes first")
    return least if least == most else (least, most)


def parse_length(text: str) -> Length:
    """Return the length that a person typed: ``50``, ``50-60`` or ``50-``; at most 60 is ``1-60``.

    A number behind a bare minus is refused: it is more often a mistake than a range whose beginning is open.

    Raises
    ------
    ConfigurationError
        The text is none of them.

    Examples
    --------
    >>> parse_length("50"), parse_length("50-60"), parse_length("50-"), parse_length("1-60")
    (50, (50, 60), (50, None), (1, 60))
    """
    match = _TYPED.fullmatch(text.strip()) if text.isascii() and len(text) < _LONGEST_NUMBER else None
    if match is None:
        raise ConfigurationError(f"length is a whole number or a range such as 50-60, 50- or 1-60, not {shown(text)}")
    if not match[2]:
        return checked_length(int(match[1]))
    return checked_length((int(match[1]), int(match[3]) if match[3] else None))


def ends_of(length: Length) -> tuple[int, int | None]:
    """Return the least and the most of a length."""
    return (length, length) if isinstance(length, int) else length


def length_fault(length: Length, count: int) -> str | None:
    """Return how a number of counted tokens misses a length, in words; None where it does not."""
    least, most = ends_of(length)
    if least <= count and (most is None or count <= most):
        return None
    asked = str(least) if least == most else f"{least} or more" if most is None else f"{least} to {most}"
    return f"its length is {count}, not {asked}"
