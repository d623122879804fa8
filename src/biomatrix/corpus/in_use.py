"""Builds that share a folder at the same time: those of one recipe share it, another one is refused while they run.

Records and tokens are kept by what they are made from, so that builds which differ may share them. A vocabulary and the
shards have one name whatever they are made from: two builds that differ would each replace what the other reads.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.claims import age, kept_alive, lease_seconds
from biomatrix.errors import ConfigurationError

_SUFFIX: Final = ".build"


@contextmanager
def in_use(folder: Path, mark: str) -> Iterator[None]:
    """Hold a folder for builds of one mark while the block runs.

    Parameters
    ----------
    folder : Path
        What is built there must not be replaced by something else meanwhile.
    mark : str
        Everything the content depends on, hashed.

    Raises
    ------
    ConfigurationError
        A build of another mark is running.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    path = folder.with_name(f".{folder.name}.{socket.gethostname()}-{os.getpid()}-{mark[:8]}{_SUFFIX}")
    path.write_text(json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "mark": mark}), encoding="utf-8")
    try:
        _refuse_others(folder, path, mark)
        with kept_alive(path):
            yield
    finally:
        path.unlink(missing_ok=True)


def _refuse_others(folder: Path, own: Path, mark: str) -> None:
    for path in folder.parent.glob(f".{folder.name}.*{_SUFFIX}"):
        note = {} if path == own else _note(path)
        if note.get("mark", mark) == mark:
            continue
        since = age(path)
        if since is None or since > lease_seconds() or _has_ended(note):
            with suppress(FileNotFoundError):
                path.unlink()
            continue
        raise ConfigurationError(
            f"another build, of another recipe or other data, is writing here (process {note.get('pid')} on "
            f"{note.get('host')}); wait for it, or give another folder by --shards or --output. If it was killed, the "
            f"folder is free {lease_seconds():.0f} seconds after that",
            file=str(folder),
        )


def _note(path: Path) -> dict[str, Any]:
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _has_ended(note: dict[str, Any]) -> bool:
    """Return whether the process that wrote a note on this machine is gone."""
    if note.get("host") != socket.gethostname() or not isinstance(note.get("pid"), int):
        return False
    try:
        os.kill(note["pid"], 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
