"""A generated entity carries the labels that the request shows: a fold of a protein has its sequence, not X.

Tokens of a structure do not carry labels such as residue names and numbers. Where an answer is about one entity that
the request shows in another modality, the labels are taken from that entity.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import ParseError
from biomatrix.generation.requests import Request
from biomatrix.vocabulary.segments import Segment
from biomatrix.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True)
class KnownEntities:
    """The entities that the answer to a request may be about.

    Parameters
    ----------
    vocabulary : Vocabulary
        Holds the modalities.
    shown : tuple of (Entity, str)
        The entities in the prompt, each with the modality in which it is written.
    about : Entity, optional
        The entity that the request names.
    """

    vocabulary: Vocabulary
    shown: tuple[tuple[Entity, str], ...] = ()
    about: Entity | None = None

    @classmethod
    def from_request(cls, vocabulary: Vocabulary, request: Request) -> KnownEntities:
        """Return the entities that the request shows and names."""
        shown: list[tuple[Entity, str]] = []
        for part in request.parts:
            if isinstance(part, Entity):
                shown.append((part, vocabulary.default_modality(part)))
            elif isinstance(part, tuple):
                shown.append(part)
        return cls(vocabulary, tuple(shown), request.about)

    @cached_property
    def losses(self) -> tuple[str, ...]:
        """What the entities lost when they were written into the prompt, each with its modality."""
        found = (
            f"the prompt's {name}: {loss}"
            for entity, name in self.shown
            for loss in self.vocabulary.modality(name).losses(entity)
        )
        return tuple(dict.fromkeys(found))

    def complete(self, segment: Segment) -> Segment:
        """Return the segment, its entity under the labels of the entity it is about; unchanged where none fit."""
        if segment.modality is None or not isinstance(segment.value, Entity):
            return segment
        if not self.vocabulary.block(segment.modality).modality.needs_structure:
            return segment
        subject = self._subject(segment.value.kind, segment.modality)
        return segment if subject is None else replace(segment, value=_with_labels_of(segment.value, subject))

    def _subject(self, kind: str, modality: str) -> Entity | None:
        """Return the entity of the kind that an answer in the modality is about, None where that is unclear."""
        if self.about is not None:
            return self.about if self.about.kind == kind else None
        others = [entity for entity, name in self.shown if entity.kind == kind and name != modality]
        return others[0] if len(others) == 1 else None


def _with_labels_of(entity: Entity, source: Entity) -> Entity:
    """Return the entity under the labels of another of its kind and size; unchanged where they do not fit."""
    kind = kind_of(entity)
    labels = kind.labels(source)
    if not labels or kind.size(entity) != kind.size(source):
        return entity
    try:
        labelled = copy(kind.with_labels(entity, labels, source.name))
    except ParseError:
        return entity
    note = f"{', '.join(labels)} taken from the {kind.name} that was given: tokens of a structure do not carry them"
    # Notes are part of every entity; a copy is changed before anyone else sees it.
    object.__setattr__(labelled, "notes", (*labelled.notes, note))
    return labelled
