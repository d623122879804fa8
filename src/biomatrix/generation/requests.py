"""Requests and answers as files and plain values: what a command line or a server needs around a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from biomatrix.entities import Entity, kind_of
from biomatrix.errors import ConfigurationError
from biomatrix.generation.answers import Answer
from biomatrix.vocabulary.tables import Item


def build_prompt(words: str, entities: Sequence[Entity] = (), *, written_as: str | None = None) -> list[Item]:
    """Return a prompt of words followed by the given entities.

    Parameters
    ----------
    words : str
        The request; it stays text whatever it looks like.
    entities : sequence of Entity
        What it is about.
    written_as : str, optional
        The modality the entities are shown in; each kind's default when not given.
    """
    if written_as is not None and not entities:
        raise ConfigurationError("a modality to write the entity in was given, but no entity")
    text = [f"{words} " if entities and words else words] if words else []
    return [*text, *((entity, written_as) if written_as else entity for entity in entities)]


def describe_answer(answer: Answer) -> dict[str, Any]:
    """Return an answer as plain values for JSON."""
    return {
        "text": answer.text,
        "error": answer.error,
        "logprob": answer.logprob,
        "finish_reason": answer.finish_reason,
        "entity": _describe_entity(answer.entity),
        "checks": [asdict(check) for check in answer.checks],
    }


def _describe_entity(entity: Entity | None) -> dict[str, Any] | None:
    if entity is None:
        return None
    return {
        "kind": entity.kind,
        "written": kind_of(entity).text(entity),
        "has_structure": entity.has_structure,
        "notes": list(entity.notes),
    }


def write_answers(answers: Sequence[Answer], destination: Path) -> list[Path]:
    """Write the entities of valid answers; several are numbered before the extension. Return the paths.

    Raises
    ------
    ConfigurationError
        No answer is valid, so there is nothing to write.
    """
    entities = [answer.entity for answer in answers if answer.entity is not None]
    if not entities:
        reason = next((answer.error for answer in answers if answer.error), "no entity was asked for")
        raise ConfigurationError(f"no answer to write: {reason}", file=str(destination))
    paths = []
    for number, entity in enumerate(entities, start=1):
        path = destination if len(entities) == 1 else destination.with_stem(f"{destination.stem}_{number}")
        entity.to_file(path)
        paths.append(path)
    return paths
