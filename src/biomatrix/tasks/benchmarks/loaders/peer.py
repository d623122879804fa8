"""Pairs of the PEER benchmark: LMDB files of pickled records, two proteins or a protein and a ligand with a value.

Settings: ``files``, the file of each split; ``proteins`` or ``protein`` and ``molecule``, the names of the fields that
hold sequences and a SMILES; ``value``, the field with the answer; ``labels``, the words for 0, 1, ... where it is a
class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ParseError
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.official_files.lmdb_file import lmdb_records
from biomatrix.tasks.benchmarks.official_files.pickled_values import plain_value
from biomatrix.tasks.benchmarks.rows.pair_examples import pair_example
from biomatrix.tasks.benchmarks.rows.split_files import of_split

_NUMBER = b"num_examples"


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the records of a split by their number."""
    path = official_file(folder, of_split(settings["files"], split))
    records = dict(lmdb_records(path))
    if _NUMBER not in records:
        raise ParseError("no record says how many there are", file=str(path))
    count = plain_value(records[_NUMBER])
    if not isinstance(count, int) or not 0 <= count < len(records):
        raise ParseError(f"{count!r} records are announced, and there are {len(records) - 1}", file=str(path))
    for number in range(count):
        try:
            yield pair_example(str(number), _record(records, number), settings)
        except BioMatrixError as error:
            yield Reject.from_error(error, str(path), number)


def _record(records: Mapping[bytes, bytes], number: int) -> Mapping[str, Any]:
    data = records.get(str(number).encode())
    if data is None:
        raise ParseError("the record is missing")
    record = plain_value(data)
    if not isinstance(record, dict):
        raise ParseError("the record is no mapping")
    return record
