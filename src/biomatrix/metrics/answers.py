"""How well answers to tasks agree with what was expected; an answer that states no value is None."""

from __future__ import annotations

from collections.abc import Sequence

from biomatrix.errors import ConfigurationError


def mean_absolute_error(values: Sequence[object], expected: Sequence[object]) -> float:
    """Return the mean of ``|value - expected|`` over the answers that state a number, in their unit; NaN without one.

    Parameters
    ----------
    values : sequence of float or None
        What was answered.
    expected : sequence of float
        What is true, in the same order.
    """
    gaps = [abs(_real(value) - _real(true)) for value, true in _pairs(values, expected) if value is not None]
    return sum(gaps) / len(gaps) if gaps else float("nan")


def exact_match(values: Sequence[object], expected: Sequence[object]) -> float:
    """Return the share of answers whose words are those expected; case and white space do not count."""
    return _share([value is not None and _words(value) == _words(true) for value, true in _pairs(values, expected)])


def accuracy(values: Sequence[object], expected: Sequence[object]) -> float:
    """Return the share of answers that equal what is expected."""
    return _share([value is not None and value == true for value, true in _pairs(values, expected)])


def validity(values: Sequence[object], expected: Sequence[object] = ()) -> float:
    """Return the share of answers that state a value at all: an entity that decodes, a number."""
    return _share([value is not None for value in values])


def _pairs(values: Sequence[object], expected: Sequence[object]) -> list[tuple[object, object]]:
    if len(values) != len(expected):
        raise ConfigurationError(f"{len(values)} answers and {len(expected)} expected values; give one for each")
    return list(zip(values, expected, strict=True))


def _share(right: Sequence[bool]) -> float:
    return sum(right) / len(right) if right else float("nan")


def _real(value: object) -> float:
    if not isinstance(value, int | float):
        raise ConfigurationError(f"a mean absolute error is of numbers, not of {value!r}")
    return float(value)


def _words(value: object) -> str:
    return " ".join(str(value).lower().split())
