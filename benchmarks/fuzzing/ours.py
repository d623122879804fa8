"""What this package reads of a file: entities, and rejects with their reasons."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from biomatrix.conversion.decoding import decode_line
from biomatrix.conversion.reading import read_lines
from biomatrix.entities import Entity, Reject
from biomatrix.entities.records import read_entities
from biomatrix.entities.tables import find_table, read_table
from biomatrix.errors import BioMatrixError


def entries(path: Path, file_format: str) -> list[Entity | Reject]:
    """Return every record of a file; an error of the whole file is a Reject without a record."""
    try:
        return list(_entries(path, file_format))
    except BioMatrixError as error:
        return [Reject.from_error(error, str(path))]


def _entries(path: Path, file_format: str) -> Iterator[Entity | Reject]:
    if file_format in ("csv", "parquet"):
        _, table = find_table(path)
        yield from read_table(path, table)
    elif file_format == "jsonl":
        for line in read_lines(str(path)):
            if isinstance(line, Reject):
                yield line
                continue
            try:
                yield decode_line(line)[0]
            except BioMatrixError as error:
                yield Reject.from_error(error, str(path), line.number)
    else:
        yield from read_entities(path, file_format=file_format)
