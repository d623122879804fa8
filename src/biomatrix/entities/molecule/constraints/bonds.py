"""How many bonds of each type a molecule has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self, get_args

from biomatrix.entities.molecule.constraints.count_text import parse_count
from biomatrix.entities.molecule.constraints.counted import CountConstraint
from biomatrix.entities.molecule.counts import BondKind, Count, MoleculeCounts
from biomatrix.errors import ParseError

_KINDS: Mapping[str, BondKind] = {kind: kind for kind in get_args(BondKind)}


@dataclass(frozen=True)
class Bonds(CountConstraint):
    """Bonds between heavy atoms by type; a type that is not named is free.

    Parameters
    ----------
    bonds : tuple of (BondKind, Count)
    """

    name: ClassVar[str] = "bonds"
    help: ClassVar[str] = "numbers of single, double, triple, aromatic and rotatable bonds, TYPE:COUNT with commas"
    example: ClassVar[str] = "single:15,double:<=2,aromatic:6,rotatable:1-3"
    kept: ClassVar[str] = "guides molecule_smiles; judged in molecule_selfies"

    bonds: tuple[tuple[BondKind, Count], ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``single:15,double:2``."""
        bonds: dict[BondKind, Count] = {}
        offset = 0
        for item in text.split(","):
            word, _, count = item.partition(":")
            kind = _KINDS.get(word.strip().lower())
            if kind is None or kind in bonds:
                reason = "given twice" if kind else f"none of {', '.join(_KINDS)}"
                raise ParseError(f"{word.strip()!r} is {reason}", position=offset)
            bonds[kind] = parse_count(count, offset + len(word) + 1)
            offset += len(item) + 1
        return cls(tuple(bonds.items()))

    @property
    def counts(self) -> MoleculeCounts:
        return MoleculeCounts(bonds=dict(self.bonds))
