"""A Parquet table of pairs: a protein and a ligand with a value.

Settings: ``table``; ``split_column``, and ``splits``, its values that make each split; ``protein``, ``molecule`` and
``value``, the names of columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from biomatrix.entities.rejects import Reject
from biomatrix.entities.tables import parquet_rows
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.rows.pair_examples import pair_example
from biomatrix.tasks.benchmarks.rows.split_files import of_split
from biomatrix.tasks.benchmarks.rows.table_examples import row_examples


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the rows of a split."""
    wanted = frozenset(of_split(settings["splits"], split))
    path = official_file(folder, settings["table"])
    columns = [settings[name] for name in ("split_column", "protein", "molecule", "value")]

    def make(number: int, row: Mapping[str, Any]) -> Iterator[Example]:
        if row[settings["split_column"]] in wanted:
            yield pair_example(str(number), row, settings)

    return row_examples(parquet_rows(path, columns), path, make)
