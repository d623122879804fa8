"""Chains without unresolved residues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Self

import numpy as np

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.constraints.language import counting
from biomatrix.entities.constraints.positional import PositionalAutomaton, Wish
from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.modalities.structure import UNRESOLVED, ProteinStructure
from biomatrix.errors import ConfigurationError, ParseError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds


_MOST: Final = 100_000
"""No chain has more residues: a greater number is no limit."""


@dataclass(frozen=True)
class Unresolved(Constraint):
    """The most residues of a structure that may be without coordinates.

    Parameters
    ----------
    most : int
    """

    kind: ClassVar[str | None] = "protein"
    name: ClassVar[str] = "unresolved"
    help: ClassVar[str] = "the most unresolved residues of a structure, or no"
    example: ClassVar[str] = "no"

    most: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``no`` or a number."""
        word = text.strip().lower()
        if word != "no" and not (word.isascii() and word.isdecimal()):
            raise ParseError(f"unresolved is no, or the most there may be, not {text!r}", position=0)
        return cls(0 if word == "no" else min(int(word.lstrip("0")[:9] or "0"), _MOST))

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Count the unresolved token."""
        if not isinstance(modality, ProteinStructure):
            raise ConfigurationError(f"{self.name} speaks of coordinates; {modality.name} writes none")
        positional = PositionalAutomaton.over(automaton, modality, ids)
        members = positional.inside == ids.tokens.get(UNRESOLVED, -1)
        language = counting(members, np.zeros(1, dtype=np.int64), np.array([self.most]))
        return positional.keeping(Wish(self.name, languages=(language,)))

    def fault(self, entity: Entity) -> str | None:
        """Return how many residues too many are unresolved."""
        if not isinstance(entity, Protein):
            return f"{self.name} asks for a protein"
        lost = int((~entity.resolved).sum())
        return f"{lost} residues are unresolved, more than {self.most}" if lost > self.most else None
