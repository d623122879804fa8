"""One benchmark, asked and judged: resumable at any moment, with the same result."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from biomatrix.entities.files.in_use import held_alone
from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.answer_log import AnswerLog, Place
from biomatrix.evaluation.answering import Answerer
from biomatrix.evaluation.batches import ask_all, asks, progress_of
from biomatrix.evaluation.described_data import described_data
from biomatrix.evaluation.environment import environment
from biomatrix.evaluation.identity import check_identity, identity_of
from biomatrix.evaluation.judged import Judged, judged, predictions_of
from biomatrix.evaluation.leaks import LeakedKeys
from biomatrix.evaluation.notes import NOT_OFFICIAL, run_notes
from biomatrix.evaluation.results import FORMAT, RESULT_FILE, plain, published_of, read_result, scores_of, write_result
from biomatrix.evaluation.rows import Rows, file_hashes, read_rows, training_rows
from biomatrix.evaluation.settings import Settings
from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet
from biomatrix.tasks.benchmarks.data_places import DataPlaces
from biomatrix.tasks.benchmarks.examples import Prediction
from biomatrix.tasks.benchmarks.loading import TRAIN

DEFAULT_BATCH: Final = 32
_ANOTHER_RUN: Final = (
    "another run of this task and model is writing here; wait for it, or give another folder by --output"
)
_BETWEEN_REFERENCES: Final = " | "
"""Stands between the accepted answers of a row in its log."""


@dataclass(frozen=True)
class Handling:
    """How a run is carried out; its result does not depend on it.

    Parameters
    ----------
    batch : int
        The most questions that are asked together.
    resume : bool
        Whether answers that are there already count; they are removed where not.
    judge_again : bool
        Whether a finished run is judged anew.
    """

    batch: int = DEFAULT_BATCH
    resume: bool = True
    judge_again: bool = False

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise ConfigurationError(f"batch is at least 1, not {self.batch}")


def run_benchmark(
    benchmark: Benchmark,
    answerer: Answerer,
    places: DataPlaces,
    settings: Settings,
    folder: Path,
    handling: Handling | None = None,
    leaked: LeakedKeys | None = None,
) -> dict[str, Any]:
    """Ask a model everything that a benchmark asks, judge its answers, and write log and result.

    Parameters
    ----------
    benchmark : Benchmark
    answerer : Answerer
    places : DataPlaces
    settings : Settings
    folder : Path
        Of this benchmark and model; made where it is not there.
    handling : Handling, optional
    leaked : LeakedKeys, optional
        Rows that are also judged apart.

    Returns
    -------
    dict
        The result, as :func:`biomatrix.evaluation.results.read_result` returns it.

    Raises
    ------
    ConfigurationError
        Data are missing; the folder holds answers of other data, another model or other settings, or another process
        writes there; no question could be asked.
    ServerError
        The server is gone; the answers so far are kept.
    """
    with held_alone(folder, _ANOTHER_RUN):
        return _run(benchmark, answerer, places, settings, folder, handling or Handling(), leaked)


def _run(
    benchmark: Benchmark,
    answerer: Answerer,
    places: DataPlaces,
    settings: Settings,
    folder: Path,
    handling: Handling,
    leaked: LeakedKeys | None,
) -> dict[str, Any]:
    benchmark = settings.resolved(benchmark)
    data = places.data_set(benchmark)
    where = places.folder(data.source.name)
    rows = read_rows(benchmark, data, where, settings.limit, first=settings.first)
    taught = places.training_set(benchmark, data)
    lent = file_hashes(taught, places.folder(taught.source.name), TRAIN) if taught is not data else []
    identity = identity_of(benchmark, answerer, settings, data, [*file_hashes(data, where), *lent], rows)
    check_identity(folder, identity, resume=handling.resume)
    log = AnswerLog(folder)
    if not handling.resume:
        log.clear()
        (folder / RESULT_FILE).unlink(missing_ok=True)
    begun = time.time()
    asked = _ask(benchmark, answerer, rows, settings, log, handling.batch, (taught, places))
    judged_with = {"leaked": leaked.digest if leaked else None, "identity": identity.digest}
    if not asked and not handling.judge_again and (kept := _kept(folder, judged_with)) is not None:
        return kept
    _refuse_silence(log)
    times = {"begun": begun, "asking_seconds": sum(entry.reply.seconds for entry in log.entries.values())}
    described = described_data(benchmark, data, rows, places.difference(benchmark, data), identity, taught)
    return _judge(benchmark, answerer, rows, settings, log, folder, leaked, {
        "data": described, "judged_with": judged_with, "times": times,
    })  # fmt: skip


def _ask(
    benchmark: Benchmark,
    answerer: Answerer,
    rows: Rows,
    settings: Settings,
    log: AnswerLog,
    batch: int,
    training: tuple[DataSet, DataPlaces],
) -> int:
    """Ask what the log does not hold; return how many questions those were."""
    every = list(asks(benchmark, rows, settings))
    waiting = [ask for ask in every if ask.place not in log.entries]
    if waiting:
        progress = progress_of(benchmark, answerer, len(every))
        progress.advance(len(every) - len(waiting), cached=True)
        taught, places = training
        answerer.prepare(benchmark, training_rows(taught, places.folder(taught.source.name)))
        ask_all(waiting, answerer, log, batch, progress)
    return len(waiting)


def _kept(folder: Path, judged_with: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the result of an earlier run that was judged alike; None where there is none."""
    path = folder / RESULT_FILE
    if not path.is_file():
        return None
    result = read_result(path)
    return result if result.get("judged_with") == dict(judged_with) else None


