"""From the rows of an official table to examples: a row that cannot be used becomes a reject, and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from biomatrix.entities.files.delimited import Delimited
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ParseError
from biomatrix.tasks.benchmarks.examples import Example

Row: TypeAlias = Mapping[str, str]
"""One row of a table by column."""


def table_examples(path: Path, make: Callable[[int, Row], Iterator[Example]]) -> Iterator[Example | Reject]:
    """Yield what is made of each row of a table, in order.

    Parameters
    ----------
    path : Path
        Columns parted by a mark, with a header; gzipped or not.
    make : callable
        Takes the row's number from 0 and the row, and yields its examples. What it raises makes a reject.

    Raises
    ------
    ParseError
        The table as a whole cannot be read.
    """
    for number, row in enumerate(Delimited(path).rows()):
        try:
            if isinstance(row, ParseError):
                raise row
            yield from make(number, row)
        except BioMatrixError as error:
            yield Reject.from_error(error, str(path), number + 1)


def cell(row: Row, column: str) -> str:
    """Return the value of a column without the blanks around it; ParseError where there is none."""
    value = row.get(column, "").strip()
    if not value:
        raise ParseError(f"no value in the column {column!r}", position=column)
    return value


def whole(row: Row, column: str) -> int:
    """Return the count in a column; ParseError where it is none."""
    text = cell(row, column)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ParseError(f"{text[:40]!r} is no count", position=column)
    return int(text)
