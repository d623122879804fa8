"""A comparison as one self-contained page: tables, drawings, some answers of each run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import pyarrow.parquet as pq

from biomatrix.evaluation.answer_log import SAMPLES_FILE
from biomatrix.evaluation.comparison import Line, Run
from biomatrix.evaluation.dot_plot import Dot, dot_plot
from biomatrix.evaluation.notes import NOT_OFFICIAL
from biomatrix.evaluation.tables import (
    EXPLANATION,
    cleaned_rows,
    described_model,
    grouped_notes,
    models_of,
    number,
    table_of,
)
from biomatrix.report import Page

_SHOWN_ANSWERS: Final = 4
_IN_A_ROW: Final = 2
_LONGEST: Final = 400
"""The most characters of a prompt or an answer that are shown."""


def page(runs: Sequence[Run], lines: Sequence[Line], title: str = "Evaluation") -> Page:
    """Return the report of a comparison as a page, not yet written."""
    made = Page(title, EXPLANATION)
    made.heading("Models")
    for described in dict.fromkeys(described_model(run) for run in runs):
        made.paragraph(described)
    for domain in dict.fromkeys(line.domain for line in lines):
        of_domain = [line for line in lines if line.domain == domain]
        made.heading(domain.capitalize())
        made.table(*table_of(of_domain), "wide")
        for task in dict.fromkeys(line.task for line in of_domain):
            _add_task(made, task, [line for line in of_domain if line.task == task], runs)
    cleaned = list(cleaned_rows(lines))
    if cleaned:
        made.heading("Without leaked rows")
        made.table(("task", "metric", "model", "all rows", "without leaked rows"), cleaned)
    return made


def _add_task(made: Page, task: str, lines: Sequence[Line], runs: Sequence[Run]) -> None:
    made.subheading(f"{lines[0].title} ({task})")
    for mark in dict.fromkeys(mark for line in lines for mark in line.marks):
        made.paragraph(mark, "warning")
    drawings = [dot_plot(_titled(line), _dots(line)) for line in lines]
    for start in range(0, len(drawings), _IN_A_ROW):
        made.row(drawings[start : start + _IN_A_ROW])
    mine = [run for run in runs if run.result["task"] == task]
    for note in grouped_notes(mine):
        made.paragraph(note, "note")
    for run in [run for run in mine if not run.is_floor] or mine:
        _add_answers(made, run)


def _titled(line: Line) -> str:
    better = "higher is better" if line.higher_is_better else "lower is better"
    return f"{line.metric}, {better}{'' if line.is_official else f' ({NOT_OFFICIAL})'}"


def _dots(line: Line) -> list[Dot]:
    ordered = models_of([line])
    dots = [
        Dot(name, value.value, value.low, value.high, "floor" if name in line.floors else "model")
        for name, value in ((name, line.values[name]) for name in ordered)
    ]
    if line.best is not None:
        dots.append(Dot(f"paper: {line.best.model}", line.best.value, role="published"))
    for one in line.biomatrix:
        label = f"paper: {one.model} {one.notation}".rstrip()
        if line.best is None or (one.model, one.notation) != (line.best.model, line.best.notation):
            dots.append(Dot(label, one.value, role="published"))
    return dots


def _add_answers(made: Page, run: Run) -> None:
    """Show the first answers of a run, as they were written and as they were read, beside what was expected."""
    rows = _first_answers(run)
    if not rows:
        return
    # A value that no single answer has, such as a root of a mean, would be an empty column.
    scores = [name for name in rows[0] if name.startswith("score_") and not all(math.isnan(row[name]) for row in rows)]
    made.paragraph(f"The first answers of {run.label}:", "note")
    columns = (
        "key",
        "asked",
        "expected",
        "written",
        "read as",
        "fault",
        *(name.removeprefix("score_") for name in scores),
    )
    made.table(
        columns,
        [
            (
                *(_cut(row.get(name, "")) for name in ("key", "prompt", "expected", "raw", "parsed")),
                _cut(row["error"] or row["fault"]),
                *("" if math.isnan(row[name]) else number(row[name]) for name in scores),
            )
            for row in rows
        ],
    )


def _first_answers(run: Run) -> list[dict[str, Any]]:
    path = run.folder / SAMPLES_FILE
    if not path.is_file():
        return []
    file = pq.ParquetFile(path)
    wanted = [name for name in file.schema_arrow.names if name not in ("entity", "checks")]
    first = next(file.iter_batches(_SHOWN_ANSWERS, columns=wanted), None)
    rows: list[dict[str, Any]] = [] if first is None else first.to_pylist()
    return [{key: math.nan if value is None else value for key, value in row.items()} for row in rows]


def _cut(text: object) -> str:
    plain = str(text)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}… ({len(plain):,} characters)"
