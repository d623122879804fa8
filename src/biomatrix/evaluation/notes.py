"""What a reader of a result must know beside its numbers, in sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from biomatrix.evaluation.answer_log import AnswerLog
from biomatrix.evaluation.judged import Judged
from biomatrix.evaluation.rows import Rows
from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet

NOT_OFFICIAL: Final = "not the official data"
NOT_MEASURED: Final = "was not measured: its judge gives no such value"


def data_notes(
    benchmark: Benchmark, data: DataSet, rows: Rows, difference: str, files: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Return how the rows that were asked differ from the official test split."""
    notes = []
    if difference:
        notes.append(f"{NOT_OFFICIAL} but {difference}{f': {data.notes}' if data.notes else ''}")
    for file in files:
        if file["stated"] and file["stated"] != file["sha256"]:
            notes.append(f"{file['path']} is not the published file: its SHA-256 differs from the stated one")
    if len(rows.examples) < rows.total:
        notes.append(f"{len(rows.examples):,} of {rows.total:,} rows were asked")
    elif not difference and benchmark.published_test not in (None, rows.total):
        notes.append(f"{rows.total:,} rows, where the published test split has {benchmark.published_test:,}")
    if rows.rejects:
        notes.append(f"{rows.rejects:,} rows could not be read and are left out")
    return notes


def lent_training(taught: DataSet) -> str:
    """Return that a baseline learned from the training split of other data."""
    return f"its own data have no training split here: the baseline learned from that of {taught.source.name}"


def run_notes(benchmark: Benchmark, rows: Rows, found: Judged, log: AnswerLog) -> list[str]:
    """Return what must be known of the answers."""
    notes = [benchmark.notes] if benchmark.notes else []
    repeated = sum(occurrence > 0 for occurrence in rows.occurrences)
    if repeated:
        notes.append(f"{repeated:,} rows have a key that an earlier row has too")
    unasked = [entry.reply.error for entry in log.entries.values() if entry.reply.error]
    if unasked:
        commonest = max(sorted(set(unasked)), key=unasked.count)
        notes.append(f"{len(unasked):,} questions could not be asked and count as unanswered, such as: {commonest}")
    if len(found.runs) > 1 and all(_agree(found, run) for run in range(1, len(found.runs))):
        notes.append("the seeds gave the same answers: nothing is drawn at random")
    reasons = _reasons(found)
    notes += [f"{', '.join(names)}: {reason}" for reason, names in reasons.items()]
    explained = {name for names in reasons.values() for name in names}
    for metric in benchmark.metrics:
        if metric.name not in found.names:
            notes.append(f"{metric.name} {NOT_MEASURED}")
        elif metric.name not in explained and all(math.isnan(value) for value in found.values(metric.name)):
            notes.append(f"{metric.name} has no value: no answer could be judged, or what it needs is not here")
    return notes


def _reasons(found: Judged) -> dict[str, list[str]]:
    """Return what judges say is missing, with the scores of which they say it."""
    reasons: dict[str, list[str]] = {}
    for name in found.names:
        for reason in dict.fromkeys(run.scores[name].reason for run in found.runs if name in run.scores):
            if reason:
                reasons.setdefault(reason, []).append(name)
    return reasons


def _agree(found: Judged, run: int) -> bool:
    first, other = found.runs[0].predictions, found.runs[run].predictions
    return [each.text for each in first] == [each.text for each in other]
