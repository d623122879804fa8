"""A scaffold that is kept, whatever hangs on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final, Self

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.matching import is_part
from biomatrix.entities.molecule.parts import Part
from biomatrix.entities.molecule.scaffolds.narrowing import with_scaffold
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds

_MOST_ATOMS: Final = 500


@dataclass(frozen=True, eq=False)
class Scaffold(Constraint):
    """A molecule that is part of the answer, with its bonds and charges as they are.

    Parameters
    ----------
    molecule : Molecule
    """

    kind: ClassVar[str | None] = "molecule"
    name: ClassVar[str] = "scaffold"
    help: ClassVar[str] = "a SMILES kept as part of the molecule, with anything on its free places"
    example: ClassVar[str] = "c1ccc2[nH]ccc2c1"
    kept: ClassVar[str] = "guides molecule_smiles; judged elsewhere, in molecule_selfies too"

    molecule: Molecule

    def __post_init__(self) -> None:
        """Refuse a molecule that is too large to be written as part of others."""
        atoms = self.molecule.mol.GetNumAtoms()
        if atoms > _MOST_ATOMS:
            raise ConfigurationError(
                f"{self.name}: a scaffold of {atoms:,} atoms is too large; give one of at most {_MOST_ATOMS}"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a SMILES string."""
        return cls(Molecule.from_smiles(text.strip()))

    @cached_property
    def part(self) -> Part | None:
        """What is certain of the scaffold's atoms in every molecule that has it."""
        return Part.of_molecule(self.molecule.without_hydrogens().mol, self.molecule.smiles)

    @property
    def fewest(self) -> int:
        """Its heavy atoms."""
        return 0 if self.part is None else self.part.elements.total()

    def contradiction(self, other: Constraint) -> str | None:
        """Return that a second scaffold is not written, unless one of the two holds the other."""
        if not isinstance(other, Scaffold):
            return None
        mine, its = self.molecule.mol, other.molecule.mol
        if is_part(mine, its, chiral=True) or is_part(its, mine, chiral=True):
            return None
        return (
            f"one scaffold is written, and of {self.molecule.smiles} and {other.molecule.smiles} none holds the other; "
            f"ask for contains={other.molecule.smiles}, which is judged"
        )

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Write the scaffold into SMILES strings; other automata are left as they are."""
        return with_scaffold(automaton, modality, ids, self.molecule.mol)

    def fault(self, entity: Entity) -> str | None:
        """Return whether the scaffold is missing."""
        if not isinstance(entity, Molecule):
            return f"{self.name} asks for a molecule"
        kept = is_part(entity.mol, self.molecule.mol, chiral=True)
        return None if kept else f"{self.molecule.smiles} is no part of it"
