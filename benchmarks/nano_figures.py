"""What the measurements of nano share: records of a corpus, figures, their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq

from biomatrix.corpus.records import Record, records_from_table

SEED = 0


@dataclass(frozen=True)
class Figure:
    """One measured figure of a model and its baselines; ``n`` is what it was measured on."""

    task: str
    measure: str
    nano: float
    random: float | None
    nearest: float | None
    n: int
    model: str = "nano"


def load_records(work: Path, source: str, splits: Sequence[str]) -> list[Record]:
    """Return the records of one source in the given splits."""
    return _records(work, source, tuple(splits))


@cache
def _records(work: Path, source: str, splits: tuple[str, ...]) -> list[Record]:
    """Read records once for all models, from finished slices."""
    found: list[Record] = []
    for done in sorted((work / "records" / source).glob("*/done.json")):
        found += records_from_table(pq.read_table(done.with_name("records.parquet"), filters=[("split", "in", splits)]))
    return found


def share(values: Sequence[bool]) -> float:
    """Return the share of true values."""
    return sum(values) / max(len(values), 1)


def as_table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table, one column for each model."""

    def cell(value: float | None) -> str:
        return "" if value is None else f"{value:.3f}"

    models = list(dict.fromkeys(figure.model for figure in figures))
    lines: dict[tuple[str, str], dict[str, Figure]] = {}
    for figure in figures:
        lines.setdefault((figure.task, figure.measure), {})[figure.model] = figure
    rows = [
        f"| task | measure | {' | '.join(models)} | random | nearest | n |",
        "|---" * (len(models) + 5) + "|",
    ]
    for (task, measure), found in lines.items():
        values = " | ".join(cell(found[name].nano) if name in found else "" for name in models)
        first = next(iter(found.values()))
        count = " / ".join(dict.fromkeys(str(figure.n) for figure in found.values()))
        rows.append(f"| {task} | {measure} | {values} | {cell(first.random)} | {cell(first.nearest)} | {count} |")
    return "\n".join(rows)
