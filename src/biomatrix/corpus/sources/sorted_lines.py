"""Side files sorted by their first column: looked up in a plain file by halving, in a packed one by going forward."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.sources.source_lines import Lines, is_packed
from biomatrix.errors import ConfigurationError

MOST_VALUES: Final = 64
"""Lines of one key that are kept; the rest are passed over."""
_RESTARTS: Final = 100
_PROBES: Final = 256


class SortedLines:
    """Values by key from a tab-separated file whose lines stand in the order of the key.

    Nothing but the lines of one key is held. A plain file is searched by halving it; a packed one is read forward from
    the last key that was asked for, so that keys asked for in the file's order cost one pass.

    Parameters
    ----------
    path : Path
        The file.
    order : callable
        From the text of a key, what the file is sorted by; ValueError where the text is no key, as in a header.

    Raises
    ------
    ConfigurationError
        If lines here and there in a plain file, or the first lines or those passed of a packed one, are out of order.
    """

    def __init__(self, path: Path, order: Callable[[str], Any]) -> None:
        self._path = path
        self._order = order
        self._plain = not is_packed(path)
        self._lines: Lines | None = None
        self._ahead: tuple[str, str] | None = None
        self._last: tuple[Any, list[str]] | None = None
        self._restarts = 0
        self._check_order()

    def __getitem__(self, key: str) -> list[str]:
        """Return the values of a key, at most `MOST_VALUES`, in the file's order; none where it is not there."""
        wanted = self._order(key)
        if self._last is not None and self._last[0] == wanted:
            return self._last[1]
        if self._plain:
            self._open(self._place_before(wanted))
        elif self._lines is None or (self._last is not None and self._last[0] > wanted):
            self._restart()
        values = self._collect(wanted)
        self._last = wanted, values
        return values

    def _collect(self, wanted: Any) -> list[str]:
        values: list[str] = []
        while self._ahead is not None:
            here = self._order(self._ahead[0])
            if here > wanted:
                break
            if here == wanted and len(values) < MOST_VALUES:
                values.append(self._ahead[1])
            self._ahead = self._next()
        return values

    def _next(self) -> tuple[str, str] | None:
        for line in self._lines or ():
            key, mark, value = line.rstrip("\r\n").partition("\t")
            if mark and self._is_key(key):
                if self._ahead is not None and self._order(key) < self._order(self._ahead[0]):
                    self._refuse(key)
                return key, value
        return None

    def _check_order(self) -> None:
        """Look at keys all over a plain file, at the first ones of a packed one."""
        before = None
        for key in filter(self._is_key, self._spread_keys() if self._plain else self._first_keys()):
            if before is not None and self._order(key) < before:
                self._refuse(key)
            before = self._order(key)

    def _spread_keys(self) -> Iterator[str]:
        size = self._path.stat().st_size
        with self._path.open("rb") as stream:
            for place in range(0, size, max(1, size // _PROBES)):
                stream.seek(place)
                if place:
                    stream.readline()
                yield _key_of(stream.readline())

    def _first_keys(self) -> Iterator[str]:
        with closing(Lines(self._path)) as lines:
            for line in islice(lines, _PROBES):
                yield line.split("\t", 1)[0]

    def _refuse(self, key: str) -> None:
        raise ConfigurationError(
            f"not sorted by its first column, as at {key!r}: sort it (LC_ALL=C sort -s -k1,1, or -k1,1n for numbers)",
            file=str(self._path),
        )

    def _is_key(self, text: str) -> bool:
        """Return whether a line begins with a key; a header does not."""
        try:
            self._order(text)
        except ValueError:
            return False
        return True

    def _place_before(self, wanted: Any) -> int:
        """Return a byte that a line begins at, with no line of the key before it."""
        low, high = 0, self._path.stat().st_size
        with self._path.open("rb") as stream:
            while high - low > 4096:
                middle = (low + high) // 2
                stream.seek(middle)
                stream.readline()
                place = stream.tell()
                key = _key_of(stream.readline())
                if place < high and self._is_key(key) and self._order(key) < wanted:
                    low = place
                else:
                    high = middle
        return low

    def _open(self, start: int) -> None:
        if self._lines is not None:
            self._lines.close()
        self._lines, self._ahead = Lines(self._path, start), None
        self._ahead = self._next()

    def _restart(self) -> None:
        self._restarts += 1
        if self._restarts > _RESTARTS:
            raise ConfigurationError(
                "asked for out of its order too often: unpack it, so that it can be searched", file=str(self._path)
            )
        self._open(0)


def _key_of(line: bytes) -> str:
    return line.split(b"\t", 1)[0].decode("utf-8", errors="replace")
