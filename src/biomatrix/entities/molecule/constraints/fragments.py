"""Substructures that a molecule must, or must not, contain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar

from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.constraint_text import check_length
from biomatrix.entities.molecule.constraints.count_text import parse_count
from biomatrix.entities.molecule.constraints.scaffold import Scaffold
from biomatrix.entities.molecule.counts import Count, shown_count
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.matching import is_part, matches_of
from biomatrix.entities.molecule.parts import Part, part_of
from biomatrix.entities.molecule.scaffolds.narrowing import with_scaffold
from biomatrix.errors import ConfigurationError, ParseError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds

_HYDROGENS: Final = re.compile(r"\[(?!nH\])[^]]*H|[DXRhrvx]\d|[!,;&$*?~]")
"""What in a pattern speaks of hydrogens, degrees, rings or alternatives."""
Kept = TypeVar("Kept", bound="SmartsConstraint")
_COUNTED: Final = re.compile(r"(?P<smarts>.*?)\s*(?P<count>(?:>=|<=|==)\s*\d+)", re.ASCII)


@dataclass(frozen=True)
class SmartsConstraint(Constraint):
    """How often a SMARTS pattern occurs, each set of atoms counted once.

    Parameters
    ----------
    smarts : str
    count : Count
        The least and the most.
    """

    kind: ClassVar[str | None] = "molecule"

    smarts: str
    count: Count

    def __post_init__(self) -> None:
        """Refuse what is no SMARTS pattern, and one that is too long."""
        check_length(self.name, self.smarts)
        if self.pattern is None or self.pattern.GetNumAtoms() == 0:
            raise ConfigurationError(f"{self.name}: {self.smarts!r} is no SMARTS pattern")

    @cached_property
    def pattern(self) -> Any:
        """The pattern as RDKit reads it."""
        with BlockLogs():
            return Chem.MolFromSmarts(self.smarts)

    @cached_property
    def part(self) -> Part | None:
        """What is certain of the pattern's atoms in every molecule that has it; None where it need not occur."""
        return Part.of_pattern(self.pattern, self.smarts, self.count[0]) if self.count[0] else None

    @property
    def fewest(self) -> int:
        """The heavy atoms that it surely takes."""
        return 0 if self.part is None else self.part.elements.total()

    def contradiction(self, other: Constraint) -> str | None:
        """Return where a part that the other asks for matches this pattern, which must not occur."""
        if isinstance(other, SmartsConstraint) and self.smarts == other.smarts:
            (least, most), (fewest, highest) = self.count, other.count
            if (most is not None and fewest > most) or (highest is not None and least > highest):
                asked = f"{shown_count(self.count)} and {shown_count(other.count)}"
                return f"no number of {self.smarts} is both {asked}"
        part = part_of(other) if self.count[1] == 0 else None
        if part is not None and part.implies(Part.of_pattern(self.pattern, self.smarts)):
            return f"every molecule with {part.text} has {self.smarts}"
        return None

    def fault(self, entity: Entity) -> str | None:
        """Return how often the pattern occurs where it is too often, or not often enough."""
        if not isinstance(entity, Molecule):
            return f"{self.name} asks for a molecule"
        found = len(matches_of(entity.mol, self.pattern))
        least, most = self.count
        if found < least or (most is not None and found > most):
            return f"{self.smarts} occurs {found} times, not {shown_count(self.count)}"
        return None


@dataclass(frozen=True)
class Contains(SmartsConstraint):
    """A SMARTS pattern that occurs, as often as asked."""

    name: ClassVar[str] = "contains"
    help: ClassVar[str] = "a SMARTS pattern that occurs, perhaps with a count: [OX2H], [OX2H]>=2, [OX2H]==1"
    example: ClassVar[str] = "[OX2H]>=2"
    kept: ClassVar[str] = "guides molecule_smiles where it is a plain fragment; judged elsewhere"

    count: Count = (1, None)
    written: bool = field(default=True, kw_only=True)
    """Whether a plain fragment is written into SMILES; a scaffold beside it is written in its place."""

    def beside(self, others: Sequence[object]) -> Self:
        """Return the constraint, only judged where a scaffold is asked for too."""
        return replace(self, written=self.written and not any(isinstance(one, Scaffold) for one in others))

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Write a plain fragment into SMILES strings once; patterns of more are only looked for."""
        fragment = self.fragment if self.count[0] and self.written else None
        return automaton if fragment is None else with_scaffold(automaton, modality, ids, fragment)

    @cached_property
    def fragment(self) -> Chem.Mol | None:
        """The pattern as a molecule where all that contains it matches; None where it says more or less."""
        if _HYDROGENS.search(self.smarts) or "." in self.smarts or self.pattern is None:
            return None
        with BlockLogs():
            fragment = Chem.MolFromSmiles(self.smarts)
        same = fragment is not None and fragment.GetNumAtoms() == self.pattern.GetNumAtoms()
        return fragment if same and is_part(fragment, self.pattern) else None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a pattern, and perhaps ``>=2``, ``<=3`` or ``==1`` behind it."""
        found = _COUNTED.fullmatch(text.strip())
        if found is None:
            return _made(cls, text.strip(), (1, None))
        return _made(cls, found["smarts"], parse_count(found["count"].replace("==", "="), found.start("count")))


@dataclass(frozen=True)
class Without(SmartsConstraint):
    """A SMARTS pattern that does not occur."""

    name: ClassVar[str] = "without"
    help: ClassVar[str] = "a SMARTS pattern that does not occur"
    example: ClassVar[str] = "[N+](=O)[O-]"
    kept: ClassVar[str] = "judged: drafts that break it are written again"

    count: Count = (0, 0)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a pattern."""
        return _made(cls, text.strip(), (0, 0))


def _made(constraint: type[Kept], smarts: str, count: Count) -> Kept:
    try:
        return constraint(smarts, count)
    except ConfigurationError as error:
        raise ParseError(error.message, position=0) from None
