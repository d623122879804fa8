"""A comparison as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from biomatrix.evaluation.comparison import Line, Run
from biomatrix.evaluation.tables import (
    EXPLANATION,
    cleaned_rows,
    described_model,
    grouped_notes,
    table_of,
)

_MARKUP = str.maketrans({mark: f"\\{mark}" for mark in "\\`*[<|~$"})


def markdown(runs: Sequence[Run], lines: Sequence[Line], title: str = "Evaluation") -> str:
    """Return the report of a comparison."""
    return "\n".join(_parts(runs, lines, title)) + "\n"


def _parts(runs: Sequence[Run], lines: Sequence[Line], title: str) -> Iterator[str]:
    yield f"# {escaped(title)}\n"
    yield f"{EXPLANATION}\n"
    for described in dict.fromkeys(described_model(run) for run in runs):
        yield f"- {escaped(described)}"
    for domain in dict.fromkeys(line.domain for line in lines):
        of_domain = [line for line in lines if line.domain == domain]
        yield f"\n## {escaped(domain.capitalize())}\n"
        yield from table(*table_of(of_domain))
    cleaned = list(cleaned_rows(lines))
    if cleaned:
        yield "\n## Without leaked rows\n"
        yield from table(["task", "metric", "model", "all rows", "without leaked rows"], cleaned)
    yield "\n## Notes\n"
    for task in dict.fromkeys(str(run.result["task"]) for run in runs):
        for note in grouped_notes([run for run in runs if run.result["task"] == task]):
            yield f"- {escaped(task)}: {escaped(note)}"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; cells are plain text."""
    yield f"| {' | '.join(map(escaped, columns))} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(map(escaped, row))} |"


def escaped(text: str) -> str:
    """Return plain text as Markdown shows it, on one line.

    Examples
    --------
    >>> escaped("a|b <i>")
    'a\\\\|b \\\\<i>'
    """
    return " ".join(text.split()).translate(_MARKUP)
