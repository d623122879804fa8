"""Rows of delimited text with the faults that one row can have, so that it alone is refused and not the file."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from biomatrix.corpus.sources.source_lines import LIMITS, Lines, LongLine, too_long

_OPEN: Final = "a quotation mark is not closed, or closed in a later row"
_LOST: Final = "; the {:,} lines behind it are not read"

csv.field_size_limit(LIMITS.record_bytes)


class DelimitedRow(NamedTuple):
    """One row: the byte where it begins, its values, and what is wrong with it, "" for nothing."""

    begin: int
    values: list[str]
    fault: str = ""


class _Feed(Iterator[str]):
    """Lines with those that a row took, which can be given back; a row gets no more than a record may have."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._ahead: deque[tuple[int, str]] = deque()
        self.taken: list[tuple[int, str]] = []
        self._size = 0
        self.ended = False

    def begin_row(self) -> None:
        """Forget what the row before took."""
        self.taken, self._size, self.ended = [], 0, False

    def give_back(self) -> None:
        """Have all lines but the first one of the row read again."""
        self._ahead.extendleft(reversed(self.taken[1:]))

    def __next__(self) -> str:
        if self._size > LIMITS.record_bytes:
            self.ended = True
            raise StopIteration
        begin = self._lines.offset
        line = self._ahead.popleft() if self._ahead else (begin, next(self._lines, ""))
        if not line[1]:
            self.ended = True
            raise StopIteration
        self.taken.append(line)
        self._size += len(line[1])
        return "" if isinstance(line[1], LongLine) else line[1]


def delimited_rows(lines: Lines, delimiter: str, quotes: bool, columns: int = 0) -> Iterator[DelimitedRow]:
    """Yield the rows of delimited text, those without a value left out.

    A quotation mark that is left open would make one value of all that stands behind it. Where the next line has as
    many values as there are columns, it is taken for a row, and the first line alone is refused.

    Parameters
    ----------
    lines : Lines
        Where a row begins.
    delimiter : str
        One character.
    quotes : bool
        False where a quotation mark is an ordinary character.
    columns : int
        How many there are; 0 where that is not known yet.
    """
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE)
    while True:
        feed.begin_row()
        fault = ""
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            values, fault = [], f"not a row of a delimited table: {error}"
        begin, first = feed.taken[0]
        if isinstance(first, LongLine):
            values, fault = [], too_long(first)
        elif feed.ended or (len(feed.taken) > 1 and not _is_strict(feed.taken, delimiter)):
            fault = _OPEN
            if columns > 1 and len(feed.taken) > 1 and len(_values(feed.taken[1][1], delimiter)) == columns:
                feed.give_back()
            elif len(feed.taken) > 1:
                fault += _LOST.format(len(feed.taken) - 1)
        if values or fault:
            yield DelimitedRow(begin, values, fault)


def _is_strict(taken: list[tuple[int, str]], delimiter: str) -> bool:
    """Return whether a row of several lines follows the rules to the letter, and none of its lines is cut."""
    if any(isinstance(line, LongLine) for _, line in taken):
        return False
    try:
        return len(list(csv.reader((line for _, line in taken), delimiter=delimiter, strict=True))) == 1
    except csv.Error:
        return False


def _values(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
