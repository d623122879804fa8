"""Files that a source publishes in an archive: taken out of it one by one, to where the source says they stand."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from biomatrix.entities.limits import DEFAULT_LIMITS
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError
from biomatrix.tasks.benchmarks.benchmark import Source, SourceFile
from biomatrix.tasks.benchmarks.official_files.zip_members import zip_member

ARCHIVE: Final = "archive"
"""The split of a file that holds those of its source that have no address of their own."""
_TAR: Final = (".tar.gz", ".tgz")
_PIECE: Final = 1 << 20


def archive_of(source: Source) -> SourceFile | None:
    """Return the archive that holds files of a source; None where it publishes them one by one."""
    return next((file for file in source.files if file.split == ARCHIVE), None)


def unpack(archive: Path, path: str, target: Path) -> None:
    """Copy one file out of an archive; nothing else of it is written, wherever it says that it belongs.

    Parameters
    ----------
    archive : Path
        ``.zip``, ``.tar.gz`` or ``.tgz``.
    path : str
        Its path in the archive, or the end of it from a folder on.
    target : Path
        Where to.

    Raises
    ------
    ConfigurationError
        The archive holds no such file, or is of another form.
    ParseError
        It is broken.
    LimitError
        The file is too large, or unpacks to too many times its size.
    """
    name = archive.name.lower()
    if not name.endswith((".zip", *_TAR)):
        raise ConfigurationError(f"an archive is one of .zip, {', '.join(_TAR)}", file=str(archive))
    opened = zip_member if name.endswith(".zip") else _tar_member
    with opened(archive, path) as stream, target.open("wb") as out:
        shutil.copyfileobj(stream, out, _PIECE)


@contextmanager
def _tar_member(archive: Path, path: str) -> Iterator[IO[bytes]]:
    try:
        with gzip.open(archive) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as packed:
            for entry in packed:
                DEFAULT_LIMITS.check_ratio(entry.offset_data + entry.size, archive.stat().st_size)
                stream = packed.extractfile(entry) if f"/{entry.name}".endswith(f"/{path}") else None
                if stream is not None and entry.isreg():
                    DEFAULT_LIMITS.check("decompressed_bytes", entry.size, f"unpacked size of {path} in bytes")
                    yield stream
                    return
        raise ConfigurationError(f"no {path} in the archive")
    except BioMatrixError as error:
        raise error.at(file=str(archive)) from error.__cause__
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise ParseError(f"{path} cannot be read from this tar archive: {error}", file=str(archive)) from error
