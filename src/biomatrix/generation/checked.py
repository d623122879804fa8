"""Settings of a request, checked when it is made: each refusal says what is allowed."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Final

from biomatrix.errors import ConfigurationError

_SHOWN: Final = 40
_SHOWN_BITS: Final = 128


def shown(value: object) -> str:
    """Return a value as a message shows it, cut where it is long.

    Examples
    --------
    >>> shown(3), shown(1 << 200)
    ('3', 'a number of 201 bits')
    """
    if isinstance(value, int) and value.bit_length() > _SHOWN_BITS:
        return f"a number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def checked_whole(value: object, name: str, least: int, most: int, allowed: str = "") -> int:
    """Return a setting as an int; ConfigurationError where it is no whole number, as True is none, or out of range.

    ``allowed`` is the range in words, where the numbers themselves would not be read.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ConfigurationError(f"{name} is a whole number, not {shown(value)}")
    number = int(value)
    if not least <= number <= most:
        allowed = allowed or f"{least:,} to {most:,}"
        bound = f"at least {least:,}" if number < least else f"at most {most:,}"
        reason = f"{name} is {bound}, not {shown(number)}" if abs(most) < 1 << 32 else f"{name} {shown(number)}"
        raise ConfigurationError(f"{reason}: a whole number from {allowed} is asked for")
    return number


def checked_number(value: object, name: str) -> float:
    """Return a setting as a float; ConfigurationError where it is no number, as True is none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ConfigurationError(f"{name} is a number, not {shown(value)}")
    try:
        return float(value)
    except OverflowError:
        raise ConfigurationError(f"{name} is a number of ordinary size, not {shown(value)}") from None


def checked_flag(value: object, name: str) -> bool:
    """Return a setting as a bool; ConfigurationError where it is neither True nor False."""
    if value is True or value is False:
        return value
    if type(value).__name__ == "bool":  # of NumPy
        return bool(value)
    raise ConfigurationError(f"{name} is True or False, not {shown(value)}")
