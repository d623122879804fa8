"""Text of files, opened in one way for every format: byte order marks, encodings, line ends, and what is no text.

A line ends with a line feed, a carriage return, or both; nothing else ends one. Text is UTF-8, or UTF-16 or UTF-32 with
a byte order mark. A line that is none of these is read as Windows-1252, which has a character for nearly every byte,
and reported as foreign, so that its record can carry a note.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, NamedTuple

from biomatrix.entities.files.opening import label_of, open_bytes, read_bytes
from biomatrix.entities.files.signatures import strange_content
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import BioMatrixError, LimitError, ParseError

FOREIGN_NOTE: Final = "text that is not UTF-8 was read as Windows-1252"
_PIECE: Final = 1 << 20
_HEAD: Final = 4096
_REMEMBERED: Final = 4096
"""The most foreign lines of one record that are remembered."""
_MARK: Final = codecs.BOM_UTF8
_WIDE: Final = (  # in this order: the mark of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_END_OF_FILE: Final = b"\x1a"
"""Ctrl-Z, with which programs of DOS end a text."""


class Text(NamedTuple):
    """The text of a file, its lines ended by line feeds alone, and what a reader should know about it."""

    text: str
    notes: tuple[str, ...] = ()


class Lines(Iterator[str]):
    """The lines of a text file without their line ends, one at a time; memory does not grow with the file.

    Parameters
    ----------
    path : str or Path
        Gzipped or not; ``-`` for standard input.
    limits : Limits
        The sizes past which the file is refused.

    Raises
    ------
    ParseError
        The file cannot be read, or is no text; ``position`` is the number of the line where that shows late.
    LimitError
        A line, or the file, is too long.
    """

    def __init__(self, path: str | Path, limits: Limits = DEFAULT_LIMITS) -> None:
        self._foreign: deque[int] = deque(maxlen=_REMEMBERED)
        self._lines = self._read(path, limits)

    def __iter__(self) -> Iterator[str]:
        return self._lines

    def __next__(self) -> str:
        return next(self._lines)

    def notes(self, first: int, last: int) -> tuple[str, ...]:
        """Return what to note of a record that the lines ``first`` to ``last``, counted from 1, hold.

        Records are asked for in the order of the file.
        """
        while self._foreign and self._foreign[0] < first:
            self._foreign.popleft()
        return (FOREIGN_NOTE,) if self._foreign and self._foreign[0] <= last else ()

    def _read(self, path: str | Path, limits: Limits) -> Iterator[str]:
        for number, line in enumerate(byte_lines(path, limits), start=1):
            if line is None:
                raise LimitError(
                    f"one line is longer than the limit of {limits.record_bytes:,} bytes per record",
                    file=label_of(path),
                    position=number,
                )
            try:
                text = line.decode()
            except UnicodeDecodeError:
                self._foreign.append(number)
                text = foreign_text(line)
            yield text


def read_lines(path: str | Path, limits: Limits = DEFAULT_LIMITS) -> Lines:
    """Return the lines of a text file; see :class:`Lines`."""
    return Lines(path, limits)


def byte_lines(
    path: str | Path, limits: Limits = DEFAULT_LIMITS, longest: int | None = None, *, json: bool = False
) -> Iterator[bytes | None]:
    """Yield the lines of a text file as bytes, in UTF-8 where the file is what it should be; None for one too long.

    Parameters
    ----------
    path : str or Path
        Gzipped or not; ``-`` for standard input.
    limits : Limits
        The sizes past which the file is refused.
    longest : int, optional
        The most bytes of a line; ``limits.record_bytes`` when not given. No more of it is held in memory.
    json : bool
        Whether the lines may be JSON, which is refused where other text is meant.

    Raises
    ------
    ParseError
        The file cannot be read, or is no text; ``position`` is the number of the line where that shows late.
    """
    most = limits.record_bytes if longest is None else longest
    number = 0
    try:
        with open_bytes(path, limits) as stream:
            for piece in _whole_lines(_normalised(_utf8(stream, json=json)), most):
                if piece is None:
                    number += 1
                    yield None
                    continue
                clean = len(piece) <= most and b"\0" not in piece
                for line in piece.split(b"\n"):
                    number += 1
                    if not clean:
                        _refuse_nul(line, number)
                    yield line.removeprefix(_MARK) if clean or len(line) <= most else None
    except BioMatrixError as error:
        raise error.at(file=label_of(path)) from error.__cause__


def read_text(path: str | Path, limits: Limits = DEFAULT_LIMITS) -> Text:
    """Return the whole text of a file that is read as one, such as a structure file.

    Raises
    ------
    ParseError
        The file cannot be read, is empty, or is no text.
    LimitError
        It is larger than ``limits.structure_bytes``.
    """
    try:
        return text_of(read_bytes(path, limits))
    except BioMatrixError as error:
        raise error.at(file=label_of(path)) from error.__cause__


def text_of(content: bytes) -> Text:
    """Return the text of bytes: decoded, its line ends normalised, without byte order marks and a final Ctrl-Z.

    Raises
    ------
    ParseError
        The bytes are no text; ``position`` is the number of the line.

    Examples
    --------
    >>> text_of(b"\\xef\\xbb\\xbfone\\r\\ntwo\\rthree\\x1a")
    Text(text='one\\ntwo\\nthree', notes=())
    """
    from io import BytesIO

    content = b"".join(_normalised(_utf8(BytesIO(content))))
    if b"\0" in content:
        before = content.index(b"\0")
        _refuse_nul(content, content.count(b"\n", 0, before) + 1)
    try:
        return Text(content.replace(b"\n" + _MARK, b"\n").decode())
    except UnicodeDecodeError:
        return Text("\n".join(_either_text(line) for line in content.split(b"\n")), (FOREIGN_NOTE,))


def head_of(path: str | Path) -> bytes:
    """Return the first bytes of a file as UTF-8 with normalised line ends, or as they are where it is no text.

    Raises
    ------
    ParseError
        The file cannot be opened, or is packed in a way that is not unpacked here.
    """
    with open_bytes(path) as stream:
        head = stream.read(_HEAD)
    for mark, encoding in _WIDE:
        if head.startswith(mark):
            return _ended(codecs.getincrementaldecoder(encoding)("ignore").decode(head).encode())
    return _ended(head.removeprefix(_MARK))


def begins_ordinary(path: str | Path, limits: Limits = DEFAULT_LIMITS) -> bool:
    """Return whether the bytes of a text file are its lines: it has no UTF-16 mark and its first line a line feed.

    Raises
    ------
    ParseError
        The file cannot be opened, or is packed in a way that is not unpacked here.
    """
    with open_bytes(path, limits) as stream:
        head = stream.read(_PIECE)
    if any(head.startswith(mark) for mark, _ in _WIDE):
        return False
    first, end, rest = head.partition(b"\r")
    return not end or b"\n" in first or rest.lstrip(b"\r")[:1] in (b"\n", b"")


def foreign_text(line: bytes) -> str:
    """Return text in Windows-1252; its five unused bytes are the control characters that Latin-1 has there."""
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _utf8(stream: IO[bytes], *, json: bool = False) -> Iterator[bytes]:
    """Yield pieces of a stream in UTF-8, without a byte order mark; refuse what is no text."""
    piece = stream.read(_PIECE)
    encoding = next((name for mark, name in _WIDE if piece.startswith(mark)), None)
    if encoding is None:
        piece = piece.removeprefix(_MARK)
        _refuse_strange(piece[:_HEAD], json)
        while piece:
            yield piece
            piece = stream.read(_PIECE)
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    first = True
    try:
        while piece:
            text = decoder.decode(piece).encode()
            if first:
                _refuse_strange(text[:_HEAD], json)
                first = False
            yield text
            piece = stream.read(_PIECE)
        yield decoder.decode(b"", final=True).encode()
    except UnicodeDecodeError as error:
        raise ParseError(f"begins as {encoding.upper()} text but goes on as none: {error.reason}") from error


def _refuse_strange(head: bytes, json: bool) -> None:
    strange = strange_content(head, json=json)
    if strange is not None:
        raise ParseError(f"the file is {strange}")
    if b"\0" in head:
        zeros = head.count(b"\0")
        wide = zeros > len(head) // 4 and zeros in (head[::2].count(b"\0"), head[1::2].count(b"\0"))
        raise ParseError(
            "the file is UTF-16 text without a byte order mark; save it as UTF-8"
            if wide
            else "the file is binary, not text of a format that is read here"
        )


def _refuse_nul(line: bytes, number: int) -> None:
    if b"\0" in line:
        raise ParseError(
            f"a byte of zero in line {number}, which no text holds: the file is damaged and read up to here",
            position=number,
        )


def _normalised(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield pieces with every line ended by a line feed; a Ctrl-Z at the very end is left out."""
    held = b""
    for piece in pieces:
        whole = held + piece
        # What may be part of a line end, or the end of the file, waits for the next piece.
        body = whole.rstrip(b"\r\n" + _END_OF_FILE)
        if len(whole) - len(body) > _HEAD:
            body = whole.removesuffix(b"\r").removesuffix(b"\r")
        held = whole[len(body) :]
        yield _ended(body)
    yield _ended(held.replace(_END_OF_FILE, b""))


def _ended(piece: bytes) -> bytes:
    if b"\r" not in piece:
        return piece
    # A file moved twice between systems ends its lines with two carriage returns and a line feed.
    return piece.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _whole_lines(pieces: Iterator[bytes], most: int) -> Iterator[bytes | None]:
    """Yield pieces that hold whole lines, without their last line end; None in place of a line of many more bytes."""
    parts: list[bytes] = []
    held = 0
    skipping = False
    for piece in pieces:
        if skipping:
            _, end, piece = piece.partition(b"\n")
            skipping = not end
        body, end, rest = piece.rpartition(b"\n") if not skipping else (b"", b"", b"")
        if end:
            yield b"".join([*parts, body])
            parts, held = [], 0
        if rest:
            parts.append(rest)
            held += len(rest)
        if held > most:
            yield None
            parts, held, skipping = [], 0, True
    if parts:
        yield b"".join(parts)


def _either_text(line: bytes) -> str:
    try:
        return line.removeprefix(_MARK).decode()
    except UnicodeDecodeError:
        return foreign_text(line.removeprefix(_MARK))
