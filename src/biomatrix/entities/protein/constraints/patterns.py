"""Motifs that must not, or must, stand somewhere in the sequence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.constraints.patterns import pattern_table, whole_table
from biomatrix.entities.constraints.positional import Wish
from biomatrix.entities.constraints.prosite import from_prosite, is_prosite
from biomatrix.entities.protein.constraints.letters import LETTERS, over_letters, sequence_automaton
from biomatrix.entities.protein.entity import Protein
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds

_MOST_STATES: Final = 20_000
"""Of all patterns of one constraint together."""


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
        """Read patterns separated by semicolons, each a regular expression or as PROSITE writes it."""
        offset = states = 0
        patterns: list[str] = []
        for pattern in text.split(";"):
            try:
                written = pattern.strip()
                patterns.append(from_prosite(written) if is_prosite(written) else written)
                states = _added(states, cls.table(patterns[-1])[1])
            except ParseError as error:
                place = error.position if isinstance(error.position, int) else 0
                raise ParseError(error.message, position=offset + place) from None
            offset += len(pattern) + 1
        return cls(tuple(patterns))

    @staticmethod
    def table(pattern: str) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Return the automaton of a pattern over residue letters, and in which of its states the pattern holds."""
        return pattern_table(pattern, LETTERS)

    @staticmethod
    def found(pattern: str, sequence: str) -> re.Match[str] | None:
        """Return where a pattern holds, by Python's own regular expressions."""
        return re.search(pattern, sequence)

    def __post_init__(self) -> None:
        """Refuse what is no pattern."""
        states = 0
        for pattern in self.patterns:
            try:
                states = _added(states, self.table(pattern)[1])
            except BioMatrixError as error:
                raise ConfigurationError(f"{self.name}: {error.message}") from None

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Follow every pattern while the sequence is written."""
        positional, letters = sequence_automaton(self.name, automaton, modality, ids)
        tables = [self.table(pattern) for pattern in self.patterns]
        languages = [over_letters(letters, table, seen == self.wanted, LETTERS) for table, seen in tables]
        return positional.keeping(Wish(self.name, languages=tuple(languages)))

    def fault(self, entity: Entity) -> str | None:
        """Return the first pattern found, or missed, by Python's own regular expressions."""
        if not isinstance(entity, Protein):
            return f"{self.name} asks for a protein"
        for pattern in self.patterns:
            found = self.found(pattern, entity.sequence)
            if (found is not None) != self.wanted:
                return f"{pattern} stands at position {found.start() + 1}" if found else f"{pattern} stands nowhere"
        return None


def _added(states: int, table: NDArray[np.bool_]) -> int:
    """Return the states of patterns and of one more. Raises ParseError where there are too many to be followed."""
    total = states + len(table)
    if total > _MOST_STATES:
        raise ParseError(
            f"the patterns up to this one have more than {_MOST_STATES:,} states together; give fewer, or smaller "
            "repeats",
            position=0,
        )
    return total


@dataclass(frozen=True)
class Forbidden(PatternConstraint):
    """Patterns that stand nowhere, such as the glycosylation site ``N[^P][ST]``."""

    name: ClassVar[str] = "forbidden"
    help: ClassVar[str] = "motifs that stand nowhere, regular expressions of residues or PROSITE's, separated by ;"
    example: ClassVar[str] = "N[^P][ST];KK"
    wanted: ClassVar[bool] = False


@dataclass(frozen=True)
class Motif(PatternConstraint):
    """Patterns that each stand somewhere, such as the cell attachment site ``RGD``."""

    name: ClassVar[str] = "motif"
    help: ClassVar[str] = "motifs that each stand somewhere, regular expressions of residues or PROSITE's, with ;"
    example: ClassVar[str] = "RGD;C-x(2,4)-C"
    wanted: ClassVar[bool] = True


@dataclass(frozen=True)
class Pattern(PatternConstraint):
    """Patterns that the whole sequence keeps, such as ``M.{20,30}H{6}``."""

    name: ClassVar[str] = "pattern"
    help: ClassVar[str] = "patterns of the whole sequence, regular expressions of residues or PROSITE's, with ;"
    example: ClassVar[str] = "M.{20,30}H{6}"
    wanted: ClassVar[bool] = True

    @staticmethod
    def table(pattern: str) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Return the automaton of sequences that are as the pattern says from end to end."""
        return whole_table(pattern, LETTERS)

    @staticmethod
    def found(pattern: str, sequence: str) -> re.Match[str] | None:
        """Return the match of the whole sequence."""
        return re.fullmatch(pattern, sequence)
