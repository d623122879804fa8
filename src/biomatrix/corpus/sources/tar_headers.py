"""Headers of tar archives, read strictly: what is damaged or cut is told, where ``tarfile`` takes it for the end."""

from __future__ import annotations

import tarfile
from typing import Any, Final

_LONGEST_NAME: Final = 1 << 20
"""The most bytes of a header that holds a long name; ``tarfile`` reads as many as it states."""
_BEHIND: Final = 1 << 20
"""The bytes behind the end of an archive that are looked at; writers pad it to 10 KiB."""
_NAMES: Final = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE)


class StrictTarInfo(tarfile.TarInfo):
    """A header that must be one; an archive ends with empty blocks, behind which nothing stands.

    ``tarfile`` itself ends in silence at a header whose checksum is wrong, at a file that ends behind a member, and at
    an empty block with members behind it.
    """

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> StrictTarInfo:
        """Return the next header; ``tarfile.EOFHeaderError`` at the end, ``tarfile.ReadError`` where it is broken."""
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # as its parent, in all versions of the library
            if _is_empty(archive.fileobj):
                raise
            raise tarfile.ReadError("members behind an empty block") from None
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from None

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> StrictTarInfo:
        """Return the header in a block; ``tarfile.HeaderError`` where it is none, or holds a name without end."""
        header = super().frombuf(buf, encoding, errors)
        if header.type in _NAMES and header.size > _LONGEST_NAME:
            raise tarfile.HeaderError(f"a name of {header.size:,} bytes")
        return header


def _is_empty(stream: Any) -> bool:
    """Return whether nothing but zeros stands in the next bytes of a stream."""
    for _ in range(_BEHIND // tarfile.BLOCKSIZE):
        block = stream.read(tarfile.BLOCKSIZE)
        if not block:
            return True
        if any(block):
            return False
    return True
