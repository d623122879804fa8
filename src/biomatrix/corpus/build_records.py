"""First step of a build: sources to records. Sanitises, embeds, splits; needs no tokenizer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import rdkit
import rdkit.rdBase

from biomatrix.corpus.records import Record, records_to_table
from biomatrix.corpus.slices import Slice, fingerprint, remove_strays, run_slices
from biomatrix.corpus.sources import Source, open_source
from biomatrix.errors import BioMatrixError

VERSION = 1
"""Raised when the same sources would give other records."""


@dataclass(frozen=True)
class RecordSlice(Slice):
    """Rows ``index * size`` to ``(index + 1) * size`` of one source."""

    source: str
    data: Path
    index: int
    size: int


@cache
def _source(name: str, data: Path) -> Source:
    return open_source(name, data)


def write_rejects(path: Path, rejects: list[dict[str, str]]) -> None:
    """Write one JSON object a line: source, id, reason."""
    with path.open("w", encoding="utf-8") as handle:
        for reject in rejects:
            handle.write(json.dumps(reject, ensure_ascii=False, sort_keys=True) + "\n")


def write_records(item: RecordSlice, folder: Path) -> Mapping[str, Any]:
    """Turn one slice of a source's rows into records and rejects."""
    source = _source(item.source, item.data)
    records: list[Record] = []
    rejects: list[dict[str, str]] = []
    for identifier, row in islice(source.rows(), item.index * item.size, (item.index + 1) * item.size):
        try:
            with rdkit.rdBase.BlockLogs():
                records.append(source.record(identifier, row))
        except BioMatrixError as error:
            rejects.append({"source": item.source, "id": identifier, "reason": error.message})
    pq.write_table(records_to_table(records), folder / "records.parquet", compression="zstd")
    write_rejects(folder / "rejects.jsonl", rejects)
    return {"records": len(records), "rejects": len(rejects)}


def record_slices(name: str, data: Path, work: Path, size: int) -> list[RecordSlice]:
    """Return the slices of one source."""
    source = _source(name, data)
    count = sum(1 for _ in source.rows())
    mark = fingerprint(VERSION, source.fingerprint, rdkit.__version__, size)
    return [
        RecordSlice(work / "records" / name / f"{index:05d}", mark, name, data, index, size)
        for index in range(-(-count // size))
    ]


def build_records(
    names: list[str], data: Path, work: Path, *, size: int = 5000, workers: int = 1
) -> dict[str, list[RecordSlice]]:
    """Write the records of every source under ``work/records``; return the slices, by source."""
    slices = {name: record_slices(name, data, work, size) for name in names}
    flat = [item for group in slices.values() for item in group]
    run_slices(flat, write_records, workers=workers, label="records")
    for name, group in slices.items():
        remove_strays(work / "records" / name, group)
    return slices
