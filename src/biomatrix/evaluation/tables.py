"""The tables of a report as text: one for each domain, and what a reader must know of each task."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from biomatrix.evaluation.comparison import Line, Published, Run, Value

EXPLANATION: Final = (
    "Values stand in the scale of the paper's tables; in brackets the 95% bootstrap interval over the rows, behind ± "
    "the standard deviation over the seeds. A floor is what a simple baseline reaches: a model below it has shown "
    "nothing. The paper's numbers stand beside values of the official data alone."
)
ARROWS: Final = {True: "↑", False: "↓"}


def models_of(lines: Sequence[Line]) -> list[str]:
    """Return the models of a comparison in order: those that are asked, then the floors."""
    names = dict.fromkeys(name for line in lines for name in line.values)
    floors = {name for line in lines for name in line.floors}
    return [name for name in names if name not in floors] + [name for name in names if name in floors]


def columns_of(models: Sequence[str]) -> list[str]:
    """Return the heads of a table."""
    return ["task", "metric", *models, "against the floors", "paper's best", "BioMatrix", "rows"]


def rows_of(lines: Sequence[Line], models: Sequence[str]) -> Iterator[list[str]]:
    """Yield a row for each line."""
    for line in lines:
        values = [shown(line.values[name]) if name in line.values else "" for name in models]
        yield [
            line.task,
            f"{line.metric} {ARROWS[line.higher_is_better]}",
            *values,
            verdicts(line),
            "" if line.best is None else printed(line.best),
            biomatrix(line),
            "; ".join(line.marks) or "official test split",
        ]


def table_of(lines: Sequence[Line]) -> tuple[list[str], list[list[str]]]:
    """Return the heads and rows of a table, without columns in which nothing stands."""
    models = models_of(lines)
    columns, rows = columns_of(models), list(rows_of(lines, models))
    kept = [number for number in range(len(columns)) if any(row[number] for row in rows)]
    return [columns[number] for number in kept], [[row[number] for number in kept] for row in rows]


def verdicts(line: Line) -> str:
    """Return how each model that is no floor stands to the floors; its name where they differ."""
    asked = [name for name in line.values if name not in line.floors]
    words = dict.fromkeys(line.verdict(name) for name in asked)
    if len(words) == 1:
        return next(iter(words))
    return "; ".join(f"{name}: {line.verdict(name)}" for name in asked)


def printed_lines(lines: Sequence[Line]) -> Iterator[str]:
    """Yield a line for each metric and model, for a terminal."""
    for line in lines:
        marks = f"  ({'; '.join(line.marks)})" if line.marks else ""
        for name, value in line.values.items():
            verdict = "" if name in line.floors else f"  {line.verdict(name)}"
            yield f"{line.task}  {line.metric} {ARROWS[line.higher_is_better]}  {name}  {shown(value)}{verdict}{marks}"


def biomatrix(line: Line) -> str:
    """Return the best of the report's own rows."""
    if not line.biomatrix:
        return ""
    sign = 1 if line.higher_is_better else -1
    return printed(max(line.biomatrix, key=lambda one: sign * one.value))


def printed(one: Published) -> str:
    """Return a printed number with its model."""
    notation = f", {one.notation}" if one.notation else ""
    return f"{number(one.value)} ({one.model}{notation})"


def shown(value: Value) -> str:
    """Return a value with its interval and its spread.

    Examples
    --------
    >>> shown(Value(0.5, 0.4, 0.6)), shown(Value(float("nan")))
    ('0.500 [0.400, 0.600]', 'none')
    """
    if math.isnan(value.value):
        return "none"
    interval = "" if math.isnan(value.low) else f" [{number(value.low)}, {number(value.high)}]"
    spread = "" if math.isnan(value.spread) else f" ± {number(value.spread)}"
    return f"{number(value.value)}{spread}{interval}"


def number(value: float) -> str:
    """Return a number with about four digits.

    Examples
    --------
    >>> number(79.4271), number(0.03456), number(1234.5)
    ('79.43', '0.035', '1234')
    """
    if math.isnan(value):
        return "none"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.2f}" if abs(value) < 1000 else f"{value:.0f}"


def cleaned_rows(lines: Sequence[Line]) -> Iterator[list[str]]:
    """Yield, for each line and model that an audit looked at, the value of all rows and of those not leaked."""
    for line in lines:
        for name, value in line.without_leaked.items():
            yield [line.task, line.metric, name, shown(line.values[name]), shown(value)]


def notes_of(run: Run) -> list[str]:
    """Return what must be known of a run, in sentences."""
    result = run.result
    counts: Mapping[str, Any] = result.get("counts", {})
    leaked = result.get("without_leaked")
    notes = [*result["data"].get("notes", ()), *result.get("notes", ())]
    if counts.get("with_fault"):
        notes.append(f"{counts['with_fault']:,} of {counts['answers']:,} answers could not be read as what was asked")
    if leaked:
        notes.append(f"{leaked['removed']:,} rows stand in training data too; {leaked['rows']:,} do not")
    return [str(note) for note in notes]


def grouped_notes(runs: Sequence[Run]) -> Iterator[str]:
    """Yield what must be known of runs of one task, each sentence once, with the models where it is not of all."""
    models: dict[str, list[str]] = {}
    for run in runs:
        for note in notes_of(run):
            models.setdefault(note, []).append(run.label)
    for note, labels in models.items():
        yield note if len(labels) == len(runs) else f"{', '.join(labels)}: {note}"


def described_model(run: Run) -> str:
    """Return a model and what tells it from others, on one line."""
    description = {key: value for key, value in run.result["model"]["description"].items() if value not in (None, {})}
    parts = [f"{key} {str(value)[:12] if key.endswith('hash') else value}" for key, value in description.items()]
    return f"{run.result['model']['name']}: {', '.join(parts) or 'no description'}"
