"""How many heavy atoms, and how many rings, a molecule has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from biomatrix.entities.molecule.constraints.count_text import parse_count
from biomatrix.entities.molecule.constraints.counted import CountConstraint
from biomatrix.entities.molecule.counts import Count, MoleculeCounts


@dataclass(frozen=True)
class _Size(CountConstraint):
    """One number.

    Parameters
    ----------
    count : Count
        The least and the most.
    """

    count: Count

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a count."""
        return cls(parse_count(text))


@dataclass(frozen=True)
class Atoms(_Size):
    """The number of heavy atoms."""

    name: ClassVar[str] = "atoms"
    help: ClassVar[str] = "the number of heavy atoms: 12, 10-20, <=30, >=5"
    example: ClassVar[str] = "10-20"

    @property
    def counts(self) -> MoleculeCounts:
        return MoleculeCounts(atoms=self.count)


@dataclass(frozen=True)
class Rings(_Size):
    """The number of independent rings."""

    name: ClassVar[str] = "rings"
    help: ClassVar[str] = "the number of independent rings: 2, 1-3, <=4, >=1"
    example: ClassVar[str] = "1-3"

    @property
    def counts(self) -> MoleculeCounts:
        return MoleculeCounts(rings=self.count)
