"""Reading and writing of files: gzip, size limits, standard input, and atomic writing of files and folders."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import sys
import tempfile
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError, ParseError

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


@contextmanager
def write_atomically(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside ``path`` that takes its name once it is complete; gzipped where it ends in .gz.

    The gzipped bytes carry no time stamp, so the same content gives the same file.
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    except OSError as error:
        raise ConfigurationError(f"cannot be written: {error.strerror or error}", file=str(path)) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as raw:
            if target.name.lower().endswith(".gz"):
                with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
                    yield packed  # type: ignore[misc]
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        # mkstemp makes files private; a result should have the permissions any new file has.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file in one go; it takes its name once it is complete."""
    with write_atomically(path) as stream:
        stream.write(content)


@contextmanager
def folder_written_aside(path: str | Path, writer: str = "") -> Iterator[Path]:
    """Yield an empty folder beside ``path`` that takes its name once everything in it is on disk.

    A folder that was there is replaced, and stays until the new one is whole. What an interrupted writer left behind
    is put right when it writes again; where several may write the same folder at once, each needs a ``writer`` name of
    its own.

    Raises
    ------
    ConfigurationError
        The path has no name of its own, or what stands there is a file or a symbolic link.
    """
    target = Path(path)
    _refuse_no_folder(target)
    stem = f".{target.name}{f'.{writer}' if writer else ''}"
    former = target.parent / f"{stem}.old"
    if former.exists() and not target.exists():
        former.replace(target)
    aside = _empty_aside(target.parent, f"{stem}.part")
    try:
        yield aside
        _sync(aside)
        _replace_folder(target, aside, former)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _refuse_no_folder(target: Path) -> None:
    """Raise ConfigurationError where a folder cannot take this name."""
    if target.name in ("", ".."):
        raise ConfigurationError("is no name that a new folder can take; give the folder by its name", file=str(target))
    if target.is_symlink():
        raise ConfigurationError("is a symbolic link; give the folder that it leads to", file=str(target))
    if target.exists() and not target.is_dir():
        raise ConfigurationError("is a file, not a folder; choose another name", file=str(target))


def _replace_folder(target: Path, new: Path, former: Path) -> None:
    """Give the new folder its name; the one that has it stands under ``former`` meanwhile."""
    shutil.rmtree(former, ignore_errors=True)
    if target.exists():
        target.replace(former)
    try:
        new.replace(target)
    except OSError:
        if former.exists():
            former.replace(target)
        raise
    shutil.rmtree(former, ignore_errors=True)


@contextmanager
def files_written_aside(folder: str | Path, known: Sequence[str] = ()) -> Iterator[Path]:
    """Yield an empty folder inside ``folder`` whose files move into it, each whole, once all are on disk.

    Files that match one of the ``known`` patterns and were not written then go: a reader would take them for part of
    what was. Other files of the folder stay; the folder is created where it is missing.
    """
    target = Path(folder)
    aside = _empty_aside(target, f".{os.getpid()}.part")
    try:
        yield aside
        _sync(aside)
        written = {file.name: file for file in sorted(aside.iterdir())}
        for name, file in written.items():
            file.replace(target / name)
        for stale in [file for pattern in known for file in target.glob(pattern)]:
            if str(stale.relative_to(target)) not in written and not stale.is_dir():
                stale.unlink(missing_ok=True)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _empty_aside(parent: Path, name: str) -> Path:
    aside = parent / name
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
    except OSError as error:
        raise ConfigurationError(f"cannot be written: {error.strerror or error}", file=str(parent)) from error
    return aside


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
