"""What surely holds of the atoms and bonds of a part that a molecule must have, and which patterns follow from it.

A part is a molecule that others contain, or a SMARTS pattern that occurs in them. Of a pattern that every molecule
with the part matches, it is certain that it occurs; of all others nothing is said here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

from rdkit import Chem

Alternatives: TypeAlias = tuple[frozenset[str], ...]
"""Sets of primitives of SMARTS, such as ``c`` and ``H1``: an atom has all of one of them."""
_MOST_STEPS: Final = 20_000
_NEVER_AROMATIC: Final = ("F", "Cl", "Br", "I")
_SATURATED: Final = ("C", "N", "O")
_AROMATIC: Final = ("b", "c", "n", "o", "p", "s", "as", "se", "te")
_SYMBOL: Final = re.compile(r"(?!(?:A|D|H|R|X)$)[A-Z][a-z]?")
_NUMBER: Final = re.compile(r"#(\d+)")
_BONDS: Final = {"SINGLE": "-", "DOUBLE": "=", "TRIPLE": "#", "AROMATIC": ":"}
_KINDS: Final = {"-": "single", "=": "double", "#": "triple", ":": "aromatic"}
_EITHER: Final = ("", "-", ":", "-,:")


@dataclass(frozen=True)
class Part:
    """A part by what is certain of it.

    Parameters
    ----------
    text : str
        As a person writes it.
    atoms : tuple of Alternatives
        Primitives of each atom, those that follow from others among them.
    bonds : mapping of (int, int) to str
        The primitive of each bond, in both directions; "" is single or aromatic.
    times : int
        How often it occurs at least.
    """

    text: str
    atoms: tuple[Alternatives, ...]
    bonds: Mapping[tuple[int, int], str]
    times: int = 1

    @classmethod
    def of_molecule(cls, mol: Chem.Mol, text: str) -> Part:
        """Return the part that a molecule is, whatever hangs on its atoms."""
        atoms = tuple((_facts(atom),) for atom in mol.GetAtoms())
        return cls(text, atoms, _bonds(mol, lambda bond: _BONDS.get(str(bond.GetBondType()), "~")))

    @classmethod
    def of_pattern(cls, pattern: Chem.Mol, text: str, times: int = 1) -> Part:
        """Return the part that a SMARTS pattern describes."""
        atoms = tuple(_alternatives(atom.GetSmarts()) for atom in pattern.GetAtoms())
        return cls(text, atoms, _bonds(pattern, lambda bond: str(bond.GetSmarts())), times)

    @cached_property
    def elements(self) -> Counter[str]:
        """How many heavy atoms of each element a molecule with it surely has."""
        found = Counter(symbol for symbol in map(_element, self.atoms) if symbol is not None)
        return Counter({symbol: number * self.times for symbol, number in found.items()}) if self._is_atom else found

    @cached_property
    def bond_kinds(self) -> Counter[str]:
        """How many bonds of each type between heavy atoms it surely has."""
        heavy = {place for place, atom in enumerate(self.atoms) if _element(atom) is not None}
        kinds = [_KINDS.get(bond) for (a, b), bond in self.bonds.items() if a < b and {a, b} <= heavy]
        return Counter(kind for kind in kinds if kind is not None)

    @property
    def rings(self) -> int:
        """How many independent rings it has: each connects as many bonds as atoms."""
        group = list(range(len(self.atoms)))
        rings = 0
        for a, b in self.bonds:
            if a < b:
                old, new = group[a], group[b]
                rings += old == new
                group = [new if one == old else one for one in group]
        return rings

    @property
    def _is_atom(self) -> bool:
        return len(self.atoms) == 1

    def implies(self, pattern: Part) -> bool:
        """Return whether every molecule with this part surely has the other; False where that is not certain.

        Examples
        --------
        >>> ring = Part.of_molecule(Chem.MolFromSmiles("c1ccncc1"), "c1ccncc1")
        >>> [ring.implies(Part.of_pattern(Chem.MolFromSmarts(text), text)) for text in ("n", "c:n", "[nH]", "N")]
        [True, True, False, False]
        """
        order = range(len(pattern.atoms))
        fitting = [
            [place for place, mine in enumerate(self.atoms) if _follows(mine, pattern.atoms[number])]
            for number in order
        ]
        pending: list[tuple[int, ...]] = [()]
        for _ in range(_MOST_STEPS):
            if not pending:
                return False
            placed = pending.pop()
            if len(placed) == len(pattern.atoms):
                return True
            number = len(placed)
            for place in fitting[number]:
                if place not in placed and self._joined(pattern, (*placed, place)):
                    pending.append((*placed, place))
        return False

    def _joined(self, pattern: Part, placed: tuple[int, ...]) -> bool:
        """Return whether the bonds of the pattern from the last placed atom to those before it are there."""
        last = len(placed) - 1
        asked = ((number, pattern.bonds.get((last, number))) for number in range(last))
        return all(
            bond is None or _bond_follows(self.bonds.get((placed[last], placed[number])), bond)
            for number, bond in asked
        )


@runtime_checkable
class HoldsPart(Protocol):
    """A constraint by which a molecule must have a part."""

    name: Any

    @property
    def part(self) -> Part | None:
        """The part; None where it asks for none."""
        ...


def part_of(wish: object) -> Part | None:
    """Return the part that a constraint asks for, None where it asks for none."""
    return wish.part if isinstance(wish, HoldsPart) else None


def _bonds(mol: Chem.Mol, primitive: Any) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    for bond in mol.GetBonds():
        ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        found[ends] = found[ends[::-1]] = primitive(bond)
    return found


def _facts(atom: Chem.Atom) -> frozenset[str]:
    """Return the primitives that the atom has in every molecule of which its own is a part.

    A neutral atom may be charged there. One without aromatic bonds may be aromatic: two carbons of ``CC`` may link two
    rings. Not where it has two other bonds already, or a triple one.
    """
    number, charge, symbol = atom.GetAtomicNum(), atom.GetFormalCharge(), atom.GetSymbol()
    if number == 0:
        return frozenset()
    facts = {f"#{number}"}
    kinds = [str(bond.GetBondType()) for bond in atom.GetBonds()]
    if "AROMATIC" in kinds:
        facts |= {symbol.lower(), "a"}
    elif "TRIPLE" in kinds or (symbol in _SATURATED and len(kinds) > 1) or (symbol == "O" and "DOUBLE" in kinds):
        facts |= {symbol, "A"}
    if charge:
        facts.add(("+" if charge > 0 else "-") + (str(abs(charge)) if abs(charge) > 1 else ""))
    if atom.IsInRing():
        facts.add("R")
    return _closed(facts)


def _alternatives(smarts: str) -> Alternatives:
    text = smarts[1:-1] if smarts.startswith("[") else smarts
    if "$" in text or ("," in text and ";" in text):
        return (frozenset({text}),)
    return tuple(_closed(set(re.split("[&;]", one))) for one in text.split(","))


def _closed(primitives: set[str]) -> frozenset[str]:
    """Return primitives and those that follow from one of them."""
    table = Chem.GetPeriodicTable()
    found = set(primitives)
    for one in primitives:
        number = _NUMBER.fullmatch(one)
        if one in _AROMATIC:
            found |= {f"#{table.GetAtomicNumber(one.capitalize())}", "a"}
        elif number is None and _SYMBOL.fullmatch(one):
            found |= {f"#{table.GetAtomicNumber(one)}", "A"}
        elif number is not None and int(number[1]) > 0 and table.GetElementSymbol(int(number[1])) in _NEVER_AROMATIC:
            found |= {table.GetElementSymbol(int(number[1])), "A"}
    return frozenset(found - {"*"})


def _element(atom: Alternatives) -> str | None:
    """Return the element of a heavy atom; None where it may be of several, or hydrogen."""
    numbers = {next((one for one in facts if _NUMBER.fullmatch(one)), None) for facts in atom}
    (number,) = numbers if len(numbers) == 1 else (None,)
    heavy = number is not None and int(number[1:]) > 1
    return str(Chem.GetPeriodicTable().GetElementSymbol(int(number[1:]))) if heavy and number is not None else None


def _follows(mine: Alternatives, asked: Alternatives) -> bool:
    return all(any(one <= facts for one in asked) for facts in mine)


def _bond_follows(mine: str | None, asked: str) -> bool:
    if mine is None:
        return False
    return asked in (mine, "~") or (asked in ("", "-,:") and mine in _EITHER)
