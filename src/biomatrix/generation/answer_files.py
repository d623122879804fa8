"""Answers as files and as plain values: what a command line or a server needs around a model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.kind_registry import kind_of
from biomatrix.entities.modality_registry import modality_class
from biomatrix.entities.samples import Sample
from biomatrix.errors import BioMatrixError, ConfigurationError, UnsupportedError
from biomatrix.generation.answers import Answer
from biomatrix.generation.destinations import (
    TEXT_EXTENSION,
    AnswerFile,
    AnswerFolder,
    check_destination,
    destination_of,
    numbered,
)
from biomatrix.trust import judge
from biomatrix.trust.likelihood import percent

__all__ = ["WrittenAnswers", "check_destination", "describe_answer", "samples_of", "write_answers"]


@dataclass(frozen=True)
class WrittenAnswers:
    """What became of answers on their way into files.

    Parameters
    ----------
    paths : tuple of Path
        The files.
    count : int
        The answers that they hold.
    refused : tuple of (int, str)
        The other answers by number, each with its reason.
    """

    paths: tuple[Path, ...]
    count: int
    refused: tuple[tuple[int, str], ...] = ()


def describe_answer(answer: Answer) -> dict[str, Any]:
    """Return an answer as plain values for JSON."""
    return {
        "text": answer.text,
        "error": answer.error,
        "value": answer.value,
        "logprob": _number(answer.logprob),
        "token_logprobs": [_number(each) for each in answer.token_logprobs],
        "finish_reason": answer.finish_reason,
        "entity": _describe_entity(answer.entity),
        "confidence": answer.confidence.as_json(),
        "checks": [asdict(check) for check in answer.checks],
        "relaxation": None if answer.relaxation is None else answer.relaxation.as_json(),
        "notes": list(answer.notes),
        "hastened": answer.hastened,
        "refused": {"count": len(answer.refused), "reasons": list(answer.refused)},
        "candidates": answer.candidates,
        "score": answer.score,
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


def write_answers(
    answers: Sequence[Answer], path: Path, output: str | None = None, *, folder: bool = False
) -> WrittenAnswers:
    """Write answers: all into one file where its format holds many, else a file each.

    Each record says its number among the answers, its log-probability and its checks, where the format has a place for
    that. An answer that is not valid, or that the format cannot hold, leaves its number free.

    Parameters
    ----------
    answers : sequence of Answer
    path : Path
        A file, whose extension names the format, or a folder; see :func:`check_destination`.
    output : str, optional
        The modality of the answers; None for text.
    folder : bool
        Whether the path was given as that of a folder, with a slash at its end.

    Raises
    ------
    ConfigurationError
        No answer can be written, or the file cannot.
    """
    place = destination_of(path, output, folder=folder)
    if isinstance(place, AnswerFile) and place.file_format is None:
        write_whole(path, "\n\n".join(answer.text for answer in answers).encode() + b"\n")
        return WrittenAnswers((path,), len(answers))
    refused: list[tuple[int, str]] = []
    samples = list(samples_of(answers, refused))
    if isinstance(place, AnswerFolder):
        paths = list(_write_each(answers, samples, place, output, refused))
    elif place.many:
        paths = _write_together(samples, place, refused)
    else:
        several = len(answers) > 1
        files = ((one, numbered(path, one.number) if several else path) for one in samples)
        paths = [file for one, file in files if _write_one(one, file, place.file_format or "", refused)]
    if not paths:
        reason = refused[0][1] if refused else "no entity was asked for"
        raise ConfigurationError(f"no answer to write: {reason}", file=str(path))
    return WrittenAnswers(tuple(paths), len(answers) - len(refused), tuple(sorted(refused)))


def samples_of(answers: Sequence[Answer], refused: list[tuple[int, str]] | None = None) -> Iterator[Sample]:
    """Yield the entities of the answers with what a file should say of them; list the answers without one."""
    for number, answer in enumerate(answers, start=1):
        if answer.entity is None:
            if refused is not None:
                refused.append((number, answer.error or "it holds no entity"))
            continue
        verdict, data = judge(answer.entity, answer.checks), {"logprob": f"{answer.logprob:.4f}"}
        if verdict.answered:
            data["checks_passed"] = f"{len(verdict.answered) - len(verdict.failed)}/{len(verdict.answered)}"
        if verdict.failed:
            data["checks_failed"] = ", ".join(check.name for check in verdict.failed)
        if answer.relaxation is not None:
            data |= answer.relaxation.data
        yield Sample(answer.entity, number, data, _confidences(answer))


def _confidences(answer: Answer) -> tuple[float, ...]:
    """Return how sure the model was of each residue or atom of the entity, from 0 to 100."""
    of_entity = (one for one in answer.segment_confidence() if one.segment.value is answer.entity)
    return next((tuple(percent(one.units).tolist()) for one in of_entity), ())


def _write_each(
    answers: Sequence[Answer],
    samples: Sequence[Sample],
    place: AnswerFolder,
    output: str | None,
    refused: list[tuple[int, str]],
) -> Iterator[Path]:
    """Write a file for each answer, in the format of its modality; an answer in text is written as text besides."""
    place.make()
    if output is None:
        refused[:] = []  # every answer is at least text
        for number, answer in enumerate(answers, start=1):
            file = place.file(number, len(answers), TEXT_EXTENSION)
            write_whole(file, answer.text.encode() + b"\n")
            yield file
    for one in samples:
        name = answers[one.number - 1].entity_modality
        file_format = "" if name is None else modality_class(name).file_format
        file = place.file(one.number, len(answers), f".{file_format}")
        if _write_one(one, file, file_format, refused):
            yield file


def _write_together(samples: Sequence[Sample], place: AnswerFile, refused: list[tuple[int, str]]) -> list[Path]:
    """Write what can be written as one file of one kind; a numbered file each where one file cannot hold them all."""
    kept: list[Sample] = []
    for one in samples:
        if kept and one.entity.kind != kept[0].entity.kind:
            refused.append((one.number, f"a {one.entity.kind} beside a {kept[0].entity.kind} in one file"))
        elif _bytes_of([one], place.file_format or "", refused) is not None:
            kept.append(one)
    if not kept:
        return []
    try:
        content = kind_of(kept[0].entity).sample_bytes(kept, place.file_format or "")
    except UnsupportedError:  # as models of one chain they would need one sequence: each gets a file of its own
        files = ((one, numbered(place.path, one.number)) for one in kept)
        return [file for one, file in files if _write_one(one, file, place.file_format or "", refused)]
    write_whole(place.path, content)
    return [place.path]


def _write_one(sample: Sample, path: Path, file_format: str, refused: list[tuple[int, str]]) -> bool:
    content = _bytes_of([sample], file_format, refused)
    if content is not None:
        write_whole(path, content)
    return content is not None


def _bytes_of(samples: Sequence[Sample], file_format: str, refused: list[tuple[int, str]]) -> bytes | None:
    """Return samples as a file; None where the first cannot be one, which is then listed as refused."""
    kind = kind_of(samples[0].entity)
    try:
        if all(one.name != file_format for one in kind.formats):
            raise ConfigurationError(f"{kind.plural} are not written as {file_format}")
        return kind.sample_bytes(samples, file_format)
    except BioMatrixError as error:
        refused.append((samples[0].number, error.message))
        return None


def _number(value: float) -> float | None:
    """Return a number as JSON has it: nothing for one that an engine does not tell (NaN)."""
    return None if math.isnan(value) else value
