"""How many atoms and bonds a molecule is to have, and which automata can count them while they write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from biomatrix.entities.automaton import Automaton

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
    """

    elements: Mapping[str, Count] = field(default_factory=dict)
    others: bool = True
    atoms: Count = (0, None)
    bonds: Mapping[BondKind, Count] = field(default_factory=dict)
    rings: Count = (0, None)


@runtime_checkable
class CountsMolecules(Protocol):
    """An automaton that knows which atoms and bonds its tokens write."""

    def counting(self, counts: MoleculeCounts) -> Automaton:
        """Return the automaton of the molecules within the counts, as far as it can track them, without dead ends.

        Raises
        ------
        ConfigurationError
            No molecule that it writes has such counts.
        """
        ...
