"""Descriptions in JSON beside weights: read under a limit, strictly, with the true reason where they cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.lfs_pointers import is_lfs_pointer
from biomatrix.entities.files.paths import is_folder
from biomatrix.errors import BioMatrixError

MAX_BYTES: Final = 64 << 20
"""The most bytes of a description that are read."""

POINTER_REASON: Final = "a git-lfs pointer, not the file itself; fetch the file with `git lfs pull`"


def read_head(path: Path, size: int, error: type[BioMatrixError]) -> bytes:
    """Return the first bytes of a file; an error of the given class where they cannot be read or are a pointer."""
    if is_folder(path):
        raise error("is a folder, not a file", file=str(path))
    try:
        with path.open("rb") as stream:
            head = stream.read(size)
    except (OSError, ValueError) as fault:  # ValueError: a NUL in the name
        raise error(f"cannot be read: {getattr(fault, 'strerror', None) or fault}", file=str(path)) from fault
    if is_lfs_pointer(head):
        raise error(POINTER_REASON, file=str(path))
    return head


def read_object(path: Path, error: type[BioMatrixError], limit: int = MAX_BYTES) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Parameters
    ----------
    path : Path
    error : type of BioMatrixError
        What is raised, with the file: where the file cannot be read or is too large, is a git-lfs pointer, is no UTF-8,
        no JSON or no object, or holds NaN or an infinity, which JSON does not have.
    limit : int
        The most bytes that are read.
    """
    content = read_head(path, limit + 1, error)
    if len(content) > limit:
        raise error(f"more than {limit:,} bytes, the limit of a description", file=str(path))
    try:
        found = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as fault:
        raise error(f"not UTF-8 text (byte {fault.start + 1})", file=str(path)) from fault
    except RecursionError as fault:
        raise error("not JSON: nested too deeply", file=str(path)) from fault
    except ValueError as fault:
        raise error(f"not JSON: {fault if content.strip() else 'the file is empty'}", file=str(path)) from fault
    if not isinstance(found, dict):
        raise error(f"a JSON object was expected, not a {type(found).__name__}", file=str(path))
    return found


def object_or_none(path: Path) -> dict[str, Any] | None:
    """Return the JSON object of a file that need not be there; None where there is none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")
