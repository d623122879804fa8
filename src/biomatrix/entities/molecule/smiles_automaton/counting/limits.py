"""What is asked for, and what of it is still owed or allowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from biomatrix.entities.molecule.counts import Count, MoleculeCounts
from biomatrix.entities.molecule.smiles_automaton.counting.hydrogens import Rules
from biomatrix.entities.molecule.smiles_automaton.counting.reading import Added

INFINITE: Final = 1 << 30
"""No upper limit."""
_LARGE: Final = 12
"""Room for so many more is as good as room for any number."""
_BONDS: Final = ("single", "double", "triple", "aromatic")


@dataclass
class Owed:
    """What is still owed (at least) and allowed (at most) behind what is written.

    Parameters
    ----------
    elements : dict of str to int
        Atoms owed, by symbol; none that are not.
    most : dict of str to int
        Atoms allowed, of the elements that are named.
    others : int
        Atoms allowed of any other element.
    atoms, bonds, rings : (int, int), or four of them
        The least and the most.
    hydrogens : (int, int), optional
        The least and the most beyond those that there are if the string ends here, which further bonds lessen; None
        where they are not counted.
    charge : int
        Owed, in elementary charges.
    """

    elements: dict[str, int]
    most: dict[str, int]
    others: int
    atoms: tuple[int, int]
    bonds: list[tuple[int, int]]
    rings: tuple[int, int]
    hydrogens: tuple[int, int] | None = None
    charge: int = 0

    def allows(self, symbol: str) -> int:
        """Return how many more atoms of an element may come."""
        return self.most.get(symbol, self.others)

    def signature(self) -> tuple[tuple[str, int, int] | tuple[int, int], ...]:
        """Return what decides how it can be written: much room is as good as more.

        Where hydrogens are counted it is not: all is told.
        """
        if self.hydrogens is not None:
            exact = sorted((symbol, self.elements.get(symbol, 0), most) for symbol, most in self.most.items())
            limits = (self.atoms, *self.bonds, self.rings, self.hydrogens, (self.charge, self.others))
            return (*exact, *limits)
        named = sorted(
            (symbol, self.elements.get(symbol, 0), min(most - self.elements.get(symbol, 0), _LARGE))
            for symbol, most in self.most.items()
        )
        numbers = ((least, min(most - least, _LARGE)) for least, most in (self.atoms, *self.bonds, self.rings))
        return (*named, *numbers, (min(self.others, _LARGE), 0))

    @property
    def nothing(self) -> bool:
        """Whether nothing more is owed."""
        least = self.atoms[0] or self.rings[0] or any(bond[0] for bond in self.bonds)
        hydrogens = self.hydrogens is not None and not self.hydrogens[0] <= 0 <= self.hydrogens[1]
        return not (self.elements or least or hydrogens or self.charge)


@dataclass(frozen=True)
class Limits:
    """Counts as numbers.

    Parameters
    ----------
    counts : MoleculeCounts
    """

    counts: MoleculeCounts
    bonds: tuple[tuple[int, int], ...] = field(init=False)
    rotatable: tuple[int, int] | None = field(init=False)

    def __post_init__(self) -> None:
        bonds = tuple(_numbers(self.counts.bonds.get(kind, (0, None))) for kind in _BONDS)
        object.__setattr__(self, "bonds", bonds)
        rotatable = self.counts.bonds.get("rotatable")
        object.__setattr__(self, "rotatable", None if rotatable is None else _numbers(rotatable))

    @property
    def strict(self) -> bool:
        """Whether bonds are counted by type."""
        return bool(self.counts.bonds)

    @property
    def rules(self) -> Rules:
        """What of hydrogens and unpaired electrons is looked at."""
        exact = self.counts.hydrogens is not None or self.counts.charge is not None
        heavy = self.counts.others or any(most != 0 for _, most in self.counts.elements.values())
        return Rules(exact, exact and not heavy, self.counts.radicals)

    def owed(self, total: Added) -> Owed | None:
        """Return what is owed behind what is written; None where something is written too often."""
        found = dict(total.elements)
        elements: dict[str, int] = {}
        most: dict[str, int] = {}
        for symbol, limits in self.counts.elements.items():
            least, high = _numbers(limits)
            have = found.pop(symbol, 0)
            if have > high:
                return None
            most[symbol] = high - have
            if have < least:
                elements[symbol] = least - have
        if not self.counts.others and any(number > 0 for number in found.values()):
            return None
        atoms = _left(_numbers(self.counts.atoms), sum(number for _, number in total.elements))
        rings = _left(_numbers(self.counts.rings), total.rings)
        bonds = [_left(limits, have) for limits, have in zip(self.bonds, total.bonds, strict=True)]
        if atoms is None or rings is None or any(bond is None for bond in bonds):
            return None
        others = atoms[1] if self.counts.others else 0
        hydrogens = None
        if self.counts.hydrogens is not None:
            least, high = _numbers(self.counts.hydrogens)
            hydrogens = least - total.hydrogens, high - total.hydrogens
        charge = 0 if self.counts.charge is None else self.counts.charge - total.charge
        written = [bond for bond in bonds if bond is not None]
        return Owed(elements, most, others, atoms, written, rings, hydrogens, charge)


def _numbers(count: Count) -> tuple[int, int]:
    return count[0], INFINITE if count[1] is None else count[1]


def _left(limits: tuple[int, int], have: int) -> tuple[int, int] | None:
    return None if have > limits[1] else (max(limits[0] - have, 0), limits[1] - have)
