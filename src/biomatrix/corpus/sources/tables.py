"""Reading the plain tables sources come in."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

csv.field_size_limit(1 << 24)


def parquet_rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a Parquet file, a batch in memory at a time."""
    for batch in pq.ParquetFile(path).iter_batches(batch_size=1024, columns=list(columns)):
        yield from batch.to_pylist()


def csv_rows(path: Path, delimiter: str = ",", quotes: bool = True) -> Iterator[dict[str, str]]:
    """Yield the rows of a gzipped CSV or TSV file with a header line.

    ``quotes`` is False where a quotation mark is an ordinary character.
    """
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        if quotes:
            yield from csv.DictReader(handle, delimiter=delimiter)
        else:
            yield from csv.DictReader(handle, delimiter=delimiter, quoting=csv.QUOTE_NONE)


def fasta_rows(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (header without the mark, sequence in capitals) of a gzipped FASTA file."""
    header, parts = "", list[str]()
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        for line in handle:
            if line.startswith(">"):
                if header:
                    yield header, "".join(parts).upper()
                header, parts = line[1:].strip(), []
            else:
                parts.append(line.strip())
    if header:
        yield header, "".join(parts).upper()
