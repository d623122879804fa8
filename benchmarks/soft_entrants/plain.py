"""Plain baselines over the same vectors, the same split, the same parser and the same judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.encoder import Encoder
from biomatrix.evaluation.baselines.cells.annotation import logistic_regression
from biomatrix.metrics.scores import Scores
from biomatrix.soft.tuning.task_data import TaskExamples, subject
from biomatrix.tasks.benchmarks.answers import gold_answer, prediction_of
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.judging import judge

Floats = NDArray[np.float64]
PENALTIES = (1.0, 10.0, 100.0)


def plain_scores(task: TaskExamples, encoder: Encoder) -> tuple[str, Scores]:
    """Return the name and the scores of the plain baseline: of labels, numbers, or texts."""
    train, test = (_vectors(encoder, side) for side in (task.train, task.test))
    told = [_answer(task, one) for one in task.train]
    if task.benchmark.task.parser == "number":
        return "ridge", scores(task, [f"{value:.4f}" for value in _ridge(train, np.array(told, dtype=float), test)])
    if len(set(told)) <= len(told) // 4:
        centre, spread = train.mean(axis=0), np.maximum(train.std(axis=0), 1e-6)
        known = logistic_regression((train - centre) / spread, np.array(told), (test - centre) / spread)
        return "logistic regression", scores(task, known.types.tolist())
    unit = [one / np.maximum(np.linalg.norm(one, axis=1, keepdims=True), 1e-12) for one in (train, test)]
    return "text of the nearest", scores(task, [told[place] for place in (unit[1] @ unit[0].T).argmax(axis=1)])


def majority_scores(task: TaskExamples) -> Scores:
    """Return the scores of the commonest training answer; of numbers their mean."""
    told = [_answer(task, one) for one in task.train]
    if task.benchmark.task.parser == "number":
        answer = f"{np.mean([float(one) for one in told]):.4f}"
    else:
        answer = Counter(told).most_common(1)[0][0]
    return scores(task, [answer] * len(task.test))


def scores(task: TaskExamples, texts: Sequence[str]) -> Scores:
    """Return what the judge of a task says of answers in text."""
    pairs = zip(texts, task.test, strict=True)
    stated = [prediction_of(task.benchmark, text, example=example) for text, example in pairs]
    return judge(task.benchmark, stated, task.test)


def _answer(task: TaskExamples, example: Example) -> str:
    answer = gold_answer(task.benchmark, example)
    assert answer is not None
    return answer


def _vectors(encoder: Encoder, examples: Sequence[Example]) -> Floats:
    found = encoder.encode([subject(one) for one in examples])
    return np.asarray(found.reshape(len(examples), -1), dtype=np.float64)


def _ridge(x: Floats, y: Floats, asked: Floats) -> Floats:
    """Return what ridge regression tells; its penalty is chosen on a fifth of the training rows."""
    centre, mean = x.mean(axis=0), y.mean()
    x, y, asked = x - centre, y - mean, asked - centre
    inner = np.arange(len(y)) % 5 > 0

    def fitted(rows: NDArray[np.bool_], penalty: float, new: Floats) -> Floats:
        # By the Gram matrix: fewer rows than columns.
        gram = x[rows] @ x[rows].T + penalty * np.eye(int(rows.sum()))
        return np.asarray(new @ (x[rows].T @ np.linalg.solve(gram, y[rows])))

    errors = [float(np.square(fitted(inner, one, x[~inner]) - y[~inner]).mean()) for one in PENALTIES]
    best = PENALTIES[int(np.argmin(errors))]
    return mean + fitted(np.ones(len(y), dtype=bool), best, asked)
