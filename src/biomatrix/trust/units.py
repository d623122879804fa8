"""Quantities in text: numbers with their units, as data that says which units measure the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from biomatrix.errors import ConfigurationError


@dataclass(frozen=True)
class Unit:
    """A unit of measurement.

    Parameters
    ----------
    dimension : str
        What it measures; units of one dimension convert into one another.
    factor, offset : float
        A value in the dimension's base unit is ``factor * value + offset``.
    """

    dimension: str
    factor: float
    offset: float = 0.0


UNITS: Final[Mapping[str, Unit]] = {
    **dict.fromkeys(("Angstrom", "angstrom", "angstroms", "Å", "A"), Unit("length", 1e-10)),
    **dict.fromkeys(("nm", "nanometre", "nanometres", "nanometer", "nanometers"), Unit("length", 1e-9)),
    "pm": Unit("length", 1e-12),
    **dict.fromkeys(("Da", "Dalton", "dalton", "daltons", "g/mol", "g mol-1", "amu", "u"), Unit("molar mass", 1.0)),
    **dict.fromkeys(("kDa", "kg/mol"), Unit("molar mass", 1e3)),
    **dict.fromkeys(("kcal/mol", "kcal mol-1"), Unit("molar energy", 4184.0)),
    **dict.fromkeys(("kJ/mol", "kJ mol-1"), Unit("molar energy", 1e3)),
    "eV": Unit("molar energy", 96485.332),
    **dict.fromkeys(("Hartree", "hartree", "Ha"), Unit("molar energy", 2625499.64)),
    "M": Unit("concentration", 1.0),
    **dict.fromkeys(("mol/L", "mol/l", "mol L-1"), Unit("concentration", 1.0)),
    **dict.fromkeys(("log mol/L", "log mol/l", "log M"), Unit("logarithm of a concentration", 1.0)),
    "mM": Unit("concentration", 1e-3),
    **dict.fromkeys(("uM", "µM", "μM"), Unit("concentration", 1e-6)),
    "nM": Unit("concentration", 1e-9),
    **dict.fromkeys(("K", "kelvin"), Unit("temperature", 1.0)),
    **dict.fromkeys(("°C", "C", "degrees Celsius"), Unit("temperature", 1.0, 273.15)),
    **dict.fromkeys(("°", "degrees", "degree", "deg"), Unit("angle", 1.0)),
    **dict.fromkeys(("Å2", "Å²", "A2", "A^2", "Angstrom^2", "square Angstrom"), Unit("area", 1e-20)),
    **dict.fromkeys(("D", "Debye", "debye"), Unit("dipole", 1.0)),
    **dict.fromkeys(("%", "percent"), Unit("share", 0.01)),
    **dict.fromkeys(("residues", "residue", "amino acids", "aa"), Unit("residues", 1.0)),
    **dict.fromkeys(("atoms", "atom"), Unit("atoms", 1.0)),
    **dict.fromkeys(("nats", "nat"), Unit("information", 1.0)),
    **dict.fromkeys(("bits", "bit"), Unit("information", 0.6931471805599453)),
    "s": Unit("time", 1.0),
    **dict.fromkeys(("min", "minutes"), Unit("time", 60.0)),
    **dict.fromkeys(("h", "hours"), Unit("time", 3600.0)),
}
"""Units by how they are written (CODATA 2018 values)."""


def _any_of(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_NUMBER: Final = r"[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?"
_JOINED: Final = _any_of(name for name in UNITS if len(name) > 1 or not name.isalpha())
"""Units that may stand at the number itself: 3D and 2A are no quantities."""
_QUANTITY: Final = re.compile(
    rf"(?<![\w.])({_NUMBER})(?:(?:\s({_any_of(UNITS)})|({_JOINED}))(?![\w/^²])|(?!\w|\.\d|,\d))"
)


@dataclass(frozen=True)
class Quantity:
    """A number in a text.

    Parameters
    ----------
    value : float
    unit : str
        As it is written; "" where none follows.
    start : int
        Where the number begins in the text.
    """

    value: float
    unit: str
    start: int

    def value_in(self, unit: str) -> float | None:
        """Return the value in another unit; None where the two do not measure the same thing, or it has none.

        Examples
        --------
        >>> round(Quantity(-10.0, "kcal/mol", 0).value_in("kJ/mol"), 2)
        -41.84
        """
        if unit == self.unit:
            return self.value
        mine, other = UNITS.get(self.unit), UNITS.get(unit)
        if mine is None or other is None or mine.dimension != other.dimension:
            return None
        return (mine.factor * self.value + mine.offset - other.offset) / other.factor


def find_quantities(text: str) -> Iterator[Quantity]:
    """Yield the numbers of a text that stand by themselves, each with the unit that follows it.

    Examples
    --------
    >>> [(one.value, one.unit) for one in find_quantities("C9H8O4 weighs 180.2 g/mol and melts at 135 °C.")]
    [(180.2, 'g/mol'), (135.0, '°C')]
    """
    for found in _QUANTITY.finditer(text):
        number, apart, joined = found.groups()
        yield Quantity(float(number.replace(",", "").replace("−", "-")), apart or joined or "", found.start())


def known_unit(unit: str) -> str:
    """Return a unit. Raises ConfigurationError where it is not in the table."""
    if unit not in UNITS:
        raise ConfigurationError(f"no unit {unit!r}; there are {', '.join(UNITS)}")
    return unit
