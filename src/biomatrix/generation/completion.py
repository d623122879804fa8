"""A generated entity carries the labels that the request shows: a fold of a protein has its sequence, not X.

Tokens of a structure do not carry labels such as residue names and numbers. Where an answer is about one entity that
the request shows in another modality, the labels are taken from that entity.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.constraint import Constraint
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError
from biomatrix.generation.checked import shown
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
        The entity that the request names, or that one of its constraints keeps.
    kept : Entity, optional
        The entity that the request keeps in a modality without structure.
    """

    vocabulary: Vocabulary
    shown: tuple[tuple[Entity, str], ...] = ()
    about: Entity | None = None
    kept: Entity | None = None

    @classmethod
    def from_request(cls, vocabulary: Vocabulary, request: Request) -> KnownEntities:
        """Return the entities that the request shows, names and keeps."""
        shown: list[tuple[Entity, str]] = []
        for part in request.parts:
            if isinstance(part, Entity):
                shown.append((part, vocabulary.default_modality(part)))
            elif isinstance(part, tuple):
                shown.append(part)
        kept = kept_segment(vocabulary, request)
        without_structure = kept is not None and not vocabulary.block(kept[1]).modality.needs_structure
        subjects = (wish.subject for wish in request.wishes if isinstance(wish, Constraint))
        about = request.about or next((subject for subject in subjects if subject is not None), None)
        return cls(vocabulary, tuple(shown), about, kept[0] if kept and without_structure else None)

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
        if not self._is_structure(segment):
            return segment
        subject = self._subject(segment.value.kind, segment.modality)
        if subject is None:
            return segment
        return replace(segment, value=_with_labels_of(segment.value, subject, "was given"))

    def complete_together(self, segments: Sequence[Segment]) -> list[Segment]:
        """Return the segments of one entity, each structure under the labels of the segment beside it.

        Where the request keeps an entity without structure, its labels are that entity's own.
        """
        return [self._completed_beside(segment, segments) for segment in segments]

    def _completed_beside(self, segment: Segment, segments: Sequence[Segment]) -> Segment:
        if segment.modality is None or not isinstance(segment.value, Entity) or not self._is_structure(segment):
            return segment
        beside = [one.value for one in segments if isinstance(one.value, Entity) and not self._is_structure(one)]
        sources = [self.kept] if self.kept is not None else beside
        source = next((one for one in sources if one.kind == segment.value.kind), None)
        if source is None:
            return segment
        return replace(segment, value=_with_labels_of(segment.value, source, "is written beside it"))

    def _is_structure(self, segment: Segment) -> bool:
        return segment.modality is not None and self.vocabulary.block(segment.modality).modality.needs_structure

    def _subject(self, kind: str, modality: str) -> Entity | None:
        """Return the entity of the kind that an answer in the modality is about, None where that is unclear."""
        if self.about is not None:
            return self.about if self.about.kind == kind else None
        others = [entity for entity, name in self.shown if entity.kind == kind and name != modality]
        return others[0] if len(others) == 1 else None


def kept_segment(vocabulary: Vocabulary, request: Request) -> tuple[Entity, str] | None:
    """Return the entity that a request keeps and the output modality that it fills; None where it keeps none.

    Raises
    ------
    ConfigurationError
        No output takes the entity, or several do and the request does not say which.
    """
    if request.kept is None:
        return None
    entity, name = request.kept if isinstance(request.kept, tuple) else (request.kept, "")
    takers = [one for one in request.outputs if vocabulary.block(one).modality.accepts(entity)]
    if name and name not in request.outputs:
        raise ConfigurationError(f"kept names {name!r}, which is none of the output: {', '.join(request.outputs)}")
    if name and name not in takers:
        raise ConfigurationError(f"kept: {name} does not take this {entity.kind}")
    if not takers:
        raise ConfigurationError(f"kept is a {entity.kind} that none of {', '.join(request.outputs)} takes")
    if not name and len(takers) > 1:
        raise ConfigurationError(f"kept fits {' and '.join(takers)}; pair it with the name of one")
    return entity, name or takers[0]


def kept_ids(vocabulary: Vocabulary, kept: tuple[Entity, str]) -> list[int]:
    """Return the ids of a kept entity, control pair included; ConfigurationError says what cannot be written."""
    entity, name = kept
    try:
        return vocabulary.encode_entity(entity, name)
    except BioMatrixError as error:
        what = f"the {entity.kind} {shown(kind_of(entity).text(entity))}"
        raise ConfigurationError(f"kept: {what} is not written as {name}: {error.message}") from error


def _with_labels_of(entity: Entity, source: Entity, which: str) -> Entity:
    """Return the entity under the labels of another of its kind and size; unchanged where they do not fit."""
    kind = kind_of(entity)
    labels = kind.labels(source)
    if not labels or kind.size(entity) != kind.size(source):
        return entity
    try:
        labelled = copy(kind.with_labels(entity, labels, source.name))
    except ParseError:
        return entity
    note = f"{', '.join(labels)} taken from the {kind.name} that {which}: tokens of a structure do not carry them"
    # Notes are part of every entity; a copy is changed before anyone else sees it.
    object.__setattr__(labelled, "notes", (*labelled.notes, note))
    return labelled
