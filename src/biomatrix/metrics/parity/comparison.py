"""Two nestings of values side by side, number by number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from biomatrix.metrics.parity.fixture_files import Equivalent, Fixture, Skipped

_ABSENT: Final = object()


@dataclass(frozen=True)
class Compared:
    """One value of this package beside the recorded one.

    Parameters
    ----------
    name : str
        Its path: ``raw.num_all``, ``per_item[3].meteor``.
    ours, expected : object
        Numbers, strings, booleans or None.
    difference : float or None
        |ours - expected|, None where they are not both numbers.
    tolerance : float
    outcome : str
        ``pass``, ``fail`` or ``skipped``.
    reason : str
        Why it was skipped, what is wrong beside the number, or why another spelling passes.
    """

    name: str
    ours: Any
    expected: Any
    difference: float | None
    tolerance: float
    outcome: str
    reason: str = ""


def compared(fixture: Fixture, ours: object) -> tuple[Compared, ...]:
    """Return every recorded value with ours; what we compute beyond the recorded values is left out."""
    return tuple(_walk(fixture, "", ours, fixture.expected))


def _walk(fixture: Fixture, name: str, ours: Any, expected: Any) -> Iterator[Compared]:
    if isinstance(ours, Skipped):
        yield Compared(name, None, _plain(expected), None, _tolerance(fixture, name), "skipped", ours.reason)
    elif isinstance(expected, Mapping):
        for key, value in expected.items():
            own = ours.get(key, _ABSENT) if isinstance(ours, Mapping) else _ABSENT
            yield from _walk(fixture, f"{name}.{key}" if name else str(key), own, value)
    elif isinstance(expected, list):
        own_rows = list(ours) if _is_rows(ours) else None
        if own_rows is not None and len(own_rows) != len(expected):
            reason = f"{len(own_rows)} values against {len(expected)}"
            yield Compared(name, len(own_rows), len(expected), None, _tolerance(fixture, name), "fail", reason)
            return
        for index, value in enumerate(expected):
            own = _ABSENT if own_rows is None else own_rows[index]
            yield from _walk(fixture, f"{name}[{index}]", own, value)
    else:
        yield _leaf(name, ours, expected, _tolerance(fixture, name))


def _leaf(name: str, ours: object, expected: object, tolerance: float) -> Compared:
    if ours is _ABSENT:
        return Compared(name, None, expected, None, tolerance, "fail", "not computed")
    if isinstance(ours, Equivalent):
        return Compared(name, _plain(ours.value), expected, None, tolerance, "pass", ours.reason)
    mine, theirs = _plain(ours), _plain(expected)
    if _is_number(mine) and _is_number(theirs):
        difference = 0.0 if mine == theirs else abs(mine - theirs)
        return Compared(name, mine, theirs, difference, tolerance, "pass" if difference <= tolerance else "fail")
    same = type(mine) is type(theirs) and mine == theirs
    return Compared(name, mine, theirs, None, tolerance, "pass" if same else "fail", "" if same else "not the same")


def _plain(value: Any) -> Any:
    """Return a value as JSON would hold it: NaN as None, NumPy scalars as Python's own."""
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_rows(value: object) -> bool:
    return not isinstance(value, str | bytes | Mapping) and (isinstance(value, Sequence) or hasattr(value, "__len__"))


def _tolerance(fixture: Fixture, name: str) -> float:
    """Return the override that fits the path, one of its leading parts or its last name, else the common tolerance."""
    parts = name.replace("[", ".[").split(".")
    leading = [".".join(parts[: end + 1]).replace(".[", "[") for end in range(len(parts))]
    names = [part for part in parts if not part.startswith("[")]
    for pattern, tolerance in fixture.overrides.items():
        if any(fnmatchcase(one, pattern) for one in (*leading, *names)):
            return tolerance
    return fixture.tolerance
