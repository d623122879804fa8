"""Answers as files and as plain values: what a command line or a server needs around a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.formats import format_of, kinds_of_format, known_formats
from biomatrix.entities.kind_registry import kind, kind_of, kinds
from biomatrix.entities.modality_registry import modality_class
from biomatrix.errors import ConfigurationError
from biomatrix.generation.answers import Answer


def describe_answer(answer: Answer) -> dict[str, Any]:
    """Return an answer as plain values for JSON."""
    return {
        "text": answer.text,
        "error": answer.error,
        "logprob": answer.logprob,
        "finish_reason": answer.finish_reason,
        "entity": _describe_entity(answer.entity),
        "checks": [asdict(check) for check in answer.checks],
        "notes": list(answer.notes),
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


def check_destination(path: Path, output: str | None) -> None:
    """Refuse a file that cannot hold the answers, before the model is asked.

    Parameters
    ----------
    path : Path
        Where the answers will go; its extension names the format.
    output : str, optional
        The modality of the answers; None for text, which may hold entities of any kind.

    Raises
    ------
    ConfigurationError
        The format does not hold entities of that kind or is only read, or the folder does not exist.
    UnsupportedError
        There is no such format.
    """
    candidates = kinds() if output is None else (kind(modality_class(output).kind),)
    formats = [name for name, known in known_formats(candidates).items() if any(one.writes for one in known)]
    file_format = format_of(path)
    if file_format not in formats:
        owners = kinds_of_format(file_format)
        shared = any(one in owners for one in candidates)
        holders = " or ".join(one.name for one in owners)
        reason = (
            f"{file_format} files are only read" if shared else f"a {file_format} file holds records of kind {holders}"
        )
        raise ConfigurationError(f"{reason}; choose one of {', '.join(formats)}", file=str(path))
    if not path.parent.is_dir():
        raise ConfigurationError(f"there is no folder {path.parent} to write it in", file=str(path))


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
        path = destination if len(entities) == 1 else _numbered(destination, number)
        entity.to_file(path)
        paths.append(path)
    return paths


def _numbered(path: Path, number: int) -> Path:
    """Return the path with a number before the extension that names the format, which is not that of a gzipped file."""
    extension = "".join(path.suffixes[-2:]) if path.suffix.lower() == ".gz" else path.suffix
    return path.with_name(f"{path.name.removesuffix(extension)}_{number}{extension}")
