"""LMDB files as tables: each row a key and its value, in the order of the keys, read through the ``lmdb`` package."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.sources.stream_tables import StreamTable
from biomatrix.errors import ConfigurationError, ParseError

_PICKLE: Final = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_PICKLE_END: Final = b"."


def is_pickle(value: bytes) -> bool:
    """Return whether bytes are a pickled Python object, which can run code when it is loaded."""
    return value.startswith(_PICKLE) and value.endswith(_PICKLE_END)


class LmdbRecords(Iterator[tuple[bytes, bytes]]):
    """The keys and values of a file's main database, opened for reading alone.

    Parameters
    ----------
    path : Path
        The data file itself, such as ``data.mdb``.

    Raises
    ------
    ConfigurationError
        The package ``lmdb`` is not installed.
    ParseError
        It is no LMDB file.
    """

    can_seek = False

    def __init__(self, path: Path) -> None:
        self._path = path
        library = _library()
        try:
            self._environment = library.open(str(path), subdir=False, readonly=True, lock=False, readahead=True)
            self._cursor = self._environment.begin().cursor()
            self.count = int(self._environment.stat()["entries"])
        except library.Error as error:
            raise ParseError(f"not an LMDB file that can be read: {error}", file=str(path)) from error
        self._records = iter(self._cursor)

    def __next__(self) -> tuple[bytes, bytes]:
        try:
            key, value = next(self._records)
        except _library().Error as error:
            raise ParseError(f"a broken LMDB file: {error}", file=str(self._path)) from error
        return bytes(key), bytes(value)

    def close(self) -> None:
        """Close the file; there are no further records."""
        self._records = iter(())
        self._environment.close()


class LmdbTable(StreamTable[LmdbRecords]):
    """An LMDB file, its rows pairs of key and value as bytes; rows are found by going forward."""

    def open(self, start: int) -> LmdbRecords:
        """Open the records; there is no other place to begin."""
        return LmdbRecords(self.path)

    def offsets(self, source: LmdbRecords) -> Iterator[int]:
        """Yield 0 for each record, the number of which the file states."""
        return repeat(0, source.count)

    def parse(self, source: LmdbRecords) -> Iterator[tuple[bytes, bytes]]:
        """Yield keys and values."""
        return source


def _library() -> Any:
    try:
        import lmdb
    except ImportError as error:
        raise ConfigurationError("LMDB files need the package lmdb: pip install 'biomatrix[sources]'") from error
    return lmdb
