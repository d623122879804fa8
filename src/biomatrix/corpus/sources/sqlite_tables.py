"""SQLite databases as tables: the rows of a query in the order of a whole-number key, found by that key."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.sources.tables import Table
from biomatrix.errors import ParseError

_BATCH: Final = 1024


class SqliteTable(Table):
    """A query of a database that is opened for reading alone.

    Parameters
    ----------
    path : Path
        The database.
    query : str
        A SELECT of named columns without WHERE and ORDER; ``{from_key}`` stands where its condition goes.
    keys : str
        A SELECT of the keys of the same rows.
    key : str
        The expression of the key, unique among the rows: both are read in its order.
    """

    def __init__(self, path: Path, query: str, keys: str, key: str) -> None:
        super().__init__(path)
        self._query = f"{query} WHERE {key} >= ? ORDER BY {key}"
        self._keys = f"{keys} ORDER BY {key}"
        self._least = -(1 << 63)

    def starts(self) -> Iterator[int | None]:
        """Yield the key of each row, from which on it is read."""
        with self._readable():
            for (key,) in self._batches(self._keys, ()):
                yield key

    def rows(self, first: int = 0, start: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows from number ``first`` on, each a mapping of column to value.

        Raises
        ------
        ParseError
            If the file is no such database, or lacks a table or column.
        """
        with self._readable():
            rows = self._batches(self._query, (self._least if start is None else start,))
            for number, row in enumerate(rows, start=0 if start is None else first):
                if number >= first:
                    yield dict(row)

    def _batches(self, query: str, values: tuple[int, ...]) -> Iterator[Any]:
        address = f"{self.path.resolve().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(address, uri=True)
        try:
            connection.row_factory = sqlite3.Row
            connection.text_factory = _text
            cursor = connection.execute(query, values)
            while batch := cursor.fetchmany(_BATCH):
                yield from batch
        finally:
            connection.close()

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ParseError(f"not a database that can be read: {error}", file=str(self.path)) from error


def _text(content: bytes) -> str:
    """Return text that is UTF-8, or else Windows-1252, as all other text is read."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
