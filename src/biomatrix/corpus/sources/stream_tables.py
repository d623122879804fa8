"""Tables in files that are read forward: a reader goes on from its present row, or seeks where the file allows it.

Plain files are read from any byte on. A packed file can only be read forward from the present place of its reader, so a
worker that reads its slices in order needs one pass over it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from biomatrix.corpus.sources.tables import Table

_END: Final = object()


class Forward(Protocol):
    """What a table reads: something that begins at a byte, knows whether it can, and is closed."""

    @property
    def can_seek(self) -> bool:
        """Whether it can begin anywhere."""

    def close(self) -> None:
        """Close the file."""


Reading = TypeVar("Reading", bound=Forward)


class StreamTable(Table, Generic[Reading]):
    """A file of records, each of which begins at a byte.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._at = 0
        self._source: Reading | None = None
        self._reading: Iterator[Any] = iter(())

    @abstractmethod
    def open(self, start: int) -> Reading:
        """Open the file at a byte where a record begins."""

    @abstractmethod
    def offsets(self, source: Reading) -> Iterator[int]:
        """Yield the byte where each record begins."""

    @abstractmethod
    def parse(self, source: Reading) -> Iterator[Any]:
        """Yield the records of an opened file."""

    def starts(self) -> Iterator[int | None]:
        """Yield the byte where each record begins; None for a file that is only read from its beginning."""
        with closing(self.open(0)) as source:
            for offset in self.offsets(source):
                yield offset if source.can_seek else None

    def rows(self, first: int = 0, start: int | None = None) -> Iterator[Any]:
        """Yield the records from number ``first`` on; see :meth:`Table.rows`."""
        if self._source is None or first < self._at or (start is not None and first > self._at):
            self._begin(first, start)
        while (row := self._next()) is not _END:
            if self._at > first:
                yield row

    def _begin(self, first: int, start: int | None) -> None:
        self._close()
        source = self.open(start or 0)
        self._at = 0 if start is None else first
        self._reading = self.parse(source)
        self._source = source

    def _next(self) -> Any:
        """Return the next record; at the end, and at any exception, the next reading opens the file again."""
        try:
            row = next(self._reading, _END)
            self._at += 1
        except BaseException:
            self._close()
            raise
        if row is _END:
            self._close()
        return row

    def _close(self) -> None:
        source, self._source, self._reading = self._source, None, iter(())
        if source is not None:
            source.close()
