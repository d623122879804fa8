"""How many records a file seems to hold, without reading any: to show how far long work is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from biomatrix.entities.files.reading import open_bytes, read_lines
from biomatrix.entities.registration import FileFormat
from biomatrix.errors import BioMatrixError

_COMMENT: Final = "#"


def count_records(path: str | Path, layout: FileFormat) -> int | None:
    """Return how many records of a text format a file seems to hold; None where only reading them would tell."""
    mark = layout.starts if layout.starts is not None else layout.ends
    if mark is None or not os.path.isfile(path):
        return None
    try:
        if mark:
            return max(sum(line.startswith(mark) for line in read_lines(path)), 1)
        comment = layout.comments or _COMMENT
        return sum(1 for line in read_lines(path) if line.strip() and not line.startswith(comment))
    except BioMatrixError:
        return None  # reading the records tells what is wrong


def count_lines(path: str | Path) -> int | None:
    """Return how many lines a file has; None where it is no regular file, or cannot be read."""
    if not os.path.isfile(path):
        return None
    try:
        with open_bytes(path) as stream:
            return sum(piece.count(b"\n") for piece in iter(lambda: stream.read(1 << 20), b""))
    except BioMatrixError:
        return None
