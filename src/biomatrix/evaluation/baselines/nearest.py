"""The answer of the most similar training row: by fingerprints of what is shown, and by words where it is text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from biomatrix.evaluation.answering import Question, Reply
from biomatrix.evaluation.baselines.learned_answers import (
    MOST_ROWS,
    Described,
    LearnedAnswer,
    drawn,
    no_training,
    reply_with,
    rows_with_answers,
)
from biomatrix.evaluation.baselines.likeness import features_of
from biomatrix.metrics.bit_likeness import BitSets
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Nearest(Described):
    """Answers with the training row that is most similar in the mean over all that the prompt shows.

    Of equals it is the first. Where a length is asked for, only rows that are long enough count, and their answer is
    cut. Structures are compared by their shape alone, so that inverse folding is not told the sequence.
    """

    short_name: ClassVar[str] = "nearest"
    settings: ClassVar[dict[str, Any]] = {"most_rows": MOST_ROWS}

    def __init__(self) -> None:
        self._answers: list[LearnedAnswer] = []
        self._known: Mapping[str, BitSets] = {}
        self._sizes: NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    def prepare(self, benchmark: Benchmark, training: Iterable[Example]) -> None:
        """Read the training split and take the fingerprints of what its questions show."""
        rows = drawn(rows_with_answers(benchmark, training))
        if not rows:
            raise no_training(benchmark)
        self._answers = [answer for _, answer in rows]
        features = [features_of(benchmark, example) for example, _ in rows]
        self._known = {name: BitSets.of([each[name] for each in features]) for name in features[0]}
        self._sizes = np.array([answer.size or 0 for answer in self._answers])

    def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return the answer of the nearest row, for each question."""
        return [reply_with(question, self._answers[self._nearest(question)]) for question in questions]

    def _nearest(self, question: Question) -> int:
        asked = features_of(question.benchmark, question.example)
        likeness = np.zeros(len(self._answers))
        for name, known in self._known.items():
            likeness += known.tanimoto(asked[name])
        if question.length is not None and (fitting := self._sizes >= question.length).any():
            likeness[~fitting] = -1.0
        return int(np.argmax(likeness))
