"""Compressions that are unpacked while a file is read, each told by its first bytes: gzip, bzip2, zstd."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from collections.abc import Callable
from typing import IO, Final, NamedTuple, cast

from biomatrix.errors import ParseError


class Packing(NamedTuple):
    """A compression: its name, the ending of file names, the first bytes of its data, and what opens a stream of it."""

    name: str
    suffix: str
    marks: bytes
    open: Callable[[IO[bytes]], IO[bytes]]


class UnpackedStream(io.RawIOBase):
    """The unpacked bytes of a packed stream; broken data is a ParseError that says how it was packed."""

    def __init__(self, packed: IO[bytes], packing: Packing) -> None:
        super().__init__()
        self._name = packing.name
        self._stream = packing.open(packed)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, fewer than asked for only at the end."""
        try:
            return self._stream.read(size)
        except (OSError, EOFError, zlib.error) as error:
            if isinstance(error, OSError) and error.errno is not None:  # of the file below, not of its content
                raise
            raise ParseError(f"broken {self._name} data: {error}") from error


def _gzip(packed: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], gzip.GzipFile(fileobj=packed))


def _bzip2(packed: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], bz2.BZ2File(packed))


def _zstd(packed: IO[bytes]) -> IO[bytes]:
    import pyarrow as pa

    return cast(IO[bytes], pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), "zstd"))


PACKINGS: Final = (
    Packing("gzip", ".gz", b"\x1f\x8b", _gzip),
    Packing("bzip2", ".bz2", b"BZh", _bzip2),
    Packing("zstd", ".zst", b"\x28\xb5\x2f\xfd", _zstd),
)
HEAD_BYTES: Final = 10
"""Bytes from which `packing_in` tells a compression."""
_BZIP2_BLOCKS: Final = (b"1AY&SY", b"\x17rE8P\x90")
"""What stands at byte 4 of bzip2 data: its first block, or its end where it holds nothing."""


def packing_in(head: bytes) -> Packing | None:
    """Return the compression that the first bytes of a file are of; None for none that is unpacked here.

    Examples
    --------
    >>> packing_in(b"\\x1f\\x8b\\x08").name
    'gzip'
    >>> packing_in(b"BZh is how this text begins") is None
    True
    """
    found = next((one for one in PACKINGS if head.startswith(one.marks)), None)
    if found is not None and found.name == "bzip2" and not head.startswith(_BZIP2_BLOCKS, 4):
        return None
    return found


def packing_named(name: str) -> Packing | None:
    """Return the compression that the ending of a file's name claims; None for none."""
    return next((one for one in PACKINGS if name.lower().endswith(one.suffix)), None)


def without_packing(name: str) -> str:
    """Return the name of a file without the ending of its compression.

    Examples
    --------
    >>> without_packing("library.sdf.zst")
    'library.sdf'
    """
    found = packing_named(name)
    return name if found is None else name[: -len(found.suffix)]
