"""A generated entity carries what is known of it: a fold of a known sequence has that sequence, not X.

Tokens of a structure do not carry labels such as residue names and numbers. Where an answer is about one entity that
the request shows in another modality, they are that entity's.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import ParseError
from biomatrix.generation.requests import Request
from biomatrix.vocabulary.segments import Segment
from biomatrix.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True)
class KnownEntities:
    """What a request says of the entities its answer may be about.

    Parameters
    ----------
    vocabulary : Vocabulary
        Its modalities.
    shown : tuple of (Entity, str)
        The entities in the prompt, each with the modality it is written in.
    about : Entity, optional
        The one the request names.
    """

    vocabulary: Vocabulary
    shown: tuple[tuple[Entity, str], ...] = ()
    about: Entity | None = None

    @classmethod
    def from_request(cls, vocabulary: Vocabulary, request: Request) -> KnownEntities:
        """Return what the request shows and names."""
        shown: list[tuple[Entity, str]] = []
        for part in request.parts:
            if isinstance(part, Entity):
                shown.append((part, vocabulary.default_modality(part)))
            elif isinstance(part, tuple):
                shown.append(part)
        return cls(vocabulary, tuple(shown), request.about)

    def complete(self, segment: Segment) -> Segment:
        """Return a segment whose entity has the labels of the one it is about, where they fit; else as it is."""
        if segment.modality is None or not isinstance(segment.value, Entity):
            return segment
        if not self.vocabulary.block(segment.modality).modality.needs_structure:
            return segment
        given = self._subject(segment.value.kind, segment.modality)
        return segment if given is None else replace(segment, value=_labelled(segment.value, given))

    def _subject(self, kind: str, modality: str) -> Entity | None:
        """Return the entity of that kind that an answer in a modality is about, None where that is not clear."""
        if self.about is not None:
            return self.about if self.about.kind == kind else None
        others = [entity for entity, written_as in self.shown if entity.kind == kind and written_as != modality]
        return others[0] if len(others) == 1 else None


def _labelled(entity: Entity, given: Entity) -> Entity:
    """Return the entity under the labels of another of its kind and size; as it is where they do not fit."""
    kind = kind_of(entity)
    labels = kind.labels(given)
    if not labels or kind.size(entity) != kind.size(given):
        return entity
    try:
        labelled = copy(kind.with_labels(entity, labels, given.name))
    except ParseError:
        return entity
    note = f"{', '.join(labels)} taken from the {kind.name} that was given: tokens of a structure do not carry them"
    # Notes are part of every entity; a copy is changed before anyone else sees it.
    object.__setattr__(labelled, "notes", (*labelled.notes, note))
    return labelled
