"""Reading of files: gzip, size limits and standard input."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import BioMatrixError, LimitError, ParseError

_GZIP_MAGIC: Final[bytes] = b"\x1f\x8b"
_PIECE: Final[int] = 1 << 20

STANDARD_INPUT: Final[str] = "-"


def label_of(path: str | Path) -> str:
    """Return the name a file goes by in messages."""
    return "<stdin>" if str(path) == STANDARD_INPUT else str(path)


class _LimitedStream(io.RawIOBase):
    """A binary stream that counts what it hands out and refuses to pass a limit."""

    def __init__(self, stream: IO[bytes], limits: Limits, limit: str, what: str) -> None:
        super().__init__()
        self._stream = stream
        self._limits = limits
        self._limit = limit
        self._what = what
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        piece = self._stream.read(len(buffer))
        self._count += len(piece)
        self._limits.check(self._limit, self._count, self._what)
        buffer[: len(piece)] = piece
        return len(piece)


@contextmanager
def open_bytes(
    path: str | Path, limits: Limits = DEFAULT_LIMITS, limit: str = "decompressed_bytes"
) -> Iterator[io.BufferedReader]:
    """Open a file or standard input for reading, unpacking gzip by its content, under the size limits.

    Broken gzip data and system errors become a ParseError that names the file; a size past its limit is a LimitError.
    """
    label = label_of(path)
    try:
        with _open_raw(path) as raw:
            if raw is not sys.stdin.buffer:
                limits.check("file_bytes", os.fstat(raw.fileno()).st_size, "size of the file in bytes")
            limited = io.BufferedReader(_LimitedStream(raw, limits, "file_bytes", "size of the input in bytes"), _PIECE)
            unpacked: IO[bytes] = limited
            if limited.peek(2)[:2] == _GZIP_MAGIC:
                unpacked = gzip.GzipFile(fileobj=limited)  # type: ignore[assignment]
            elif str(path).lower().endswith(".gz"):
                raise ParseError("the name ends in .gz but the content is not gzip", file=label)
            yield io.BufferedReader(_LimitedStream(unpacked, limits, limit, "unpacked size in bytes"), _PIECE)
    except BioMatrixError as error:
        raise error.at(file=label) from error.__cause__
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ParseError(f"broken gzip data: {error}", file=label) from error
    except OSError as error:
        raise ParseError(f"cannot be read: {error.strerror or error}", file=label) from error


@contextmanager
def _open_raw(path: str | Path) -> Iterator[IO[bytes]]:
    if str(path) == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    if Path(path).is_dir():
        raise ParseError("is a folder, not a file", file=str(path))
    with open(path, "rb", buffering=0) as raw:
        yield raw


def read_bytes(path: str | Path, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return the whole unpacked content of a structure file."""
    with open_bytes(path, limits, "structure_bytes") as stream:
        content = stream.read()
    if not content.strip():
        raise ParseError("the file is empty", file=label_of(path))
    return content


def read_lines(path: str | Path, limits: Limits = DEFAULT_LIMITS) -> Iterator[str]:
    """Yield the lines of a text file without their line ends; bytes that are not UTF-8 become U+FFFD.

    A byte order mark before the first line is no part of it.
    """
    with open_bytes(path, limits) as stream:
        mark = BOM_UTF8
        while True:
            line = stream.readline(limits.record_bytes + 1)
            if not line:
                return
            if len(line) > limits.record_bytes:
                raise LimitError(
                    f"one line is longer than the limit of {limits.record_bytes:,} bytes per record",
                    file=label_of(path),
                )
            yield line.removeprefix(mark).decode("utf-8", "replace").rstrip("\r\n")
            mark = b""
