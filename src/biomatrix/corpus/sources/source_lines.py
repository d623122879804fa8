"""Lines of source files: text opened as every other text is, and places in ordinary files to begin from."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.reading import open_bytes
from biomatrix.entities.files.text import FOREIGN_NOTE, begins_ordinary, byte_lines, foreign_text
from biomatrix.entities.files.unpacking import HEAD_BYTES, packing_in
from biomatrix.entities.limits import Limits
from biomatrix.errors import BioMatrixError, LimitError, ParseError

log = logging.getLogger(__name__)

LIMITS: Final = Limits(file_bytes=1 << 42, decompressed_bytes=1 << 44)
"""Sources are streamed, so only their single records need to be small."""
_MARK: Final = b"\xef\xbb\xbf"
_SHOWN: Final = 40
_PIECE: Final = 1 << 20


class LongLine(str):
    """The beginning of a line that is longer than a record may be; the rest of it was passed over."""


def too_long(line: LongLine) -> str:
    """Return why a line is refused."""
    return f"a line longer than {LIMITS.record_bytes:,} bytes, which begins {line[:_SHOWN].strip()!r}"


class Lines(Iterator[str]):
    """The lines of a file from byte ``start`` on, with their line ends.

    A byte order mark before the first line is left out. A line that is not UTF-8 is read as Windows-1252, which the log
    says once for each file. A file in UTF-16 or with line ends of carriage returns alone is read from its beginning,
    its lines ended by line feeds.

    Parameters
    ----------
    path : Path
        The file.
    start : int
        The byte where a line begins.
    marks_long : bool
        Whether a line that is longer than a record may be is a `LongLine`, so that its record alone is refused. It
        ends the reading with a LimitError else.

    Attributes
    ----------
    offset : int
        The byte where the next line begins; of a packed or turned file, of what its lines make.
    can_seek : bool
        Whether the file can be read from an offset on.
    """

    def __init__(self, path: Path, start: int = 0, *, marks_long: bool = False) -> None:
        self._stack = ExitStack()
        self._path = path
        self._ended = self._foreign = False
        self._marks_long = marks_long
        self.offset = start
        with readable(path):
            ordinary = start > 0 or begins_ordinary(path, LIMITS)
            self.can_seek = ordinary and not is_packed(path)
            self._stream: Any = None
            self._turned = None if ordinary else byte_lines(path, LIMITS, json=True)
            if start:
                self._stream = self._stack.enter_context(path.open("rb"))
                self._stream.seek(start)
            elif ordinary:
                self._stream = self._stack.enter_context(open_bytes(path, LIMITS))

    def __next__(self) -> str:
        if self._ended:
            raise StopIteration
        try:  # what `readable` does, without the cost of a context for each line
            line = self._next_line()
        except (BioMatrixError, OSError) as error:
            raise _named(error, self._path) from error.__cause__
        if not line:
            self.close()
            raise StopIteration
        if len(line) > LIMITS.record_bytes and not self._marks_long:
            raise LimitError(f"a line longer than {LIMITS.record_bytes:,} bytes", file=str(self._path))
        text = self._text(line if self.offset else line.removeprefix(_MARK))
        self.offset += len(line)
        return self._rest_passed(line, text) if len(line) > LIMITS.record_bytes else text

    def _rest_passed(self, line: bytes, text: str) -> LongLine:
        """Go behind the end of a line of which a piece was read; return the piece."""
        while self._turned is None and not line.endswith(b"\n"):
            with readable(self._path):
                line = bytes(self._stream.readline(_PIECE))
            if not line:
                break
            self.offset += len(line)
        return LongLine(text)

    def _next_line(self) -> bytes:
        """Return the next line with its end; empty at the end of the file."""
        if self._turned is None:
            return bytes(self._stream.readline(LIMITS.record_bytes + 1))
        for line in self._turned:
            return b" " * (LIMITS.record_bytes + 1) if line is None else line + b"\n"
        return b""

    def _text(self, line: bytes) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            if not self._foreign:
                log.info("%s: %s", self._path.name, FOREIGN_NOTE)
                self._foreign = True
            return foreign_text(line)

    def close(self) -> None:
        """Close the file; there are no further lines."""
        self._ended = True
        self._stack.close()


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn the errors of reading a file into errors that name it."""
    try:
        yield
    except (BioMatrixError, OSError) as error:
        raise _named(error, path) from error.__cause__


def _named(error: BioMatrixError | OSError, path: Path) -> BioMatrixError:
    """Return an error of reading a file as one that names the file."""
    if isinstance(error, BioMatrixError):
        return error.at(file=str(path))
    return ParseError(f"cannot be read: {error.strerror or error}", file=str(path))


def is_packed(path: Path) -> bool:
    """Return whether a file is unpacked while it is read, by its content."""
    with readable(path), path.open("rb") as stream:
        return packing_in(stream.read(HEAD_BYTES)) is not None
