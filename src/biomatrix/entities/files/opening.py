"""Bytes of files and of standard input: gzip unpacked, other packings refused by name, sizes kept below limits."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from biomatrix.entities.files.signatures import packing_of
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import BioMatrixError, ParseError

_GZIP_MAGIC: Final[bytes] = b"\x1f\x8b"
_PIECE: Final[int] = 1 << 20
_HEAD: Final[int] = 512

STANDARD_INPUT: Final[str] = "-"


def label_of(path: str | Path) -> str:
    """Return the name a file goes by in messages."""
    return "<stdin>" if str(path) == STANDARD_INPUT else str(path)


class _LimitedStream(io.RawIOBase):
    """A binary stream that counts what it hands out and refuses to pass a limit.

    Where it unpacks another one, that is ``packed``, and no more may come of it than so many times its bytes.
    """

    def __init__(
        self, stream: IO[bytes], limits: Limits, limit: str, what: str, packed: _LimitedStream | None = None
    ) -> None:
        super().__init__()
        self._stream = stream
        self._packed = packed
        self._limits = limits
        self._limit = limit
        self._what = what
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        piece = self._stream.read(len(buffer))
        self.count += len(piece)
        self._limits.check(self._limit, self.count, self._what)
        if self._packed is not None:
            self._limits.check_ratio(self.count, self._packed.count)
        buffer[: len(piece)] = piece
        return len(piece)


@contextmanager
def open_bytes(
    path: str | Path, limits: Limits = DEFAULT_LIMITS, limit: str = "decompressed_bytes"
) -> Iterator[io.BufferedReader[Any]]:
    """Open a file or standard input for reading, unpacking gzip by its content, under the size limits.

    Broken gzip data, other compressions, archives and system errors become a ParseError that names the file; a size
    past its limit is a LimitError.
    """
    label = label_of(path)
    try:
        with _open_raw(path) as raw:
            if str(path) != STANDARD_INPUT:
                limits.check("file_bytes", os.fstat(raw.fileno()).st_size, "size of the file in bytes")
            counted = _LimitedStream(raw, limits, "file_bytes", "size of the input in bytes")
            limited = io.BufferedReader(counted, _PIECE)
            unpacked: IO[bytes] = limited
            if limited.peek(2)[:2] == _GZIP_MAGIC:
                unpacked = gzip.GzipFile(fileobj=limited)  # type: ignore[assignment]
            elif str(path).lower().endswith(".gz"):
                _refuse_packed(limited)
                raise ParseError("the name ends in .gz but the content is not gzip", file=label)
            packed = None if unpacked is limited else counted
            stream = io.BufferedReader(
                _LimitedStream(unpacked, limits, limit, "unpacked size in bytes", packed), _PIECE
            )
            _refuse_packed(stream)
            yield stream
    except BioMatrixError as error:
        raise error.at(file=label) from error.__cause__
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ParseError(f"broken gzip data: {error}", file=label) from error
    except OSError as error:
        raise ParseError(f"cannot be read: {error.strerror or error}", file=label) from error


def _refuse_packed(stream: io.BufferedReader[Any]) -> None:
    head = stream.peek(_HEAD)[:_HEAD]
    packing = "gzip data inside gzip data: unpack it once" if head[:2] == _GZIP_MAGIC else packing_of(head)
    if packing is not None:
        raise ParseError(f"the file is {packing}")


def standard_input() -> IO[bytes]:
    """Return the bytes of standard input.

    Raises
    ------
    ParseError
        It is closed, as a shell's ``<&-`` leaves it.
    """
    if sys.stdin is None:
        raise ParseError("standard input is closed; give a file", file=label_of(STANDARD_INPUT))
    return sys.stdin.buffer


@contextmanager
def _open_raw(path: str | Path) -> Iterator[IO[bytes]]:
    if str(path) == STANDARD_INPUT:
        yield standard_input()
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
