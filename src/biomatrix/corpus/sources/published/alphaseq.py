"""AlphaSeq: affinities of pairs of proteins by yeast mating, as A-Alpha Bio publishes them.

Columns: https://huggingface.co/datasets/aalphabio/open-alphaseq
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.holdout import split_of
from biomatrix.corpus.records import INTERACTION, Record
from biomatrix.corpus.sources.published.published_source import PublishedSource
from biomatrix.corpus.sources.tables import ParquetTable, Table
from biomatrix.corpus.sources.text_tables import BrokenRow, DelimitedTable
from biomatrix.entities import Protein
from biomatrix.errors import ParseError

_COLUMNS: Final = (
    "mata_description",
    "mata_sequence",
    "matalpha_description",
    "matalpha_sequence",
    "alphaseq_affinity",
)


class AlphaseqSource(PublishedSource):
    """Pairs with the decadic logarithm of the dissociation constant in nM; lower binds tighter."""

    def table(self, path: Path) -> Table:
        """Return the rows of an experiment, from Parquet or CSV."""
        if path.name.lower().endswith(".parquet"):
            return ParquetTable(path, _COLUMNS)
        table = DelimitedTable(path)
        table.require(_COLUMNS)
        return table

    def expand(self, table: Table, number: int, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the one pair, by experiment and row."""
        experiment = table.path.parent.name if table.path.name.startswith("data.") else table.path.name.split(".")[0]
        yield f"{experiment}:{number + 1}", row

    def record(self, identifier: str, row: Mapping[str, Any]) -> Record:
        """Return a pair; ParseError where a sequence or the affinity is missing or broken."""
        if isinstance(row, BrokenRow):
            raise ParseError(row.reason)
        value = _affinity(row["alphaseq_affinity"])
        parts = {
            f"protein_{place}": Protein.from_sequence(
                str(row[f"{library}_sequence"] or ""), name=str(row[f"{library}_description"] or "")
            )
            for place, library in enumerate(("mata", "matalpha"), start=1)
        }
        fields = {"log_kd": f"{value:.3f}"}
        return Record(self.name, identifier, INTERACTION, split_of(*parts.values()), fields, None, parts)


def _affinity(given: Any) -> float:
    try:
        value = float(given)
    except (TypeError, ValueError):
        value = float("nan")
    if not isfinite(value):
        raise ParseError(
            "no affinity was measured" if given in (None, "") or given != given else f"{given!r} is no affinity"
        )
    return value
