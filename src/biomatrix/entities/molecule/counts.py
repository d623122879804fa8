"""How many atoms and bonds a molecule is to have, and which automata can count them while they write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

from biomatrix.entities.automaton import Automaton
from biomatrix.errors import ConfigurationError
from biomatrix.metrics.graph_counts import bond_counts, element_counts, ring_count

if TYPE_CHECKING:
    from rdkit import Chem

BondKind = Literal["single", "double", "triple", "aromatic", "rotatable"]
"""Bonds between heavy atoms by type; rotatable ones as RDKit counts them, and also single."""
Count: TypeAlias = tuple[int, int | None]
"""The least and the most; None for no upper limit."""


@dataclass(frozen=True)
class MoleculeCounts:
    """Limits on what a molecule consists of; hydrogens are never counted.

    Parameters
    ----------
    elements : mapping of str to Count
        By element symbol, such as ``{"C": (8, 8), "O": (1, None)}``.
    others : bool
        Whether elements that ``elements`` does not name may occur.
    atoms : Count
        Heavy atoms in all.
    bonds : mapping of BondKind to Count
        By type; a type that is not named is free.
    rings : Count
        Independent rings (bonds - atoms + fragments).
    hydrogens : Count, optional
        Hydrogens in all, implicit ones among them; free where not given.
    charge : int, optional
        The net formal charge; free where not given.
    radicals : bool
        Whether there may be unpaired electrons.
    """

    elements: Mapping[str, Count] = field(default_factory=dict)
    others: bool = True
    atoms: Count = (0, None)
    bonds: Mapping[BondKind, Count] = field(default_factory=dict)
    rings: Count = (0, None)
    hydrogens: Count | None = None
    charge: int | None = None
    radicals: bool = False

    def within(self, other: MoleculeCounts) -> MoleculeCounts:
        """Return the counts that keep both.

        Raises
        ------
        ConfigurationError
            No number keeps both; the message names what is counted.

        Examples
        --------
        >>> some, all_ = MoleculeCounts({"C": (2, None)}, atoms=(0, 9)), MoleculeCounts({"C": (0, 5)}, others=False)
        >>> both = some.within(all_)
        >>> both.elements, both.others, both.atoms
        ({'C': (2, 5)}, False, (0, 9))
        """
        named = list(dict.fromkeys([*self.elements, *other.elements]))
        elements = {one: _both(one, self.element(one), other.element(one)) for one in named}
        kinds: list[BondKind] = list(dict.fromkeys([*self.bonds, *other.bonds]))
        free: Count = (0, None)
        return MoleculeCounts(
            elements,
            self.others and other.others,
            _both("atoms", self.atoms, other.atoms),
            {one: _both(f"{one} bonds", self.bonds.get(one, free), other.bonds.get(one, free)) for one in kinds},
            _both("rings", self.rings, other.rings),
            _both("hydrogens", self.hydrogens or free, other.hydrogens or free)
            if self.hydrogens or other.hydrogens
            else None,
            _same_charge(self.charge, other.charge),
            self.radicals or other.radicals,
        )

    def element(self, symbol: str) -> Count:
        """Return the limits of an element, named or not."""
        return self.elements.get(symbol, (0, None if self.others else 0))

    def fault(self, mol: Chem.Mol) -> str | None:
        """Return what of a molecule is outside the limits, in words; None where nothing is."""
        return next((f"{count} {what}, not {limits}" for what, count, limits in self._faults(mol)), None)

    def __str__(self) -> str:
        """Return the limits in words, such as ``C 8, O at least 1, no other elements, 2 rings``."""
        free: Count = (0, None)
        said = [f"{symbol} {shown_count(limits)}" for symbol, limits in self.elements.items()]
        said += [] if self.others else ["no other elements" if said else "no heavy atoms"]
        said += [] if self.atoms == free else [f"{shown_count(self.atoms)} heavy atoms"]
        said += [f"{shown_count(limits)} {kind} bonds" for kind, limits in self.bonds.items()]
        said += [] if self.rings == free else [f"{shown_count(self.rings)} rings"]
        said += [] if self.hydrogens is None else [f"{shown_count(self.hydrogens)} hydrogens"]
        said += [f"charge {self.charge:+d}"] if self.charge else []
        return ", ".join(said) or "any"

    def _faults(self, mol: Chem.Mol) -> Iterator[tuple[str, int, str]]:
        found = element_counts(mol)
        measured = [(symbol, found[symbol], self.element(symbol)) for symbol in {**self.elements, **found}]
        measured.append(("heavy atoms", sum(found.values()), self.atoms))
        if self.bonds:
            bonds = bond_counts(mol)
            measured += [(f"{kind} bonds", bonds[kind], limits) for kind, limits in self.bonds.items()]
        if self.rings != (0, None):
            measured.append(("rings", ring_count(mol), self.rings))
        if self.hydrogens is not None:
            measured.append(("hydrogens", _hydrogens(mol), self.hydrogens))
        if self.charge is not None:
            charge = sum(atom.GetFormalCharge() for atom in mol.GetAtoms())
            if charge != self.charge:
                yield "elementary charges", charge, str(self.charge)
        for what, count, (least, most) in measured:
            if count < least or (most is not None and count > most):
                yield what, count, shown_count((least, most))


def shown_count(count: Count) -> str:
    """Return limits in words.

    Examples
    --------
    >>> shown_count((2, 2)), shown_count((1, None)), shown_count((0, 3)), shown_count((1, 3))
    ('2', 'at least 1', 'at most 3', '1 to 3')
    """
    least, most = count
    if most is None:
        return f"at least {least}"
    if least == most:
        return str(least)
    return f"{least} to {most}" if least else f"at most {most}"


def _both(what: str, mine: Count, theirs: Count) -> Count:
    least = max(mine[0], theirs[0])
    most = min((one for one in (mine[1], theirs[1]) if one is not None), default=None)
    if most is not None and least > most:
        raise ConfigurationError(f"{what}: no number is both {shown_count(mine)} and {shown_count(theirs)}")
    return least, most


def _same_charge(mine: int | None, theirs: int | None) -> int | None:
    if None not in (mine, theirs) and mine != theirs:
        raise ConfigurationError(f"charge: it is not both {mine:+d} and {theirs:+d}")
    return theirs if mine is None else mine


def _hydrogens(mol: Chem.Mol) -> int:
    atoms = mol.GetAtoms()
    return sum(atom.GetTotalNumHs() + (atom.GetAtomicNum() == 1) for atom in atoms)


@runtime_checkable
class CountsMolecules(Protocol):
    """An automaton that knows which atoms and bonds its tokens write."""

    def counting(self, counts: MoleculeCounts) -> Automaton:
        """Return the automaton of the molecules within the counts, as far as it can track them, without dead ends.

        An automaton that counts already keeps its own counts too: see :meth:`MoleculeCounts.within`.

        Raises
        ------
        ConfigurationError
            No molecule that it writes has such counts.
        """
        ...
