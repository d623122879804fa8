"""What a constraint of an answer in text is: a set of strings, and what each of them means."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Self, TypeAlias

from biomatrix.entities.constraint import Constraint
from biomatrix.errors import ConfigurationError, ParseError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds
    from biomatrix.generation.text_answers.language import Language

AnswerValue: TypeAlias = float | bool | str


class TextConstraint(Constraint):
    """One wish about an answer in text: which strings it may be. Kept for every answer, by construction."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the constraint, which takes no value unless a subclass says so; ParseError where one is given."""
        if text.strip():
            raise ParseError("takes no value")
        return cls()

    @abstractmethod
    def language(self) -> Language:
        """Return the strings that are answers."""

    @abstractmethod
    def value(self, text: str) -> AnswerValue:
        """Return what an answer says. Raises ParseError where the text is none of the strings."""

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Refuse: a modality is no text."""
        raise ConfigurationError(f"{self.name} is asked of answers in text; leave the output {modality.name} out")
