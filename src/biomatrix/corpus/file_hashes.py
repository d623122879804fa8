"""Hashes of source files that are kept between builds: terabytes are read once, not at every start.

A hash is taken over where the file's path, size, inode and times of change are those noted. The second time, which no
program can set, moves with every edit, also one that keeps the size and puts the first time back. A file that changed
within two seconds of being hashed is hashed again the next time: clocks of file systems are coarse. What is not noticed
is a file system that lies about that time, or one whose clock is set back to the very nanosecond of an earlier edit.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.files.writing import write_whole

FILE: Final = "hashes.json"
_SETTLED: Final = 2_000_000_000
"""Nanoseconds after which a file that is edited again has another time."""
_BETWEEN_SAVES: Final = 5.0
"""Seconds of hashing that a kill may lose: all hashes are written each time, and a folder may hold 100,000 files."""


class _Hashes:
    """What is known, by path: the file's state and its hash."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.changed = False
        self._saved = time.monotonic()
        try:
            noted = json.loads(place.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            noted = {}
        self._known: dict[str, Any] = noted if isinstance(noted, dict) else {}

    def of(self, path: Path) -> str:
        """Return the hash of a file, taken over where its state is the one noted."""
        name, before = str(path.absolute()), _state(path)
        noted = self._known.get(name)
        if isinstance(noted, dict) and noted.get("state") == before and isinstance(noted.get("sha256"), str):
            return str(noted["sha256"])
        now = time.time_ns()
        found = file_sha256(path)
        settled = max(before[2:]) + _SETTLED < now
        if settled and _state(path) == before:
            self._known[name] = {"state": before, "sha256": found}
            self.changed = True
        return found

    def save_in_time(self) -> None:
        """Write what is known where it was not written for some seconds: the next file may take an hour."""
        if time.monotonic() - self._saved >= _BETWEEN_SAVES:
            self.save()

    def save(self) -> None:
        """Write what is known; of several processes the last one's stays, and others hash again what it lacks."""
        if self.changed:
            self.place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.place, json.dumps(self._known, indent=1, sort_keys=True).encode())
            self.changed = False
            self._saved = time.monotonic()


_HASHES: ContextVar[_Hashes | None] = ContextVar("hashes", default=None)


@contextmanager
def hashes_kept(folder: Path) -> Iterator[None]:
    """Take over and keep, in a folder, the hashes that :func:`content_sha256` returns inside the block."""
    hashes = _Hashes(folder / FILE)
    token = _HASHES.set(hashes)
    try:
        yield
    finally:
        _HASHES.reset(token)
        hashes.save()


def content_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal: known from before where a block keeps it, else computed."""
    hashes = _HASHES.get()
    if hashes is None:
        return file_sha256(path)
    found = hashes.of(path)
    hashes.save_in_time()
    return found


def _state(path: Path) -> list[int]:
    state = os.stat(path)
    return [state.st_size, state.st_ino, state.st_mtime_ns, state.st_ctime_ns]
