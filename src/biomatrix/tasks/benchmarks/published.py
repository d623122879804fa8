"""Published numbers: the results of the BioMatrix report, Tables 5 to 29, with those it prints beside its own.

Values stand as printed: some tables print percent, others fractions; :attr:`MetricUse.published_scale` says which.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).with_name("published.csv")


@dataclass(frozen=True)
class PublishedScore:
    """One printed number.

    Parameters
    ----------
    table : int
        The table of the report.
    benchmark, metric, model : str
    notation : str
        ``SMILES``, ``SELFIES`` or ``none``, as the report's rows name it.
    value : float
    is_biomatrix : bool
        Whether the model is one of the report's own.
    is_best : bool
        Whether it is the best of its column, rows of reference left out; ties are all best.
    """

    table: int
    benchmark: str
    metric: str
    model: str
    notation: str
    value: float
    is_biomatrix: bool
    is_best: bool


@cache
def published_scores(benchmark: str | None = None) -> tuple[PublishedScore, ...]:
    """Return the published numbers of a benchmark, or all, in the order of the report."""
    if benchmark is not None:
        return tuple(each for each in published_scores() if each.benchmark == benchmark)
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            PublishedScore(
                int(row["table"]), row["task_id"], row["metric"], row["model"], row["notation"], float(row["value"]),
                row["is_biomatrix"] == "true", row["is_best"] == "true",
            )
            for row in csv.DictReader(file)
        )  # fmt: skip
