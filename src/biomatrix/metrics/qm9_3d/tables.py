"""The bond lengths, valences and symbols that these metrics rest on."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

Lengths = Mapping[str, Mapping[str, int]]
Valences = Mapping[str, frozenset[int]]


@dataclass(frozen=True)
class Tables:
    """The content of ``tables.toml``.

    Parameters
    ----------
    lengths : mapping
        By order (``single``, ``double``, ``triple``), the typical lengths in picometres by first and second element.
    margins : mapping
        By order, how much longer a bond may be, in picometres.
    neutral : mapping
        The valences of a neutral atom, by element.
    charged : mapping
        The valences by element and formal charge.
    symbols : mapping
        The bonds, angles and dihedrals whose distributions are compared.
    """

    lengths: Mapping[str, Lengths]
    margins: Mapping[str, int]
    neutral: Valences
    charged: Mapping[str, Mapping[int, frozenset[int]]]
    symbols: Mapping[str, tuple[str, ...]]

    def order(self, first: str, second: str, distance: float) -> int:
        """Return the bond order, 0 to 3, of two atoms; which comes first matters where the tables are not symmetric.

        Parameters
        ----------
        first, second : str
            Element symbols, the atom of the lower index first.
        distance : float
            Angstrom.
        """
        reached = 0
        for order, name in enumerate(("single", "double", "triple"), 1):
            length = self.lengths[name].get(first, {}).get(second)
            if length is None or not 100.0 * distance < length + self.margins[name]:
                break
            reached = order
        return reached


@cache
def tables() -> Tables:
    """Return the tables, read once."""
    raw = tomllib.loads(files(__package__).joinpath("tables.toml").read_text(encoding="utf-8"))
    return Tables(
        raw["lengths"],
        raw["margins"],
        {element: frozenset(found) for element, found in raw["valences_neutral"].items()},
        {
            element: {int(charge): frozenset(found) for charge, found in by_charge.items()}
            for element, by_charge in raw["valences_by_charge"].items()
        },
        {kind: tuple(found) for kind, found in raw["symbols"].items()},
    )
