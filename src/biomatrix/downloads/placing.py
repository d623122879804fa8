"""From an address or a local copy to a file in its place: what is incomplete or wrong never bears its name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from biomatrix.downloads import checksums
from biomatrix.downloads.http_download import download, remote_size
from biomatrix.downloads.wanted_file import WantedFile
from biomatrix.downloads.web_pages import refuse_page
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.files.lfs_pointers import LFS_ADVICE, file_is_lfs_pointer
from biomatrix.entities.files.opening import open_bytes
from biomatrix.errors import ConfigurationError
from biomatrix.progress import Progress

PART: Final = ".part"
ANOTHER: Final = "another process is getting these files; wait for it"
"""What is said where two processes would write one folder."""
_EVERY: Final = 5.0


def part_of(path: Path) -> Path:
    """Return the file that holds what has arrived of another."""
    return path.with_name(path.name + PART)


def is_right(path: Path, folder: Path, file: WantedFile) -> bool:
    """Return whether a file is in its place with the SHA-256 that is expected of it."""
    return path.is_file() and checksums.expected(folder, file) == file_sha256(path)


def fetch(file: WantedFile, part: Path, most: int | None = None) -> None:
    """Download a file into ``part``, and log how far it is, with a rate and the time left.

    Raises
    ------
    ConfigurationError, LimitError
        See :func:`biomatrix.downloads.http_download.download`.
    """
    progress = Progress(file.path, remote_size(file.url), "bytes", every=_EVERY)
    progress.advance(part.stat().st_size if part.is_file() else 0, cached=True)
    download(file.url, part, progress.advance, most=most)


def copy(found: Path, part: Path) -> None:
    """Copy a file, unpacked where its name says that it is packed and that of the part does not."""
    packed = found.suffix == ".gz" and not part.name.endswith(f".gz{PART}")
    if not packed:
        shutil.copyfile(found, part)
        return
    with open_bytes(found) as stream, part.open("wb") as target:
        shutil.copyfileobj(stream, target, 1 << 20)


def place(part: Path, path: Path, folder: Path, file: WantedFile) -> None:
    """Give a complete file its name and keep its checksum.

    Raises
    ------
    ConfigurationError
        Its checksum is another, it is a web page, or it stands for a file of Git LFS.
    """
    digest = checksums.check(part, folder, file)
    refuse_page(part, file.path)
    if file_is_lfs_pointer(part):
        raise ConfigurationError(LFS_ADVICE, file=file.path)
    os.replace(part, path)
    checksums.record(folder, file, digest)


@contextmanager
def removed_on_failure(part: Path) -> Iterator[None]:
    """Remove a part where the block fails: what is wrong must not be gone on with."""
    try:
        yield
    except BaseException:
        part.unlink(missing_ok=True)
        raise
