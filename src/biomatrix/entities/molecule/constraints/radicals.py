"""Unpaired electrons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.molecule.constraints.count_text import parse_count
from biomatrix.entities.molecule.counts import Count, shown_count
from biomatrix.entities.molecule.entity import Molecule

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity


@dataclass(frozen=True)
class Radicals(Constraint):
    """The number of unpaired electrons; beside it constraints that count atoms and bonds allow radicals.

    Parameters
    ----------
    count : Count
    """

    kind: ClassVar[str | None] = "molecule"
    name: ClassVar[str] = "radicals"
    help: ClassVar[str] = "unpaired electrons: 1, <=2, >=0; where atoms or bonds are counted there are none without it"
    example: ClassVar[str] = "1"
    kept: ClassVar[str] = "judged: drafts that break it are written again"

    count: Count

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a count."""
        return cls(parse_count(text))

    def fault(self, entity: Entity) -> str | None:
        """Return the number of unpaired electrons where it is another."""
        if not isinstance(entity, Molecule):
            return f"{self.name} asks for a molecule"
        least, most = self.count
        found = unpaired_electrons(entity)
        if found >= least and (most is None or found <= most):
            return None
        return f"{found} unpaired electrons, not {shown_count(self.count)}"


def unpaired_electrons(molecule: Molecule) -> int:
    """Return the unpaired electrons of a molecule, as RDKit finds them."""
    return sum(atom.GetNumRadicalElectrons() for atom in molecule.mol.GetAtoms())
