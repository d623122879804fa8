"""Rows of official JSON files, one at a time: a list of objects, which may be larger than memory, or lines of objects.

Memory holds one piece of the file and one row. A line that is no object becomes a reject; a list that is broken ends
there with a reject, since nothing says where its next row begins.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

from biomatrix.entities.files.reading import byte_lines, label_of, open_bytes
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, LimitError, ParseError

Row: TypeAlias = dict[str, Any]

_PIECE: Final = 1 << 20
_BLANK: Final = " \t\r\n"


def json_rows(path: str | Path, limits: Limits = DEFAULT_LIMITS) -> Iterator[Row | Reject]:
    """Yield the objects of a file of JSON, gzipped or not: those of one list, or one on each line.

    Parameters
    ----------
    path : str or Path
    limits : Limits
        The sizes past which a row or the file is rejected.
    """
    label = label_of(path)
    try:
        with open_bytes(path, limits) as stream:
            is_list = stream.peek(_PIECE)[:_PIECE].removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"["
            if is_list:
                yield from listed_rows(stream, label, limits)
        if not is_list:
            yield from _lines(path, label, limits)
    except BioMatrixError as error:
        yield Reject.from_error(error, label)


def listed_rows(stream: IO[bytes], label: str, limits: Limits = DEFAULT_LIMITS) -> Iterator[Row | Reject]:
    """Yield the objects of one JSON list that an open stream holds; a reject where it breaks, and then no more."""
    number = 0
    try:
        values = _Values(stream, limits)
        for number, value in enumerate(values, start=1):
            yield value if isinstance(value, dict) else Reject(label, number, None, _no_object(value))
    except (ParseError, LimitError) as error:
        yield Reject.from_error(error, label, number + 1)


def _lines(path: str | Path, label: str, limits: Limits) -> Iterator[Row | Reject]:
    for number, line in enumerate(byte_lines(path, limits, json=True), start=1):
        if line is None:
            error = LimitError(f"a line of more than {limits.record_bytes:,} bytes")
            yield Reject.from_error(error, label, number)
        elif line.strip():
            row = json_row(line)
            yield Reject.from_error(row, label, number) if isinstance(row, ParseError) else row


def json_row(line: bytes | str) -> Row | ParseError:
    """Return the object of a line, or the error where it is none."""
    try:
        value = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as fault:
        return ParseError(f"not a line of JSON: {fault}")
    return value if isinstance(value, dict) else ParseError(_no_object(value))


def _no_object(value: object) -> str:
    return f"a JSON object was expected, not a {type(value).__name__}"


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


class _Values(Iterator[Any]):
    """The values of one JSON list, decoded as the stream is read."""

    def __init__(self, stream: IO[bytes], limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self._bytes = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder(parse_constant=_refuse_constant)
        self._text = ""
        self._at = 0
        self._ended = False
        self._expect("[", "a JSON list")
        self._open = self._next_mark() != "]"

    def __next__(self) -> Any:
        if not self._open:
            raise StopIteration
        value = self._value()
        mark = self._next_mark()
        if mark not in {",", "]"}:
            raise ParseError(f"not JSON: ',' or ']' was expected, found {mark or 'the end of the file'!r}")
        self._at += 1
        self._open = mark == ","
        return value

    def _value(self) -> Any:
        """Return the next value; more is read until it is whole, up to the limit of a record."""
        while True:
            self._next_mark()
            try:
                value, self._at = self._json.raw_decode(self._text, self._at)
            except RecursionError as fault:
                raise ParseError("not JSON: nested too deeply") from fault
            except ValueError as fault:
                size = len(self._text) - self._at
                self._limits.check("record_bytes", size, "the length of one value")
                if not self._more():
                    raise ParseError(f"not JSON: {fault}") from fault
            else:
                return value

    def _next_mark(self) -> str:
        """Go to the next character that is not blank and return it; "" at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANK:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def _expect(self, mark: str, what: str) -> None:
        found = self._next_mark()
        if found != mark:
            raise ParseError(f"{what} was expected, found {found or 'the end of the file'!r}")
        self._at += 1

    def _more(self) -> bool:
        """Read another piece behind what is not decoded yet; return whether there was one."""
        if self._ended:
            return False
        piece = self._stream.read(_PIECE)
        self._ended = not piece
        try:
            self._text = self._text[self._at :] + self._bytes.decode(piece, final=self._ended)
        except UnicodeDecodeError as fault:
            raise ParseError("not UTF-8 text") from fault
        self._at = 0
        return not self._ended
