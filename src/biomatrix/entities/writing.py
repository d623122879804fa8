"""Writing of files: each takes its name once it is complete."""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from biomatrix.errors import ConfigurationError


@contextmanager
def write_atomically(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside ``path`` that takes its name once it is complete; gzipped where it ends in .gz.

    The gzipped bytes carry no time stamp, so the same content gives the same file.
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    except OSError as error:
        raise ConfigurationError(f"cannot be written: {error.strerror or error}", file=str(path)) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as raw:
            if target.name.lower().endswith(".gz"):
                with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
                    yield packed  # type: ignore[misc]
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        # mkstemp makes files private; a result should have the permissions any new file has.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file in one go; it takes its name once it is complete."""
    with write_atomically(path) as stream:
        stream.write(content)
