"""The scores of a run's answers: of every seed, over all of them, with intervals, with and without given rows."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.evaluation.answer_log import Entry, Place
from biomatrix.evaluation.intervals import Interval, judged_intervals, mean_interval
from biomatrix.evaluation.rows import Rows
from biomatrix.metrics.scores import Score, Scores
from biomatrix.tasks.benchmarks.answers import prediction_of
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example, Prediction
from biomatrix.tasks.benchmarks.judging import judge

_NO_ITEMS = "no mean of what each answer contributes, and not judged anew for drawn rows"


@dataclass(frozen=True, eq=False)
class JudgedRun:
    """The answers of one seed: their rows, predictions and scores, in order of row and sample."""

    seed: int
    places: tuple[Place, ...]
    examples: tuple[Example, ...]
    predictions: tuple[Prediction, ...]
    scores: Scores


@dataclass(frozen=True, eq=False)
class Judged:
    """The scores of all seeds.

    Parameters
    ----------
    runs : tuple of JudgedRun
    intervals : mapping of str to Interval
        By the name of the score, for the mean over the seeds.
    """

    runs: tuple[JudgedRun, ...]
    intervals: Mapping[str, Interval] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The scores, in the order of the judge."""
        return tuple(dict.fromkeys(name for run in self.runs for name in run.scores))

    def values(self, name: str) -> list[float]:
        """Return a score of each seed; NaN where a seed has none."""
        return [run.scores[name].value if name in run.scores else math.nan for run in self.runs]

    def items(self, name: str) -> list[float]:
        """Return what each answer contributes to a score, seed after seed; NaN where that is not known."""
        found: list[float] = []
        for run in self.runs:
            items = _items(run.scores.get(name), len(run.places))
            found += [math.nan] * len(run.places) if items is None else items.tolist()
        return found


def predictions_of(
    benchmark: Benchmark, rows: Rows, entries: Mapping[Place, Entry], notation: str
) -> dict[Place, Prediction]:
    """Return what each logged answer states."""
    found = {}
    for place in sorted(entries):
        reply, example = entries[place].reply, rows.examples[place.row]
        if reply.error:
            found[place] = Prediction("", None, f"not answered: {reply.error}")
        else:
            stated = prediction_of(benchmark, reply.raw, reply.entity, notation, example)
            found[place] = replace(stated, logprob=reply.logprob)
    return found


def judged(
    benchmark: Benchmark,
    rows: Rows,
    predictions: Mapping[Place, Prediction],
    seeds: Sequence[int],
    *,
    without: Collection[int] = (),
    interval_seed: int = 0,
) -> Judged:
    """Return the scores of predictions.

    Parameters
    ----------
    benchmark : Benchmark
    rows : Rows
    predictions : mapping of Place to Prediction
        Those of every row that is judged.
    seeds : sequence of int
        The seed of each run.
    without : collection of int
        The rows that are left out.
    interval_seed : int
        Of the bootstrap.
    """
    left_out = frozenset(without)
    runs = []
    for number, seed in enumerate(seeds):
        places = tuple(place for place in sorted(predictions) if place.run == number and place.row not in left_out)
        examples = tuple(rows.examples[place.row] for place in places)
        stated = tuple(predictions[place] for place in places)
        runs.append(JudgedRun(seed, places, examples, stated, judge(benchmark, stated, examples) if places else {}))
    found = Judged(tuple(runs))
    return Judged(found.runs, _intervals(benchmark, found, interval_seed))


def _intervals(benchmark: Benchmark, found: Judged, seed: int) -> dict[str, Interval]:
    """Return an interval for each score, or why it has none."""
    anew = {metric.name for metric in benchmark.metrics if metric.resample}
    rows = np.array([place.row for run in found.runs for place in run.places], dtype=np.int64)
    _, numbered = np.unique(rows, return_inverse=True)
    intervals = {}
    for name in found.names:
        has_items = all(_items(run.scores.get(name), len(run.places)) is not None for run in found.runs)
        if has_items:
            intervals[name] = mean_interval(np.array(found.items(name)), numbered, seed)
        elif all(math.isnan(value) for value in found.values(name)):
            intervals[name] = Interval(reason="it has no value")
        elif name not in anew:
            intervals[name] = Interval(reason=_NO_ITEMS)
    waiting = [name for name in found.names if name not in intervals]
    return {**intervals, **judged_intervals(waiting, _judge_of(benchmark, found.runs), _count(rows), seed)}


def _judge_of(benchmark: Benchmark, runs: Sequence[JudgedRun]) -> Any:
    """Return a function of numbers of rows that judges their answers, the scores averaged over the seeds."""
    by_row: list[dict[int, list[int]]] = []
    for run in runs:
        groups: dict[int, list[int]] = {}
        for index, place in enumerate(run.places):
            groups.setdefault(place.row, []).append(index)
        by_row.append(groups)
    present = sorted(by_row[0]) if by_row else []

    def scores(drawn: Sequence[int]) -> Scores:
        each = []
        for run, groups in zip(runs, by_row, strict=True):
            indices = [index for number in drawn for index in groups[present[number]]]
            each.append(judge(benchmark, [run.predictions[i] for i in indices], [run.examples[i] for i in indices]))
        return {name: Score(_mean([one[name].value for one in each if name in one]), len(drawn)) for name in each[0]}

    return scores


def _items(score: Score | None, count: int) -> NDArray[np.float64] | None:
    """Return what each of so many answers contributes to a score; None where it does not say."""
    return None if score is None or score.items is None or len(score.items) != count else score.items


def _count(rows: NDArray[np.int64]) -> int:
    return len(np.unique(rows))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan
