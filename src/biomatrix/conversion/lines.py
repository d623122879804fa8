"""Text files with one record per line, which take their name once they are complete."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from biomatrix.entities.files.writing import write_atomically


@contextmanager
def open_lines(path: Path) -> Iterator[IO[str]]:
    """Open a text file that takes its name once it is complete."""
    with write_atomically(path) as raw:
        text = io.TextIOWrapper(raw, encoding="utf-8", newline="\n", write_through=True)
        try:
            yield text
        finally:
            text.flush()
            text.detach()
