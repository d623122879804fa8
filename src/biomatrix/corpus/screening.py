"""Records before they become tokens: what a filter refuses, what a test set holds, the keys of the rest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.build_records import reject_line
from biomatrix.corpus.decontamination.index import TestIndex
from biomatrix.corpus.decontamination.judging import contamination
from biomatrix.corpus.deduplication.runs import RunWriter
from biomatrix.corpus.filters.registry import Applied
from biomatrix.corpus.records import Record, read_batches, records_from_table
from biomatrix.corpus.selection_recipes import DeduplicationRecipe, FilterRecipe
from biomatrix.corpus.slices import Slice

VERSION: Final = 1
"""Raised when the same records and settings would give other refusals or keys."""
REFUSED: Final = "refused.jsonl"


@dataclass(frozen=True)
class ScreenedSlice(Slice):
    """What is decided about the records of one slice by themselves.

    Parameters
    ----------
    source : str
        The source's name.
    records : Path
        The folder of the finished record slice.
    filters : tuple of FilterRecipe
        Of the recipe.
    index : Path or None
        The index of test rows; None where nothing is compared.
    deduplication : DeduplicationRecipe or None
        None for a source whose records are not compared.
    """

    source: str
    records: Path
    filters: tuple[FilterRecipe, ...]
    index: Path | None
    deduplication: DeduplicationRecipe | None


def write_screened(item: ScreenedSlice, folder: Path) -> Mapping[str, Any]:
    """Write which rows are refused and why, and the keys of the others; return the counts."""
    filters = Applied(item.filters, item.source)
    index = None if item.index is None else TestIndex.open(item.index)
    runs = None if item.deduplication is None else RunWriter(item.deduplication)
    filtered: Counter[str] = Counter()
    found: Counter[str] = Counter()
    owners: Counter[str] = Counter()
    with (folder / REFUSED).open("w", encoding="utf-8") as refused:
        for row, record in enumerate(_records(item.records)):
            reason = _refusal(record, filters, index, filtered, found, owners)
            if reason is not None:
                refused.write(reject_line(item.source, record.id, reason, row=row))
            if runs is not None:
                runs.add(row, record, compared=reason is None)
    keys = 0 if runs is None else runs.write(folder)
    counts = {"filters": filtered, "decontamination": found, "test_sets": owners}
    return {**{name: dict(one) for name, one in counts.items()}, "keys": keys}


def _refusal(
    record: Record,
    filters: Applied,
    index: TestIndex | None,
    filtered: Counter[str],
    found: Counter[str],
    owners: Counter[str],
) -> str | None:
    failed = filters.refusal(record)
    if failed is not None:
        name, reason = failed
        filtered[name] += 1
        return f"filter {name}: {reason}"
    shared = None if index is None else contamination(record, index)
    if shared is None:
        return None
    found[shared.way] += 1
    owners[shared.owner] += 1
    return f"in a test set: {shared.reason}"


def refused_rows(folder: Path) -> dict[int, dict[str, Any]]:
    """Return the refusals of a screened slice by row."""
    with (folder / REFUSED).open(encoding="utf-8") as lines:
        return {line["row"]: line for line in map(json.loads, lines)}


def _records(folder: Path) -> Iterator[Record]:
    for batch in read_batches(folder / "records.parquet"):
        yield from records_from_table(batch)
