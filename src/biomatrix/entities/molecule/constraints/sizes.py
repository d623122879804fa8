"""How many heavy atoms, and how many rings, a molecule has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from biomatrix.entities.molecule.constraints.counted import CountConstraint, parse_count
from biomatrix.entities.molecule.counts import Count, MoleculeCounts


@dataclass(frozen=True)
class Atoms(CountConstraint):
    """The number of heavy atoms.

    Parameters
    ----------
    count : Count
        The least and the most.
    """

    name: ClassVar[str] = "atoms"
    help: ClassVar[str] = "the number of heavy atoms: 12, 10-20, <=30, >=5"
    example: ClassVar[str] = "10-20"

    count: Count

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a count."""
        return cls(parse_count(text))

    @property
    def counts(self) -> MoleculeCounts:
        return MoleculeCounts(atoms=self.count)


@dataclass(frozen=True)
class Rings(CountConstraint):
    """The number of independent rings.

    Parameters
    ----------
    count : Count
        The least and the most.
    """

    name: ClassVar[str] = "rings"
    help: ClassVar[str] = "the number of independent rings: 2, 1-3, <=4, >=1"
    example: ClassVar[str] = "1-3"

    count: Count

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a count."""
        return cls(parse_count(text))

    @property
    def counts(self) -> MoleculeCounts:
        return MoleculeCounts(rings=self.count)
