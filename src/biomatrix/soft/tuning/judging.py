"""What a tuned network knows of a task, and whether it has it from the entity: scores, and controls that must fall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from biomatrix.metrics.scores import Scores
from biomatrix.soft.tuning.answers import first_token_logprobs, written_answers
from biomatrix.soft.tuning.documents import question_ids
from biomatrix.tasks.benchmarks.answers import prediction_of
from biomatrix.tasks.benchmarks.judging import judge

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from biomatrix.tasks.benchmarks.benchmark import Benchmark
    from biomatrix.tasks.benchmarks.examples import Example
    from biomatrix.tasks.documents import PartItem
    from biomatrix.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Answered:
    """Answers to a task.

    Parameters
    ----------
    scores : Scores
        As the judge of the task gives them.
    texts : tuple of str
        As they were written.
    unread : int
        Those that the task's parser refused; they count as wrong.
    tokens : float
        The mean length of a question, in positions of the decoder.
    """

    scores: Scores
    texts: tuple[str, ...]
    unread: int
    tokens: float

    def value(self, name: str) -> float:
        """Return one score."""
        return self.scores[name].value


def answered(
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    benchmark: Benchmark,
    examples: Sequence[Example],
    questions: Sequence[Sequence[PartItem]],
    max_new_tokens: int = 32,
) -> Answered:
    """Return what a network answers to questions, read by the strict parser of the task and judged by its judge.

    Parameters
    ----------
    model : PreTrainedModel
    vocabulary : Vocabulary
    benchmark : Benchmark
    examples : sequence of Example
        What is judged.
    questions : sequence of sequence of parts
        What is asked: one for each example.
    max_new_tokens : int
        The longest answer.
    """
    ids = question_ids(questions, vocabulary)
    texts = written_answers(model, vocabulary, ids, max_new_tokens)
    stated = [prediction_of(benchmark, text, example=one) for text, one in zip(texts, examples, strict=True)]
    return Answered(
        judge(benchmark, stated, examples),
        tuple(texts),
        sum(bool(one.fault) for one in stated),
        float(np.mean([len(one) for one in ids])),
    )


def exchanged(examples: Sequence[Example], seed: int = 0) -> list[int]:
    """Return for each example the number of another, so that every one is shown the entity of another: ``n >= 2``."""
    order = np.random.default_rng(seed).permutation(len(examples))
    shifted = np.roll(order, 1)
    found = np.empty(len(order), dtype=np.int64)
    found[order] = shifted
    return [int(one) for one in found]


def distance_of_answers(
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    questions: Sequence[Sequence[PartItem]],
    others: Sequence[Sequence[PartItem]],
) -> NDArray[np.float64]:
    """Return the total variation, 0 to 1, between what answers to two questions begin with, ``float64 [n]``."""
    one, two = (
        np.exp(first_token_logprobs(model, vocabulary, question_ids(asked, vocabulary)).astype(np.float64))
        for asked in (questions, others)
    )
    return np.asarray(0.5 * np.abs(one - two).sum(axis=1))
