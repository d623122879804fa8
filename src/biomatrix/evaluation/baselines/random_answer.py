"""An answer drawn at random: that of a training row, or a new entity where there is none that fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any, ClassVar

from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.answering import Question, Reply
from biomatrix.evaluation.baselines.learned_answers import (
    MOST_ROWS,
    Described,
    LearnedAnswer,
    drawn,
    no_training,
    notation_of,
    reply_with,
    rows_with_answers,
)
from biomatrix.evaluation.baselines.random_entity import random_tokens
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example


class RandomAnswer(Described):
    """Answers with a training row drawn by the question's seed, a valid answer to another question.

    Where a length is asked for, one of that length; where no row has it, or there is no training split, an entity that
    a walk of the modality's automaton writes, each step drawn evenly.
    """

    short_name: ClassVar[str] = "random"
    settings: ClassVar[dict[str, Any]] = {"most_rows": MOST_ROWS}

    def __init__(self) -> None:
        self._answers: list[LearnedAnswer] = []
        self._by_length: dict[int, list[LearnedAnswer]] = {}

    def prepare(self, benchmark: Benchmark, training: Iterable[Example]) -> None:
        """Read the training split, if there is one; without, only entities can be drawn.

        Raises
        ------
        ConfigurationError
            There is none, and the answer is text.
        """
        try:
            self._answers = [answer for _, answer in drawn(rows_with_answers(benchmark, training))]
        except ConfigurationError:
            if benchmark.task.output is None:
                raise
            self._answers = []
        if not self._answers and benchmark.task.output is None:
            raise no_training(benchmark)
        self._by_length = {}
        for answer in self._answers:
            if answer.size is not None:
                self._by_length.setdefault(answer.size, []).append(answer)

    def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return an answer drawn for each question."""
        return [self._drawn(question) for question in questions]

    def _drawn(self, question: Question) -> Reply:
        rng = Random(question.seed)
        rows = self._answers if question.length is None else self._by_length.get(question.length, [])
        if rows:
            return reply_with(question, rng.choice(rows))
        assert question.output is not None
        return Reply(random_tokens(question.output, question.length, rng, notation_of(question)))
