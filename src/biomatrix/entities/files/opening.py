"""Bytes of files and of standard input: unpacked by their content, archives refused by name, sizes below limits."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from biomatrix.entities.files.signatures import packing_of
from biomatrix.entities.files.unpacking import HEAD_BYTES, UnpackedStream, packing_in, packing_named
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import BioMatrixError, ParseError

_PIECE: Final[int] = 1 << 20
_HEAD: Final[int] = 512

STANDARD_INPUT: Final[str] = "-"


def label_of(path: str | Path) -> str:
    """Return the name a file goes by in messages."""
    return "<stdin>" if str(path) == STANDARD_INPUT else str(path)


def is_nameless(path: str | Path) -> bool:
    """Return whether a path is standard input or the number of an open file, which says nothing of what it holds."""
    return str(path) == STANDARD_INPUT or os.path.dirname(path) in ("/proc/self/fd", "/dev/fd")


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
    path: str | Path, limits: Limits = DEFAULT_LIMITS, limit: str = "decompressed_bytes", *, archive: bool = False
) -> Iterator[io.BufferedReader[Any]]:
    """Open a file or standard input for reading, unpacking gzip, bzip2 and zstd by content, under the size limits.

    Broken packed data, other compressions, system errors and, unless one is meant by ``archive``, archives become a
    ParseError that names the file; a size past its limit is a LimitError.
    """
    label = label_of(path)
    try:
        with _open_raw(path) as raw:
            if str(path) != STANDARD_INPUT:
                limits.check("file_bytes", os.fstat(raw.fileno()).st_size, "size of the file in bytes")
            counted = _LimitedStream(raw, limits, "file_bytes", "size of the input in bytes")
            limited = io.BufferedReader(counted, _PIECE)
            packing = packing_in(limited.peek(HEAD_BYTES)[:HEAD_BYTES])
            claimed = packing_named(str(path))
            if claimed is not None and claimed != packing:
                _refuse_archive(limited)
                raise ParseError(f"the name ends in {claimed.suffix} but the content is not {claimed.name}")
            unpacked: Any = limited if packing is None else UnpackedStream(limited, packing)
            packed = None if packing is None else counted
            stream = io.BufferedReader(
                _LimitedStream(unpacked, limits, limit, "unpacked size in bytes", packed), _PIECE
            )
            inside = packing_in(stream.peek(HEAD_BYTES)[:HEAD_BYTES])
            if packing is not None and inside is not None:
                raise ParseError(f"the file is {inside.name} data inside {packing.name} data: unpack it once")
            if not archive:
                _refuse_archive(stream)
            yield stream
    except BioMatrixError as error:
        raise error.at(file=label) from error.__cause__
    except OSError as error:
        raise ParseError(f"cannot be read: {error.strerror or error}", file=label) from error


def _refuse_archive(stream: io.BufferedReader[Any]) -> None:
    packing = packing_of(stream.peek(_HEAD)[:_HEAD])
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
