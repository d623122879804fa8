"""Checks of an answer in text: the number asked for with its unit, and things mentioned that exist."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from biomatrix.entities.check import Check
from biomatrix.entities.kind_registry import kinds
from biomatrix.errors import BioMatrixError
from biomatrix.trust.units import Quantity, find_quantities, known_unit

_SHOWN = 60


@dataclass(frozen=True)
class AskedNumber:
    """A number that an answer in text should hold.

    Parameters
    ----------
    unit : str
        Its unit, one of :data:`biomatrix.trust.units.UNITS`; "" for a number without one.
    low, high : float
        The range of plausible values, in that unit.
    bare : bool
        Whether a number without a unit is one in that unit, as where the question names the unit.

    Raises
    ------
    ConfigurationError
        No such unit.
    """

    unit: str = ""
    low: float = -float("inf")
    high: float = float("inf")
    bare: bool = False

    def __post_init__(self) -> None:
        if self.unit:
            known_unit(self.unit)


def check_number(text: str, asked: AskedNumber) -> list[Check]:
    """Return whether a text holds a number in the unit asked or one that converts to it, and whether it is plausible.

    The first such number counts. Its value is given in the unit asked; NaN (None) where there is none.

    Examples
    --------
    >>> [(str(check), check.passed) for check in check_number("About 1.2 nm.", AskedNumber("Angstrom", 0, 100))]
    [('number with its unit 12 Angstrom', True), ('number in range 12 Angstrom', True)]
    """
    found = list(find_quantities(text))
    values = [_value_in(one, asked) for one in found]
    value = next((one for one in values if one is not None), None)
    name, plausible = "number with its unit" if asked.unit else "number", "number in range"
    if value is None:
        wanted = f"in {asked.unit} or what converts to it" if asked.unit else "without a unit"
        written = ", ".join(f"{one.value:g} {one.unit or '(no unit)'}" for one in found[:3]) or "no number"
        return [Check(name, False, detail=f"asked {wanted}; the text holds {written}"), Check(plausible, None)]
    inside = asked.low <= value <= asked.high and math.isfinite(value)
    expected = "" if inside else f"expected {asked.low:g} to {asked.high:g}"
    return [Check(name, True, value, asked.unit), Check(plausible, inside, value, asked.unit, expected)]


def _value_in(found: Quantity, asked: AskedNumber) -> float | None:
    return found.value if asked.bare and not found.unit else found.value_in(asked.unit)


def check_mentions(text: str) -> list[Check]:
    """Return, for each kind of entity, whether the words of a text that look like one can be read as one.

    Kinds without such a word are left out.

    Examples
    --------
    >>> [check.passed for check in check_mentions("Aspirin is CC(=O)Oc1ccccc1C(=O)O.")]
    [True]
    """
    checks = []
    for kind in kinds():
        words = list(dict.fromkeys(kind.find_written(text)))
        faults = []
        for word in words:
            try:
                kind.parse(word)
            except BioMatrixError as error:
                faults.append(f"{word[:_SHOWN]}: {error.message}")
        if words:
            detail = f"{len(faults)} of {len(words)}; first: {faults[0]}" if faults else ""
            name = f"{kind.plural} mentioned exist"
            checks.append(Check(name, not faults, float(len(words) - len(faults)), f"of {len(words)} words", detail))
    return checks


def check_segments(decoded: int, failures: Sequence[str]) -> list[Check]:
    """Return whether the segments that a text opens are closed and decode; nothing for a text without any.

    Parameters
    ----------
    decoded : int
        How many segments are entities.
    failures : sequence of str
        Why each other stretch is none.
    """
    total = decoded + len(failures)
    if not total:
        return []
    unbalanced = [reason for reason in failures if "not closed" in reason or "outside any segment" in reason]
    return [
        Check("segments balanced", not unbalanced, float(len(unbalanced)), "not opened or closed", _first(unbalanced)),
        Check("segments decode", not failures, float(decoded), f"of {total} segments", _first(failures)),
    ]


def _first(reasons: Sequence[str]) -> str:
    return f"first: {reasons[0]}" if reasons else ""
