"""Tables in text files: delimited columns, JSON lines, FASTA, and records that a marked line opens or closes.

Beside packed files, one in another encoding or with other line ends is only read forward.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.sources.delimited_rows import DelimitedRow, delimited_rows
from biomatrix.corpus.sources.source_lines import LIMITS, Lines, LongLine, readable, too_long
from biomatrix.corpus.sources.stream_tables import StreamTable
from biomatrix.entities.fasta import fasta_records
from biomatrix.errors import ConfigurationError, LimitError, ParseError

_SHOWN: Final = 4096
"""The characters that are kept of a line that is too long, where no other line of its record is."""
_COMMA: Final = ","
_OTHER_MARKS: Final = ";\t"
"""What parts columns in the .csv files of spreadsheets set to a language that writes commas in numbers."""
_TOO_MANY: Final = "{} values under {} columns: quote values that hold the separator"


class TextTable(StreamTable[Lines]):
    """A text file of records."""

    def open(self, start: int) -> Lines:
        """Open the lines from a byte on."""
        return Lines(self.path, start, marks_long=True)


class DelimitedTable(TextTable):
    """A CSV or TSV file with a header line, its rows as mappings of column to text.

    Parameters
    ----------
    path : Path
        The file.
    delimiter : str
        One character. Where it is a comma and the header holds none, the semicolon or tab that the header holds takes
        its place, as spreadsheets write them where commas stand in numbers.
    quotes : bool
        False where a quotation mark is an ordinary character.
    """

    def __init__(self, path: Path, delimiter: str = ",", quotes: bool = True) -> None:
        super().__init__(path)
        self._delimiter = delimiter
        self._quotes = quotes
        self._names: list[str] | None = None
        self._mark: str | None = None

    @property
    def names(self) -> list[str]:
        """The names of the columns; of those that repeat one, with the number of the repetition: ``sequence 2``."""
        if self._names is None:
            with closing(self.open(0)) as lines:
                header = next(self._split(lines), DelimitedRow(0, []))
            if header.fault:
                raise ParseError(f"no header: {header.fault}", file=str(self.path), position=1)
            self._names = _numbered(header.values)
        return self._names

    def require(self, columns: Iterable[str]) -> None:
        """Raise ConfigurationError where the header lacks one of these columns."""
        missing = [name for name in columns if name not in self.names]
        if missing:
            there = ", ".join(self.names) or "none, the file is empty"
            raise ConfigurationError(f"no column {', '.join(missing)}; there are: {there}", file=str(self.path))

    def offsets(self, lines: Lines) -> Iterator[int]:
        """Yield the byte where each row but the header begins; a quoted field may hold line ends."""
        for number, row in enumerate(self._split(lines, len(self.names))):
            if number:
                yield row.begin

    def parse(self, lines: Lines) -> Iterator[dict[str, str]]:
        """Yield rows; the header, where lines begin with it, is skipped."""
        names = self.names
        rows = self._split(lines, len(names))
        if lines.offset == 0:
            next(rows, None)
        for _, row, fault in rows:
            fault = fault or (_TOO_MANY.format(len(row), len(names)) if len(row) > len(names) else "")
            values = dict(zip(names, row + [""] * (len(names) - len(row)), strict=False))
            yield BrokenRow(values, fault) if fault else values

    def _split(self, lines: Lines, columns: int = 0) -> Iterator[DelimitedRow]:
        return delimited_rows(lines, self._settled_mark(), self._quotes, columns)

    def _settled_mark(self) -> str:
        """Return what parts the columns, by the header where a comma was named; it is looked at once."""
        if self._mark is None:
            self._mark = self._delimiter
            if self._delimiter == _COMMA:
                with closing(self.open(0)) as lines:
                    header = next(lines, "")
                if _COMMA not in header:
                    self._mark = next((mark for mark in _OTHER_MARKS if mark in header), _COMMA)
        return self._mark


def _numbered(names: Sequence[str]) -> list[str]:
    """Return names of columns with a number behind each that was there before, so that every one keeps its values."""
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(name if seen[name] == 1 or not name else f"{name} {seen[name]}")
    return numbered


class BrokenRow(dict[str, Any]):
    """A row that cannot be told apart into its columns: what could be read of it, and the reason."""

    def __init__(self, values: dict[str, Any], reason: str) -> None:
        super().__init__(values)
        self.reason = reason


class JsonTable(TextTable):
    """JSON lines: one object per line; a line that is not an object gives a mapping without columns."""

    def offsets(self, lines: Lines) -> Iterator[int]:
        """Yield the byte where each line that is not empty begins."""
        begin = lines.offset
        for line in lines:
            if _counts(line):
                yield begin
            begin = lines.offset

    def parse(self, lines: Lines) -> Iterator[dict[str, Any]]:
        """Yield the objects."""
        for line in lines:
            if _counts(line):
                yield _json_object(line)


def _counts(line: str) -> bool:
    return isinstance(line, LongLine) or bool(line.strip())


def _json_object(line: str) -> dict[str, Any]:
    if isinstance(line, LongLine):
        return BrokenRow({}, too_long(line))
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return BrokenRow({}, "the line is not JSON")
    return content if isinstance(content, dict) else BrokenRow({}, "the line is no JSON object, in braces")


class FastaTable(TextTable):
    """FASTA, its records as pairs of header (without the ">") and letters in capitals."""

    def offsets(self, lines: Lines) -> Iterator[int]:
        """Yield the byte where each header begins; ParseError where text stands before the first."""
        begin = lines.offset
        seen = False
        for number, line in enumerate(lines, start=1):
            if line.startswith(">"):
                seen = True
                yield begin
            elif not seen and line.strip() and not line.startswith(";"):
                self._refuse(number)
            begin = lines.offset

    def _refuse(self, number: int) -> None:
        raise ParseError("a FASTA file starts with a line that starts with >", file=str(self.path), position=number)

    def parse(self, lines: Lines) -> Iterator[tuple[str, str]]:
        """Yield header and letters; of a line that is too long as many as make the record too long."""
        records = fasta_records(map(self._passed, lines), LIMITS)
        while True:
            with readable(self.path):
                record = next(records, None)
            if record is None:
                return
            header, letters = record
            yield header.strip(), letters.upper()

    def _passed(self, line: str) -> str:
        if isinstance(line, LongLine) and (line.startswith(">") or line.isspace()):
            raise LimitError(too_long(line), file=str(self.path))
        return line


class CutRecord(str):
    """The beginning of a record that is longer than one may be."""

    @property
    def reason(self) -> str:
        """Why it is refused."""
        return f"a record of more than {LIMITS.record_bytes:,} bytes"


class MarkedTable(TextTable):
    """A text file whose records begin or end with lines of a known beginning; each record as its text.

    Parameters
    ----------
    path : Path
        The file.
    starts, ends : str or None
        The beginning of the first line of each record, or of the last one; one of them. Every line is a record of its
        own where ``starts`` is empty.
    comments : str, optional
        The beginning of lines that are no records, where every other line is one.
    """

    def __init__(self, path: Path, starts: str | None, ends: str | None, comments: str | None = None) -> None:
        super().__init__(path)
        self._starts, self._ends, self._comments = starts, ends, comments

    def offsets(self, lines: Lines) -> Iterator[int]:
        """Yield the byte where each record begins: at its marked line, or after the marked line of the one before."""
        begin = after = lines.offset
        inside = False
        for line in lines:
            if self._opens(line):
                yield begin
            elif self._closes(line):
                inside, after = False, lines.offset
            elif self._starts is None and not inside and line.strip():
                inside = True
                yield after
            begin = lines.offset

    def parse(self, lines: Lines) -> Iterator[str]:
        """Yield the text of each record; one longer than the limit is a `CutRecord`, with its last line."""
        block: list[str] = []
        size, whole = 0, self._starts is None
        for line in lines:
            if self._opens(line):
                if block and whole:
                    yield _joined(block, size)
                block, size, whole = [], 0, True
            size += len(line)
            closes = self._closes(line)
            if size <= LIMITS.record_bytes or closes or not block:
                block.append(line[:_SHOWN] if isinstance(line, LongLine) else line)
            if closes:
                if any(part.strip() for part in block[:-1]):
                    yield _joined(block, size)
                block, size = [], 0
        if whole and (any(part.strip() for part in block) or size > LIMITS.record_bytes):
            yield _joined(block, size)

    def _opens(self, line: str) -> bool:
        if self._starts is None or not line.strip() or not line.startswith(self._starts):
            return False
        return self._starts != "" or self._comments is None or not line.startswith(self._comments)

    def _closes(self, line: str) -> bool:
        return self._ends is not None and line.startswith(self._ends)


def _joined(block: Sequence[str], size: int) -> str:
    return CutRecord("".join(block)) if size > LIMITS.record_bytes else "".join(block)


def csv_rows(path: Path, delimiter: str = ",", quotes: bool = True) -> Iterator[dict[str, str]]:
    """Yield the rows of a delimited file with a header line; see `DelimitedTable`."""
    return DelimitedTable(path, delimiter, quotes).rows()
