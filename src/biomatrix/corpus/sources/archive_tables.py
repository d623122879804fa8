"""Archives as tables: each row a member, in plain tar files found by its byte, in zip files by its number."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile, ZipInfo

from biomatrix.corpus.sources.archive_members import Member
from biomatrix.corpus.sources.source_lines import LIMITS, is_packed, readable
from biomatrix.corpus.sources.stream_tables import StreamTable
from biomatrix.corpus.sources.tables import Table
from biomatrix.corpus.sources.tar_headers import StrictTarInfo
from biomatrix.entities.files.opening import open_bytes
from biomatrix.errors import BioMatrixError, LimitError, ParseError

LARGEST: Final = 1 << 28
"""The most bytes of one member, as it lies in the archive."""
Chooses = Callable[[str], bool]
"""Whether a member is a row, by its name."""


def _too_large(size: int) -> LimitError:
    return LimitError(f"a member of {size:,} bytes; at most {LARGEST:,} are read")


class TarMembers(Iterator[Member]):
    """The members of a tar archive that are chosen, from a byte on.

    Parameters
    ----------
    path : Path
        Plain, or packed as a whole.
    chooses : callable
        Returns whether a member of that name is read.
    start : int
        The byte where the header of a member begins, in a plain archive.
    content : bool
        Whether what the members hold is read.

    Attributes
    ----------
    offset : int
        The byte where the last member's header begins.
    can_seek : bool
        Whether the archive can be read from an offset on.
    """

    def __init__(self, path: Path, chooses: Chooses, start: int = 0, *, content: bool = True) -> None:
        self._path, self._chooses, self._content = path, chooses, content
        self._stack = ExitStack()
        self._ended = False
        self.offset = start
        with readable(path):
            self.can_seek = not is_packed(path)
            self._archive = self._opened(start)

    def _opened(self, start: int) -> tarfile.TarFile | None:
        """Return the archive; None where there is no member at the byte, as behind the last one of a cut archive."""
        try:
            if self.can_seek:
                plain = self._stack.enter_context(self._path.open("rb"))
                plain.seek(start)
                return self._stack.enter_context(tarfile.TarFile(fileobj=plain, tarinfo=StrictTarInfo))
            unpacked = self._stack.enter_context(open_bytes(self._path, LIMITS, archive=True))
            opened = tarfile.open(fileobj=unpacked, mode="r|", tarinfo=StrictTarInfo)  # noqa: SIM115 (the stack closes it)
            return self._stack.enter_context(opened)
        except tarfile.TarError as error:
            if start:
                return None
            raise ParseError(f"not a tar archive: {error}") from error

    def __next__(self) -> Member:
        if self._ended:
            raise StopIteration
        with readable(self._path):
            try:
                while (entry := self._entry()) is not None:
                    if entry.isreg() and self._chooses(entry.name):
                        self.offset = entry.offset
                        return self._member(entry)
            except tarfile.TarError:
                return self._broken_end()
        self.close()
        raise StopIteration

    def _entry(self) -> tarfile.TarInfo | None:
        if self._archive is None:
            raise tarfile.ReadError
        entry = self._archive.next()
        self._archive.members = []  # type: ignore[attr-defined]  # which would hold every member that was passed
        return entry

    def _broken_end(self) -> Member:
        """Return a member that says where the archive cannot be read any further; it is the last one."""
        if self._archive is not None:
            self.offset = self._archive.offset  # where the next header should begin
        self.close()
        fault = "the archive is cut or damaged at byte {:,}: what stands behind it is not read"
        return Member(self._path.name, b"", ParseError(fault.format(self.offset)))

    def _member(self, entry: tarfile.TarInfo) -> Member:
        if entry.size > LARGEST:
            return Member(entry.name, b"", _too_large(entry.size))
        if not self._content:
            return Member(entry.name, b"")
        try:
            stream = None if self._archive is None else self._archive.extractfile(entry)
            content = b"" if stream is None else stream.read()
        except tarfile.TarError:
            content = b""
        short = ParseError("the archive ends inside the member") if len(content) < entry.size else None
        return Member(entry.name, content, short)

    def close(self) -> None:
        """Close the archive; there are no further members."""
        self._ended = True
        self._stack.close()


class TarTable(StreamTable[TarMembers]):
    """A tar archive, its rows those members that are chosen; a cut or damaged one has a last row that says so.

    Parameters
    ----------
    path : Path
        Plain, or packed as a whole.
    chooses : callable
        Returns whether a member of that name is a row.
    """

    def __init__(self, path: Path, chooses: Chooses) -> None:
        super().__init__(path)
        self.chooses = chooses

    def open(self, start: int) -> TarMembers:
        """Open the members from a byte on."""
        return TarMembers(self.path, self.chooses, start)

    def starts(self) -> Iterator[int | None]:
        """Yield the byte where the header of each member begins; None where the archive is packed."""
        with closing(TarMembers(self.path, self.chooses, content=False)) as members:
            for _ in members:
                yield members.offset if members.can_seek else None

    def offsets(self, source: TarMembers) -> Iterator[int]:
        """Yield the byte where the header of each member begins."""
        for _ in source:
            yield source.offset

    def parse(self, source: TarMembers) -> Iterator[Member]:
        """Yield the members."""
        return source


class ZipTable(Table):
    """A zip archive, its rows those members that are chosen, in the order of its directory.

    Parameters
    ----------
    path : Path
        The archive.
    chooses : callable
        Returns whether a member of that name is a row.
    """

    def __init__(self, path: Path, chooses: Chooses) -> None:
        super().__init__(path)
        self.chooses = chooses

    @cached_property
    def _archive(self) -> ZipFile:
        with readable(self.path):
            try:
                return ZipFile(self.path)
            except (BadZipFile, NotImplementedError) as error:
                raise ParseError(f"not a zip archive that can be read: {error}") from error

    @cached_property
    def _entries(self) -> list[ZipInfo]:
        return [entry for entry in self._archive.infolist() if not entry.is_dir() and self.chooses(entry.filename)]

    def starts(self) -> Iterator[int | None]:
        """Yield None for each row: members are found by number."""
        return repeat(None, len(self._entries))

    def rows(self, first: int = 0, start: int | None = None) -> Iterator[Member]:
        """Yield the members from number ``first`` on."""
        return map(self._member, self._entries[first:])

    def _member(self, entry: ZipInfo) -> Member:
        name = entry.filename
        try:
            if entry.file_size > LARGEST:
                raise _too_large(entry.file_size)
            LIMITS.check_ratio(entry.file_size, entry.compress_size)
            return Member(name, self._archive.read(entry))
        except BioMatrixError as error:
            return Member(name, b"", error)
        except (BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
            return Member(name, b"", ParseError(f"cannot be read from the archive: {error}"))
