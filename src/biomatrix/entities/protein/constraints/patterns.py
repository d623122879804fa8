"""Motifs that must not, or must, stand somewhere in the sequence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.constraints.patterns import pattern_table
from biomatrix.entities.constraints.positional import Wish
from biomatrix.entities.protein.constraints.letters import LETTERS, over_letters, sequence_automaton
from biomatrix.entities.protein.entity import Protein
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds


@dataclass(frozen=True)
class PatternConstraint(Constraint):
    """Patterns over residue letters.

    Parameters
    ----------
    patterns : tuple of str
        See :mod:`biomatrix.entities.constraints.pattern_syntax`.
    """

    kind: ClassVar[str | None] = "protein"
    wanted: ClassVar[bool]
    """Whether each must stand somewhere, or nowhere."""

    patterns: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read patterns separated by semicolons."""
        offset = 0
        for pattern in text.split(";"):
            try:
                pattern_table(pattern.strip(), LETTERS)
            except ParseError as error:
                place = error.position if isinstance(error.position, int) else 0
                raise ParseError(error.message, position=offset + place) from None
            offset += len(pattern) + 1
        return cls(tuple(pattern.strip() for pattern in text.split(";")))

    def __post_init__(self) -> None:
        """Refuse what is no pattern."""
        for pattern in self.patterns:
            try:
                pattern_table(pattern, LETTERS)
            except BioMatrixError as error:
                raise ConfigurationError(f"{self.name}: {error.message}") from None

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Follow every pattern while the sequence is written."""
        positional, letters = sequence_automaton(self.name, automaton, modality, ids)
        tables = [pattern_table(pattern, LETTERS) for pattern in self.patterns]
        languages = [over_letters(letters, table, seen == self.wanted, LETTERS) for table, seen in tables]
        return positional.keeping(Wish(self.name, languages=tuple(languages)))

    def fault(self, entity: Entity) -> str | None:
        """Return the first pattern found, or missed, by Python's own regular expressions."""
        if not isinstance(entity, Protein):
            return f"{self.name} asks for a protein"
        for pattern in self.patterns:
            found = re.search(pattern, entity.sequence)
            if (found is not None) != self.wanted:
                return f"{pattern} stands at position {found.start() + 1}" if found else f"{pattern} stands nowhere"
        return None


@dataclass(frozen=True)
class Forbidden(PatternConstraint):
    """Patterns that stand nowhere, such as the glycosylation site ``N[^P][ST]``."""

    name: ClassVar[str] = "forbidden"
    help: ClassVar[str] = "motifs that stand nowhere, regular expressions of residue letters separated by ;"
    example: ClassVar[str] = "N[^P][ST];KK"
    wanted: ClassVar[bool] = False


@dataclass(frozen=True)
class Motif(PatternConstraint):
    """Patterns that each stand somewhere, such as the cell attachment site ``RGD``."""

    name: ClassVar[str] = "motif"
    help: ClassVar[str] = "motifs that each stand somewhere, regular expressions of residue letters separated by ;"
    example: ClassVar[str] = "RGD;C.{2,4}C"
    wanted: ClassVar[bool] = True
