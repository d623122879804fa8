"""How the text of a constraint is read: its whole numbers, and how long it may be."""

from __future__ import annotations

from typing import Final

from biomatrix.errors import ConfigurationError, ParseError

_MOST_DIGITS: Final = 9
_SHOWN: Final = 40
_LONGEST_PATTERN: Final = 1000


def whole_number(digits: str, position: int = 0) -> int:
    """Return the number that digits, perhaps behind a sign, write. ParseError at a position where there are too many.

    Examples
    --------
    >>> whole_number("0012"), whole_number("-2")
    (12, -2)
    """
    if len(digits.lstrip("+-0")) > _MOST_DIGITS:
        written = f"{digits[:_SHOWN]}..." if len(digits) > _SHOWN else digits
        raise ParseError(
            f"{written} is too large a number; give one of at most {_MOST_DIGITS} digits", position=position
        )
    return int(digits[:1].strip("0123456789") + (digits.lstrip("+-0") or "0"))


def check_length(name: str, pattern: str) -> None:
    """Raise ConfigurationError where a chemical pattern is too long for what reads it, which recurses."""
    if len(pattern) > _LONGEST_PATTERN:
        raise ConfigurationError(
            f"{name}: a pattern of {len(pattern):,} characters is too long; give one of at most {_LONGEST_PATTERN:,}"
        )
