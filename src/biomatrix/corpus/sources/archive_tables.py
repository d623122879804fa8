"""Archives as tables: each row a member, in plain tar files found by its byte, in zip files by its number."""

from __future__ import annotations

import logging
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
from biomatrix.entities.files.opening import open_bytes
from biomatrix.errors import BioMatrixError, LimitError, ParseError

log = logging.getLogger(__name__)

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
        self.offset = start
        with readable(path):
            self.can_seek = not is_packed(path)
            self._archive = self._opened(start)

    def _opened(self, start: int) -> tarfile.TarFile:
        try:
            if self.can_seek:
                plain = self._stack.enter_context(self._path.open("rb"))
                plain.seek(start)
                return self._stack.enter_context(tarfile.TarFile(fileobj=plain))
            unpacked = self._stack.enter_context(open_bytes(self._path, LIMITS, archive=True))
            return self._stack.enter_context(tarfile.open(fileobj=unpacked, mode="r|"))
        except tarfile.TarError as error:
            raise ParseError(f"not a tar archive: {error}") from error

    def __next__(self) -> Member:
        with readable(self._path):
            while (entry := self._entry()) is not None:
                self._archive.members = []  # type: ignore[attr-defined]  # which would hold every member that was passed
                if entry.isreg() and self._chooses(entry.name):
                    self.offset = entry.offset
                    return self._member(entry)
        self.close()
        raise StopIteration

    def _entry(self) -> tarfile.TarInfo | None:
        try:
            return self._archive.next()
        except tarfile.TarError as error:
            log.warning("%s: the archive ends early: %s", self._path, error)
            return None

    def _member(self, entry: tarfile.TarInfo) -> Member:
        if entry.size > LARGEST:
            return Member(
                entry.name, b"", LimitError(f"a member of {entry.size:,} bytes; at most {LARGEST:,} are read")
            )
        if not self._content:
            return Member(entry.name, b"")
        try:
            stream = self._archive.extractfile(entry)
            content = b"" if stream is None else stream.read()
        except tarfile.TarError:
            content = b""
        short = ParseError("the archive ends inside the member") if len(content) < entry.size else None
        return Member(entry.name, content, short)

    def close(self) -> None:
        """Close the archive; there are no further members."""
        self._stack.close()


class TarTable(StreamTable[TarMembers]):
    """A tar archive, its rows those members that are chosen; the last one of a cut archive has a fault.

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
