"""How a prompt shows an entity: as vectors, as tokens, as text, or as several of these, one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import UnsupportedError
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.wording import question_parts
from biomatrix.tasks.documents import PartItem
from biomatrix.vocabulary.tables import Positions

Show: TypeAlias = Callable[[Entity, "str | None"], Sequence[PartItem]]
"""Takes an entity and the modality that stands with it in the prompt, and returns the parts in its place."""


def as_positions(ids: Callable[[Entity], Sequence[int]]) -> Show:
    """Show entities as vectors: ``ids`` gives the ids below 0 that stand for those of one."""
    return lambda entity, modality: (Positions(tuple(ids(entity))),)


def as_vectors(ids: Mapping[str, Callable[[Entity], Sequence[int]]]) -> Show:
    """Show entities of some kinds as vectors, and others as tokens of the modality that stands with each."""

    def show(entity: Entity, modality: str | None) -> Sequence[PartItem]:
        given = ids.get(entity.kind)
        return as_tokens()(entity, modality) if given is None else (Positions(tuple(given(entity))),)

    return show


def as_tokens(modality: str | None = None) -> Show:
    """Show entities as tokens of a modality; of the one that stands with each in the prompt where none is named."""

    def show(entity: Entity, given: str | None) -> Sequence[PartItem]:
        name = modality or given
        return (entity if name is None else (entity, name),)

    return show


def as_text(texts: Mapping[str, str] | None = None) -> Show:
    """Show entities as plain text: that of their name among ``texts``, or what the kind writes."""

    def show(entity: Entity, modality: str | None) -> Sequence[PartItem]:
        given = (texts or {}).get(getattr(entity, "name", ""))
        return (kind_of(entity).text(entity) if given is None else given,)

    return show


def both(*ways: Show) -> Show:
    """Show entities in several ways, one after another."""
    return lambda entity, modality: [part for way in ways for part in way(entity, modality)]


def hidden(entity: Entity, modality: str | None) -> Sequence[PartItem]:
    """Show nothing of an entity: what a model answers that reads the question alone."""
    return ()


def shown_question(
    benchmark: Benchmark, example: Example, show: Show, *, paraphrases: bool = False, seed: int = 0
) -> tuple[PartItem, ...]:
    """Return the question of an example with its entities shown in some way.

    Raises
    ------
    UnsupportedError
        A part of the prompt is neither text nor an entity.
    """
    wording = question_parts(benchmark, example, seed=seed if paraphrases else None)
    parts: list[PartItem] = []
    for part in wording.prompt:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, Entity):
            parts += show(part, None)
        elif isinstance(part, tuple):
            parts += show(part[0], part[1])
        else:
            raise UnsupportedError(f"a question shows text and entities, not a {type(part).__name__}")
    return tuple(parts)
