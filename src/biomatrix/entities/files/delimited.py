"""Tables in text: the mark that parts their columns, their header, and their rows."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from biomatrix.entities.files.reading import label_of, read_lines
from biomatrix.entities.limits import DEFAULT_LIMITS
from biomatrix.errors import ParseError

_MARKS: Final = ",;\t|"

csv.field_size_limit(DEFAULT_LIMITS.record_bytes)


class Delimited:
    """A table whose columns are parted by the mark that its header holds most of: comma, semicolon, tab or bar.

    Quoted values may hold that mark and line ends.

    Parameters
    ----------
    path : str or Path
        Gzipped or not; ``-`` for standard input.

    Raises
    ------
    ParseError
        The file is empty or no text, or two columns have the same name.
    """

    def __init__(self, path: str | Path) -> None:
        self._label = label_of(path)
        self._lines = read_lines(path)
        self._before = 0
        header = ""
        for header in self._lines:
            if header.strip():
                break
            self._before += 1
        mark = max(_MARKS, key=header.count)
        # The reader of quoted values wants the line ends that they may hold.
        self._rows = csv.reader((f"{line}\n" for line in chain([header], self._lines)), delimiter=mark)
        self.columns = tuple(name.strip() for name in self._next() or ())
        twice = next((name for name in self.columns if name and self.columns.count(name) > 1), None)
        if twice is not None:
            raise ParseError(f"two columns are called {twice!r}: give each a name of its own", file=self._label)

    def notes(self) -> tuple[str, ...]:
        """Return what to note of the row that was read last: text that is not UTF-8."""
        last = self._before + self._rows.line_num
        return self._lines.notes(self._first, last)

    def rows(self, *, whole: bool = False) -> Iterator[dict[str, str] | ParseError]:
        """Yield each row by the names of its columns; an error in place of one with more values than columns.

        Parameters
        ----------
        whole : bool
            Whether a row with fewer values is an error too, as the last one of a file that was cut.
        """
        while (values := self._next()) is not None:
            if not values:
                continue
            if len(values) > len(self.columns):
                yield ParseError(
                    f"{len(values)} values under {len(self.columns)} columns: quote values that hold the separator"
                )
            elif whole and len(values) < len(self.columns):
                yield ParseError(f"{len(values)} values under {len(self.columns)} columns: the row is cut")
            else:
                yield dict(zip(self.columns, [*values, *[""] * (len(self.columns) - len(values))], strict=True))

    def _next(self) -> list[str] | None:
        self._first = self._before + self._rows.line_num + 1
        try:
            return next(self._rows, None)
        except csv.Error as error:
            raise ParseError(f"not a table of separated values: {error}", file=self._label) from error
