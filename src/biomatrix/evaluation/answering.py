"""What answers the questions of a benchmark: a model, a server, or a baseline that has seen the training split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from biomatrix.entities.base_entity import Entity
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.documents import PartItem


@dataclass(frozen=True, eq=False)
class Question:
    """One question.

    Parameters
    ----------
    benchmark : Benchmark
    example : Example
    prompt : tuple of str, Entity or (Entity, str)
        The filled template.
    output : str, optional
        The modality of the answer; None for text.
    length : int, optional
        The exact length of the answer.
    constraints : tuple of str
        ``NAME=VALUE``.
    guided : bool
        Whether the answer is held to its modality, length and constraints, where what answers can be held.
    seed : int
        For what is drawn at random; differs from question to question and does not depend on what is asked together.
    """

    benchmark: Benchmark
    example: Example
    prompt: tuple[PartItem, ...]
    output: str | None = None
    length: int | None = None
    constraints: tuple[str, ...] = ()
    guided: bool = True
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Reply:
    """What was answered.

    Parameters
    ----------
    raw : str
        The answer as it was written, control tokens included.
    entity : Entity, optional
        The entity of an answer that is one.
    error : str
        Why there is no answer; "" where there is one.
    checks : mapping
        Named results of the checks that ran on it.
    seconds : float
        The time it took; its share of a batch.
    logprob : float
        The log-probability of the answer in nats; NaN where it is not known.
    """

    raw: str
    entity: Entity | None = None
    error: str = ""
    checks: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = float("nan")
    logprob: float = float("nan")


class Answerer(Protocol):
    """Answers questions. What it replies to one does not depend on the others asked with it."""

    @property
    def name(self) -> str:
        """For tables."""
        ...

    @property
    def description(self) -> Mapping[str, Any]:
        """Everything needed to have it again: path, content hash, engine, precision. JSON values."""
        ...

    def prepare(self, benchmark: Benchmark, training: Iterable[Example]) -> None:
        """Learn what a baseline learns from the training split; a model does nothing and does not read it."""
        ...

    def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return a reply for each question, in order."""
        ...
