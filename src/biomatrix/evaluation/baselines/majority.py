"""The same answer to every question: the mean of numbers, or the most frequent answer of the training split."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Final

from biomatrix.evaluation.answering import Question, Reply
from biomatrix.evaluation.baselines.learned_answers import (
    Described,
    LearnedAnswer,
    drawn,
    fits,
    no_training,
    reply_with,
    rows_with_answers,
)
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example

_MOST_DISTINCT: Final = 1_000_000
"""The most different answers that are counted; later ones are not."""


class Majority(Described):
    """Answers numbers with the mean of the training split, and all else with the answer that is most frequent there.

    No constant beats the mean in RMSE. Texts are compared as they stand, and the first of equals counts. Where a length
    is asked for and the answer is too short for it, the first that is long enough takes its place, cut.
    """

    short_name: ClassVar[str] = "majority"
    settings: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        self._answer: LearnedAnswer | None = None
        self._long: list[LearnedAnswer] = []

    def prepare(self, benchmark: Benchmark, training: Iterable[Example]) -> None:
        """Read the training split and settle on the answer."""
        answers: Iterable[LearnedAnswer] = (answer for _, answer in rows_with_answers(benchmark, training))
        if benchmark.length:
            self._long = drawn(answers)
            answers = self._long
        self._answer = _mean(answers) if benchmark.task.parser == "number" else _most_frequent(answers)
        if self._answer is None:
            raise no_training(benchmark)

    def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return the one answer, for each question."""
        assert self._answer is not None
        return [reply_with(question, self._fitting(question, self._answer)) for question in questions]

    def _fitting(self, question: Question, settled: LearnedAnswer) -> LearnedAnswer:
        if fits(settled, question):
            return settled
        return next((answer for answer in self._long if fits(answer, question)), settled)


def _mean(answers: Iterable[LearnedAnswer]) -> LearnedAnswer | None:
    total, count = 0.0, 0
    for answer in answers:
        try:
            value = float(answer.text)
        except ValueError:
            continue
        if math.isfinite(value):
            total, count = total + value, count + 1
    return LearnedAnswer(f"{total / count:.6g}") if count else None


def _most_frequent(answers: Iterable[LearnedAnswer]) -> LearnedAnswer | None:
    counts: dict[str, int] = {}
    first: dict[str, LearnedAnswer] = {}
    for answer in answers:
        if answer.text in counts:
            counts[answer.text] += 1
        elif len(counts) < _MOST_DISTINCT:
            counts[answer.text] = 1
            # A backbone is kept for the first answer alone: those of one text differ, and others would fill memory.
            first[answer.text] = answer if not first else LearnedAnswer(answer.text)
    if not counts:
        return None
    most = max(counts, key=lambda text: counts[text])
    whole = next(iter(first.values()))
    return first[most] if whole.entity is None else whole
