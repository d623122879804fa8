"""Git LFS pointers: the few lines of text that stand in a clone for a large file that was not fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_BEGINNING: Final = b"version https://git-lfs.github.com/spec/"

LFS_ADVICE: Final = "is a Git LFS pointer, not the file itself; fetch the file with `git lfs pull`"


def is_lfs_pointer(content: bytes) -> bool:
    """Return whether the content of a file, or its beginning, is a pointer's."""
    return content.startswith(_BEGINNING)


def file_is_lfs_pointer(path: Path) -> bool:
    """Return whether a file is a pointer; OSError where it cannot be read."""
    with path.open("rb") as stream:
        return is_lfs_pointer(stream.read(len(_BEGINNING)))
