"""Text inside archives: the members of a zip or tar file that are text of one form, read as if they were one file."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Final, cast
from zipfile import BadZipFile, ZipFile

from biomatrix.corpus.sources.source_lines import LIMITS, Lines, readable
from biomatrix.corpus.sources.tar_headers import StrictTarInfo
from biomatrix.corpus.sources.text_tables import DelimitedTable, MarkedTable
from biomatrix.entities.files.opening import open_bytes
from biomatrix.entities.files.unpacking import HEAD_BYTES, UnpackedStream, packing_in
from biomatrix.errors import ParseError

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_TAR: Final = (257, b"ustar")
_BUFFER: Final = 1 << 20

Chooses = Callable[[str], bool]
"""Whether a member is read, by its name."""


class _Joined(io.RawIOBase):
    """The bytes of several streams, each after a line end of its own."""

    def __init__(self, streams: Iterator[IO[bytes]]) -> None:
        super().__init__()
        self._streams = streams
        self._stream: IO[bytes] | None = None
        self._last = b"\n"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._stream is None:
            self._stream = next(self._streams, None)
            if self._stream is None:
                return 0
            if self._last != b"\n":
                buffer[:1] = self._last = b"\n"
                return 1
        piece = self._stream.read(len(buffer))
        if not piece:
            self._stream = None
            return self.readinto(buffer)
        buffer[: len(piece)] = piece
        self._last = piece[-1:]
        return len(piece)


def is_archive(path: Path) -> bool:
    """Return whether a file is a zip archive or a tar archive, the latter packed or not, by its content."""
    with readable(path):
        with path.open("rb") as raw:
            if raw.read(4) in _ZIP:
                return True
        with open_bytes(path, LIMITS, archive=True) as stream:
            place, mark = _TAR
            return stream.peek(512)[place : place + len(mark)] == mark


def open_archived(path: Path, chooses: Chooses, stack: ExitStack) -> io.BufferedReader:
    """Open the chosen members of an archive as one stream, in the archive's order.

    Parameters
    ----------
    path : Path
        A zip archive, or a tar archive packed or not.
    chooses : callable
        Whether a member is read, by its name.
    stack : ExitStack
        Closes what is opened.

    Raises
    ------
    ParseError
        If the archive cannot be read.
    """
    with path.open("rb") as raw:
        zipped = raw.read(4) in _ZIP
    members = _zip_members(path, chooses, stack) if zipped else _tar_members(path, chooses, stack)
    return io.BufferedReader(_Joined(members), _BUFFER)


def _zip_members(path: Path, chooses: Chooses, stack: ExitStack) -> Iterator[IO[bytes]]:
    try:
        archive = stack.enter_context(ZipFile(path))
    except (BadZipFile, NotImplementedError) as error:
        raise ParseError(f"not a zip archive that can be read: {error}", file=str(path)) from error
    for entry in archive.infolist():
        if not entry.is_dir() and chooses(entry.filename):
            LIMITS.check_ratio(entry.file_size, entry.compress_size)
            try:
                yield _unpacked(stack.enter_context(archive.open(entry)))
            except (BadZipFile, RuntimeError, NotImplementedError) as error:
                raise ParseError(f"{entry.filename} cannot be read from the archive: {error}") from error


def _tar_members(path: Path, chooses: Chooses, stack: ExitStack) -> Iterator[IO[bytes]]:
    unpacked = stack.enter_context(open_bytes(path, LIMITS, archive=True))
    try:
        archive = stack.enter_context(tarfile.TarFile.open(fileobj=unpacked, mode="r|", tarinfo=StrictTarInfo))
        for entry in archive:
            archive.members = []  # type: ignore[attr-defined]  # which would hold every member that was passed
            stream = archive.extractfile(entry) if entry.isreg() and chooses(entry.name) else None
            if stream is not None:
                yield _unpacked(stream)
    except tarfile.TarError as error:
        raise ParseError(f"not a whole tar archive: {error}", file=str(path)) from error


def _unpacked(member: IO[bytes]) -> IO[bytes]:
    """Return the content of a member, unpacked where it is packed itself."""
    stream: Any = io.BufferedReader(member)
    packing = packing_in(stream.peek(HEAD_BYTES)[:HEAD_BYTES])
    return stream if packing is None else cast(IO[bytes], UnpackedStream(stream, packing))


class ArchivedLines(Lines):
    """The lines of the chosen members of an archive, read from its beginning; see `Lines`."""

    def __init__(self, path: Path, chooses: Chooses) -> None:
        self._stack = ExitStack()
        self._path = path
        self._ended = self._foreign = False
        self._marks_long = True
        self.offset = 0
        self.can_seek = False
        self._turned = None
        with readable(path):
            self._stream: Any = open_archived(path, chooses, self._stack)

    def _next_line(self) -> bytes:
        try:
            return super()._next_line()
        except (BadZipFile, tarfile.TarError, EOFError) as error:
            raise ParseError(f"the archive ends early or is broken: {error}") from error


def open_lines(path: Path, start: int, chooses: Chooses) -> Lines:
    """Open the lines of a file from a byte on, or of the chosen members of an archive."""
    return Lines(path, start, marks_long=True) if start or not is_archive(path) else ArchivedLines(path, chooses)


class ArchivedDelimitedTable(DelimitedTable):
    """A CSV or TSV file, plain, packed, or the one in an archive; see `DelimitedTable`.

    Parameters
    ----------
    path : Path
        The file or archive.
    chooses : callable
        Which member of an archive is read, by its name.
    delimiter, quotes
        As in `DelimitedTable`.
    """

    def __init__(self, path: Path, chooses: Chooses, delimiter: str = ",", quotes: bool = True) -> None:
        super().__init__(path, delimiter, quotes)
        self._chooses = chooses

    def open(self, start: int) -> Lines:
        """Open the lines from a byte on."""
        return open_lines(self.path, start, self._chooses)


class ArchivedMarkedTable(MarkedTable):
    """A text file of marked records, plain, packed, or in an archive; see `MarkedTable`.

    Parameters
    ----------
    path : Path
        The file or archive.
    chooses : callable
        Which members of an archive are read, by their names.
    starts, ends : str or None
        As in `MarkedTable`.
    """

    def __init__(self, path: Path, chooses: Chooses, starts: str | None, ends: str | None) -> None:
        super().__init__(path, starts, ends)
        self._chooses = chooses

    def open(self, start: int) -> Lines:
        """Open the lines from a byte on."""
        return open_lines(self.path, start, self._chooses)
