"""What baselines keep of training rows, and how they answer with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any, ClassVar, Final, TypeVar

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind, kind_of
from biomatrix.entities.modality_registry import modality, modality_names
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.evaluation.answering import Question, Reply
from biomatrix.tasks.benchmarks.answers import GOLD, gold_answer
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.notations import SELFIES, SMILES, in_notation
from biomatrix.tasks.templates import placeholders

MOST_ROWS: Final = 50_000
"""The most training rows that are kept; of more, these are drawn evenly."""

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class LearnedAnswer:
    """The answer of a training row.

    Parameters
    ----------
    text : str
        In the official notation; "" where the answer is an entity that text cannot hold.
    entity : Entity, optional
        The expected entity, where coordinates are asked for.
    size : int, optional
        Its residues, where answers of exact length are asked for.
    """

    text: str
    entity: Entity | None = None
    size: int | None = None


def answer_of(benchmark: Benchmark, example: Example) -> LearnedAnswer | None:
    """Return the first accepted answer of a row, None where it has none."""
    text = example.references[0] if example.references else example.facts.get(GOLD)
    entity = example.target if shows_coordinates(benchmark) else None
    if text is None and entity is None:
        return None
    answer = LearnedAnswer("" if text is None else str(text), entity)
    return replace(answer, size=_size(benchmark, answer)) if benchmark.length else answer


def _size(benchmark: Benchmark, answer: LearnedAnswer) -> int | None:
    try:
        entity = _entity(benchmark, answer)
    except BioMatrixError:
        return None
    return kind_of(entity).size(entity)


def _entity(benchmark: Benchmark, answer: LearnedAnswer) -> Entity:
    if answer.entity is not None:
        return answer.entity
    return kind(modality(str(benchmark.task.output)).kind).parse(answer.text)


def fits(answer: LearnedAnswer, question: Question) -> bool:
    """Return whether an answer is long enough for the length that is asked for, to which it is then cut."""
    return question.length is None or (answer.size is not None and answer.size >= question.length)


def shows_coordinates(benchmark: Benchmark) -> bool:
    """Return whether an answer may hold coordinates: its output does, or it is free text with a template of parts."""
    output = benchmark.task.output
    if output is None:
        return any(modality(name).needs_structure for name in _parts(benchmark))
    return modality(output).needs_structure


def _parts(benchmark: Benchmark) -> Iterator[str]:
    return (name for name in placeholders(benchmark.task.answer) if name in modality_names())


def rows_with_answers(benchmark: Benchmark, training: Iterable[Example]) -> Iterator[tuple[Example, LearnedAnswer]]:
    """Yield the rows that have an answer, with it."""
    for example in training:
        answer = answer_of(benchmark, example)
        if answer is not None:
            yield example, answer


def drawn(rows: Iterable[T], most: int = MOST_ROWS, seed: int = 0) -> list[T]:
    """Return the rows, or of more than ``most`` a sample in which each has the same chance, in their order."""
    rng = Random(seed)
    kept: dict[int, tuple[int, T]] = {}
    for number, row in enumerate(rows):
        place = number if number < most else rng.randrange(number + 1)
        if place < most:
            kept[place] = (number, row)
    return [row for _, row in sorted(kept.values(), key=lambda each: each[0])]


def no_training(benchmark: Benchmark) -> ConfigurationError:
    """Return the error of a training split without answers."""
    return ConfigurationError(f"{benchmark.name}: the training split has no answers to learn from")


def reply_with(question: Question, answer: LearnedAnswer) -> Reply:
    """Return an answer as a model would write it, cut to the length that is asked for."""
    if question.length is not None and answer.size is not None and answer.size > question.length:
        entity = _entity(question.benchmark, answer)
        short = kind_of(entity).shortened(entity, question.length)
        answer = LearnedAnswer(kind_of(short).text(short), None if answer.entity is None else short)
    if answer.entity is not None:
        return Reply(answer.text if question.output is None else "", answer.entity)
    asked = question.example
    # The other placeholders of an answer's template are those of the question.
    told = replace(asked, references=(answer.text,), target=None)
    try:
        return Reply(gold_answer(question.benchmark, told, notation_of(question)) or "")
    except BioMatrixError:
        return Reply(answer.text)


def notation_of(question: Question) -> str:
    """Return the notation of molecules that an answer is asked for in."""
    output = question.output
    return SELFIES if output is not None and output == in_notation(output, SELFIES) else SMILES


class Described:
    """What all baselines have in common: a name, and that they are made without anything else."""

    short_name: ClassVar[str]
    settings: ClassVar[dict[str, Any]]

    @property
    def name(self) -> str:
        """For tables."""
        return f"baseline:{self.short_name}"

    @property
    def description(self) -> dict[str, Any]:
        """The settings."""
        return {"engine": "baseline", "baseline": self.short_name, **self.settings}
