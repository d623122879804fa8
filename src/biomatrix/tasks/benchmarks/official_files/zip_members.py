"""Files in zip archives of official data, read where they lie: nothing is unpacked to where an archive says."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final
from zipfile import BadZipFile, ZipFile, ZipInfo

from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError

_BROKEN: Final = (BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)
"""RuntimeError where a password is asked for, NotImplementedError where the compression is unknown."""


@contextmanager
def zip_member(
    archive: Path, path: str, limits: Limits = DEFAULT_LIMITS, limit: str = "decompressed_bytes"
) -> Iterator[IO[bytes]]:
    """Open a file in a zip archive; no more bytes come out of it than its entry says.

    Parameters
    ----------
    archive : Path
    path : str
        Its path in the archive, or the end of it from a folder on.
    limits : Limits
    limit : str
        The name of the limit of its unpacked size.

    Raises
    ------
    ConfigurationError
        The archive holds no such file.
    LimitError
        It is past the limit, or unpacks to so many times its size that it is made to fill a machine.
    ParseError
        The archive is broken, cut, or packed in a way that is not read.
    """
    try:
        with ZipFile(archive) as packed:
            entry = _entry(packed, path)
            limits.check(limit, entry.file_size, f"unpacked size of {path} in bytes")
            limits.check_ratio(entry.file_size, entry.compress_size)
            with packed.open(entry) as member:
                yield member
    except BioMatrixError as error:
        raise error.at(file=str(archive)) from error.__cause__
    except _BROKEN as error:
        raise ParseError(f"{path} cannot be read from this zip archive: {error}", file=str(archive)) from error


def _entry(packed: ZipFile, path: str) -> ZipInfo:
    entries = packed.infolist()
    whole = (one for one in entries if one.filename == path)
    found = next(whole, None) or next((one for one in entries if one.filename.endswith(f"/{path}")), None)
    if found is None:
        raise ConfigurationError(f"no {path} in the archive")
    return found
