"""Tables that can be read from any row on: the files of sources.

A reader continues from its present row to later ones, or seeks where it can: so reading all slices of a table in order
costs one pass over it, however many there are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import accumulate, repeat
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from biomatrix.errors import ParseError

BATCH_ROWS: Final = 1024
_BUFFER: Final = 1 << 20


class Table(ABC):
    """One file as rows numbered from 0.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def starts(self) -> Iterator[int | None]:
        """Yield, for each row, the byte to start reading at; None where the row's number is enough."""

    @abstractmethod
    def rows(self, first: int = 0, start: int | None = None) -> Iterator[Any]:
        """Yield the rows from number ``first`` on; ``start`` is the value of :meth:`starts` for that row."""


class ParquetTable(Table):
    """A Parquet file, its rows as mappings of column to value.

    Parameters
    ----------
    path : Path
        The file.
    columns : sequence of str
        The columns to read; the file may hold more.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        super().__init__(path)
        self.columns = list(columns)
        self._group = -1
        self._at = 0
        self._batch: pa.RecordBatch | None = None
        self._batches: Iterator[pa.RecordBatch] = iter(())

    def starts(self) -> Iterator[int | None]:
        """Yield None for each row: row groups are found by number."""
        return repeat(None, self._begins[-1])

    def rows(self, first: int = 0, start: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows from number ``first`` on.

        Raises
        ------
        ParseError
            If the file is not a Parquet file, or a column is missing.
        """
        self._seek(first)
        while self._batch is not None:
            inside = max(first - self._at, 0)
            if inside < self._batch.num_rows:
                with self._readable():
                    rows = self._batch.slice(inside).to_pylist()
                yield from rows
            self._advance()

    @cached_property
    def _begins(self) -> list[int]:
        """The number of the first row of each row group, then the number of rows."""
        with self._open() as file:
            metadata = file.metadata
            return [0, *accumulate(metadata.row_group(group).num_rows for group in range(metadata.num_row_groups))]

    def _open(self) -> pq.ParquetFile:
        try:
            file = pq.ParquetFile(self.path, buffer_size=_BUFFER)
            missing = sorted(set(self.columns) - set(file.schema_arrow.names))
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise ParseError(f"not a Parquet file that can be read: {error}", file=str(self.path)) from error
        if missing:
            raise ParseError(f"no column {', '.join(missing)}", file=str(self.path))
        return file

    def _seek(self, first: int) -> None:
        """Move to the batch that holds row ``first``: to its row group, or forward from the present batch."""
        group = bisect_right(self._begins, first) - 1
        begin = self._begins[group]
        if self._batch is None or first < self._at or self._group < group:
            self._batch = None
            self._group, self._at = group, begin
            groups = range(group, len(self._begins) - 1)
            self._batches = self._open().iter_batches(batch_size=BATCH_ROWS, columns=self.columns, row_groups=groups)
            self._advance()
        while self._batch is not None and self._at + self._batch.num_rows <= first:
            self._advance()

    def _advance(self) -> None:
        """Move to the next batch; after an exception the next reading opens the file again."""
        read, self._batch = self._batch, None
        self._at += 0 if read is None else read.num_rows
        with self._readable():
            self._batch = next(self._batches, None)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, OSError, ValueError) as error:
            raise ParseError(f"cannot be read to its end: {error}", file=str(self.path)) from error


class RowTable(Table):
    """Rows that are in memory: data included in a package, or a list of files."""

    def __init__(self, rows: Sequence[Any]) -> None:
        super().__init__(Path())
        self._rows = rows

    def starts(self) -> Iterator[int | None]:
        """Yield None for each row."""
        return repeat(None, len(self._rows))

    def rows(self, first: int = 0, start: int | None = None) -> Iterator[Any]:
        """Yield the rows from number ``first`` on."""
        return iter(self._rows[first:])


def parquet_rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a Parquet file, one batch in memory at a time."""
    return ParquetTable(path, columns).rows()
