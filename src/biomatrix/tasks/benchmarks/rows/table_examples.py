"""From the rows of an official file to examples: a row that cannot be used becomes a reject, and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from biomatrix.entities.files.delimited import Delimited
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ParseError
from biomatrix.tasks.benchmarks.examples import Example

Row: TypeAlias = Mapping[str, str]
"""One row of a table by column."""
T = TypeVar("T")


def row_examples(
    rows: Iterable[T | Reject | BioMatrixError],
    file: str | Path,
    make: Callable[[int, T], Iterable[Example | Reject]],
) -> Iterator[Example | Reject]:
    """Yield what is made of each row of a file, in order.

    Parameters
    ----------
    rows : iterable of row, Reject or BioMatrixError
        A reject or an error stands where a row could not be read.
    file : str or Path
        What rejects name.
    make : callable
        Takes the row's number from 0 and the row, and returns its examples. What it raises makes a reject.
    """
    for number, row in enumerate(rows):
        if isinstance(row, Reject):
            yield row
            continue
        try:
            if isinstance(row, BioMatrixError):
                raise row
            yield from make(number, row)
        except BioMatrixError as error:
            yield Reject.from_error(error, str(file), number + 1)


def table_examples(path: Path, make: Callable[[int, Row], Iterable[Example | Reject]]) -> Iterator[Example | Reject]:
    """Yield what is made of each row of a table, as :func:`row_examples` does.

    Parameters
    ----------
    path : Path
        Columns parted by a mark, with a header; gzipped or not.
    make : callable

    Raises
    ------
    ParseError
        The table as a whole cannot be read.
    """
    return row_examples(Delimited(path).rows(whole=True), path, make)


def cell(row: Mapping[str, Any], column: str) -> str:
    """Return what a column holds, without white space around it; ParseError where it is empty or absent."""
    value = row.get(column)
    text = "" if value is None else str(value).strip()
    if not text:
        raise ParseError(f"no value in the column {column!r}", position=column)
    return text


def whole(row: Row, column: str) -> int:
    """Return the count in a column; ParseError where it is none."""
    text = cell(row, column)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ParseError(f"{text[:40]!r} is no count", position=column)
    return int(text)
