"""A file that is to be had: where it stands in its folder, its address, its checksums."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from biomatrix.errors import ConfigurationError


class WantedFile(Protocol):
    """What must be known of a file to have it and to know that it is the right one."""

    @property
    def path(self) -> str:
        """Its path, relative to its folder."""

    @property
    def url(self) -> str:
        """Where it is downloaded from; "" where it has no address."""

    @property
    def sha256(self) -> str:
        """Its SHA-256, lower-case hexadecimal; "" where none is published."""

    @property
    def md5(self) -> str:
        """Its MD5, the same."""


def path_in(folder: Path, file: WantedFile) -> Path:
    """Return where a file stands in a folder; ConfigurationError where its path leads out of it."""
    path = Path(file.path)
    if path.is_absolute() or ".." in path.parts:
        raise ConfigurationError(f"the path {file.path!r} leads out of the folder of its source")
    return folder / path
