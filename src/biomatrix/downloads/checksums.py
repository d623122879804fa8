"""Checksums of files from the web: those that their publisher states, and those that a first download had."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from biomatrix.downloads.wanted_file import WantedFile
from biomatrix.entities.files.hashing import file_md5, file_sha256
from biomatrix.entities.files.writing import write_whole
from biomatrix.errors import ConfigurationError

RECORD: Final = "checksums.json"
"""In the folder of a source: the SHA-256 of every file that was put there, by path."""


def expected(folder: Path, file: WantedFile) -> str:
    """Return the checksum that a file must have: the official one, else that of its first download, else ""."""
    return file.sha256 or recorded(folder).get(file.path, "")


def check(found: Path, folder: Path, file: WantedFile) -> str:
    """Return the checksum of a file that is to take its place in a folder.

    Raises
    ------
    ConfigurationError
        It is not the one expected.
    """
    if file.md5 and (other := file_md5(found)) != file.md5:
        raise ConfigurationError(
            f"the MD5 is {other}, and the official one is {file.md5}: the file is damaged or another version",
            file=file.path,
        )
    digest, wanted = file_sha256(found), expected(folder, file)
    if wanted and digest != wanted:
        origin = "the official one" if file.sha256 else "that of the first download"
        raise ConfigurationError(
            f"the SHA-256 is {digest}, and {origin} is {wanted}: the file is damaged or another version", file=file.path
        )
    return digest


def record(folder: Path, file: WantedFile, digest: str) -> None:
    """Keep the checksum of a file that has taken its place."""
    known = recorded(folder) | {file.path: digest}
    write_whole(folder / RECORD, (json.dumps(dict(sorted(known.items())), indent=2) + "\n").encode())


def recorded(folder: Path) -> dict[str, str]:
    """Return the checksums kept in a folder, by path; empty where there are none or they cannot be read."""
    try:
        known = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(path): str(digest) for path, digest in known.items()} if isinstance(known, dict) else {}