def _refuse_silence(log: AnswerLog) -> None:
    """Refuse to judge a run in which nothing could be asked: that says nothing of the answers."""
    errors = [entry.reply.error for entry in log.entries.values()]
    if errors and all(errors):
        raise ConfigurationError(f"no question could be asked: {max(set(errors), key=errors.count)}")


def _judge(
    benchmark: Benchmark,
    answerer: Answerer,
    rows: Rows,
    settings: Settings,
    log: AnswerLog,
    folder: Path,
    leaked: LeakedKeys | None,
    further: Mapping[str, Any],
) -> dict[str, Any]:
    begun = time.perf_counter()
    seeds = [settings.seed + run for run in range(settings.seeds)]
    predictions = predictions_of(benchmark, rows, log.entries, settings.notation)
    found = judged(benchmark, rows, predictions, seeds, interval_seed=settings.seed)
    difference = further["data"]["difference"]
    differs = f"{NOT_OFFICIAL} but {difference}" if difference else ""
    result = {
        "format": FORMAT,
        "task": benchmark.name,
        "title": benchmark.title,
        "version": benchmark.task.version,
        "domain": benchmark.domain,
        "sft_group": benchmark.sft_group,
        "model": {"name": answerer.name, "description": dict(answerer.description)},
        "settings": settings.described(benchmark),
        "scores": scores_of(benchmark, found, differs),
        "counts": _counts(log, predictions),
        "without_leaked": _without_leaked(benchmark, rows, predictions, seeds, leaked, differs),
        "published": published_of(benchmark),
        "notes": run_notes(benchmark, rows, found, log),
        "environment": environment(),
        **further,
    }
    _finish_log(log, rows, found, predictions)
    result["times"] = {**further["times"], "judging_seconds": time.perf_counter() - begun, "ended": time.time()}
    write_result(folder, result)
    kept: dict[str, Any] = plain(result)
    return kept


def _without_leaked(
    benchmark: Benchmark,
    rows: Rows,
    predictions: Mapping[Place, Prediction],
    seeds: list[int],
    leaked: LeakedKeys | None,
    differs: str,
) -> dict[str, Any] | None:
    """Return the scores of the rows that no training data held; None where no audit says which those are."""
    keys = None if leaked is None else leaked.of(benchmark.name)
    if keys is None:
        return None
    removed = [row for row, example in enumerate(rows.examples) if example.key in keys]
    if len(removed) == len(rows.examples):
        return {"rows": 0, "removed": len(removed), "scores": {}}
    found = judged(benchmark, rows, predictions, seeds, without=removed, interval_seed=seeds[0])
    return {
        "rows": len(rows.examples) - len(removed),
        "removed": len(removed),
        "scores": scores_of(benchmark, found, differs),
    }


def _counts(log: AnswerLog, predictions: Mapping[Place, Prediction]) -> dict[str, int]:
    return {
        "answers": len(predictions),
        "not_asked": sum(bool(entry.reply.error) for entry in log.entries.values()),
        "with_fault": sum(bool(each.fault) for each in predictions.values()),
        "empty": sum(not each.text for each in predictions.values()),
    }


def _finish_log(log: AnswerLog, rows: Rows, found: Judged, predictions: Mapping[Place, Prediction]) -> None:
    """Write the whole log with what was expected, what each answer states and contributes to every score."""
    places = sorted(predictions)
    ordered = [predictions[place] for place in places]
    expected = [_BETWEEN_REFERENCES.join(rows.examples[place.row].references) for place in places]
    columns: dict[str, Any] = {
        "expected": [text.encode("utf-8", "replace").decode() for text in expected],
        "parsed": [each.text.encode("utf-8", "replace").decode() for each in ordered],
        "fault": [each.fault.encode("utf-8", "replace").decode() for each in ordered],
    }
    types: dict[str, Any] = dict.fromkeys(columns, pa.large_string())
    for name in found.names:
        columns[f"score_{name}"] = found.items(name)
        types[f"score_{name}"] = pa.float64()
    log.finish(columns, types)
