"""Members of archives as bytes: read where they lie, under limits, whatever names and sizes the archive claims."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, NamedTuple
from zipfile import BadZipFile, ZipFile

from biomatrix.entities.files.opening import open_bytes
from biomatrix.entities.files.unpacking import HEAD_BYTES, UnpackedStream, packing_in
from biomatrix.entities.limits import Limits
from biomatrix.errors import BioMatrixError, ParseError
from biomatrix.tasks.benchmarks.official_files.zip_members import zip_member

ZIP_MARKS: Final = (b"PK\x03\x04", b"PK\x05\x06")


class Member(NamedTuple):
    """A file in an archive, and why its content is not there where it is not."""

    name: str
    content: bytes
    fault: BioMatrixError | None = None

    def unpacked(self, limits: Limits) -> bytes:
        """Return the content, unpacked where it is packed; its fault is raised.

        Raises
        ------
        ParseError
            Broken packed data, or what the archive's reader found.
        LimitError
            More than ``limits.structure_bytes`` unpacked.
        """
        if self.fault is not None:
            raise self.fault
        packing = packing_in(self.content[:HEAD_BYTES])
        if packing is None:
            return self.content
        with UnpackedStream(io.BytesIO(self.content), packing) as stream:
            content = b"".join(iter(lambda: stream.read(1 << 20), b""))
        limits.check("structure_bytes", len(content), f"unpacked size of {self.name} in bytes")
        return content


def is_zip(path: Path) -> bool:
    """Return whether the content of a file is a zip archive."""
    with path.open("rb") as stream:
        return stream.read(4) in ZIP_MARKS


@contextmanager
def open_document(path: Path, ending: str, limits: Limits) -> Iterator[tuple[IO[bytes], bool]]:
    """Open a file, unpacked by content, or the one document in a zip archive; and say whether it is an archive.

    Parameters
    ----------
    path : Path
        The file.
    ending : str
        What the name of the document ends in, where it is archived.
    limits : Limits
        The sizes past which it is refused.

    Raises
    ------
    ParseError
        It cannot be read, or the archive holds none or several such documents.
    """
    if not is_zip(path):
        with open_bytes(path, limits) as stream:
            yield stream, False
        return
    try:
        with ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(ending)]
    except BadZipFile as error:
        raise ParseError(f"a broken zip archive: {error}", file=str(path)) from error
    if len(names) != 1:
        raise ParseError(f"a zip archive of {len(names)} files named {ending}, where one is read", file=str(path))
    with zip_member(path, names[0], limits) as member:
        yield member, True
