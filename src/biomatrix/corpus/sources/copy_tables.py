"""SQL dumps of PostgreSQL: the rows between ``COPY table (columns) FROM stdin;`` and ``\\.``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from biomatrix.corpus.sources.archived_text import open_lines
from biomatrix.corpus.sources.source_lines import Lines, LongLine, too_long
from biomatrix.corpus.sources.text_tables import BrokenRow, TextTable

_COPY: Final = re.compile(r"COPY\s+(?P<table>\S+)\s+\((?P<columns>[^)]*)\)\s+FROM\s+stdin;", re.IGNORECASE)
_END: Final = "\\."
_NULL: Final = "\\N"
_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_LETTERS: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class CopyTable(TextTable):
    """The rows of all ``COPY`` blocks of a dump, as mappings of column to text, None where NULL.

    A row begins anywhere only where the names of its columns are known, so a plain dump is read from its beginning as a
    packed one is.
    """

    def open(self, start: int) -> Lines:
        """Open the lines; of an archive, those of its members that end in ``.sql``."""
        return open_lines(self.path, 0, lambda name: name.lower().endswith((".sql", ".dump")))

    def starts(self) -> Iterator[int | None]:
        """Yield None for each row: rows are found by going forward."""
        return (None for _ in super().starts())

    def offsets(self, lines: Lines) -> Iterator[int]:
        """Yield the byte where each row begins."""
        for _ in self.parse(lines):
            yield lines.offset

    def parse(self, lines: Lines) -> Iterator[dict[str, Any]]:
        """Yield the rows; those with too few or too many values are `BrokenRow`."""
        columns: list[str] | None = None
        for line in lines:
            text = line.rstrip("\r\n")
            if columns is None:
                found = _COPY.match(text)
                columns = None if found is None else [name.strip().strip('"') for name in found["columns"].split(",")]
            elif isinstance(line, LongLine):
                yield BrokenRow({}, too_long(line))
            elif text == _END:
                columns = None
            else:
                yield _row(columns, text.split("\t"))


def _row(columns: list[str], values: list[str]) -> dict[str, Any]:
    row = dict(zip(columns, map(_value, values), strict=False))
    if len(values) == len(columns):
        return row
    return BrokenRow(row, f"{len(values)} values under {len(columns)} columns of a COPY block")


def _value(text: str) -> str | None:
    return None if text == _NULL else _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] == "x" and len(code) > 1:
        return chr(int(code[1:], 16))
    if code[0] in "01234567":
        return chr(int(code, 8))
    return _LETTERS.get(code, code)
