"""Numbers in files: digits of a length that any of them can have, so that no text of digits is too long to be read."""

from __future__ import annotations

from typing import Final

_MOST_DIGITS: Final = 15


def count_of(text: str) -> int | None:
    """Return the number that one to fifteen digits write; None for any other text, of more digits too.

    Examples
    --------
    >>> count_of("0012"), count_of("-2"), count_of("9" * 5000)
    (12, None, None)
    """
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None
