"""Work that shares a folder at the same time: what is of one mark shares it, anything else is refused meanwhile.

Builds of a corpus keep records and tokens by what they are made from, so that builds which differ may share them. A
vocabulary and the shards have one name whatever they are made from: two builds that differ would each replace what the
other reads. The answers of a run and the files of a download are nobody else's while they are written.
"""

from __future__ import annotations

import glob
import json
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.claims import age, has_ended, kept_alive, lease_seconds
from biomatrix.entities.files.writing import named_refusals
from biomatrix.errors import ConfigurationError

_SUFFIX: Final = ".in_use"


@contextmanager
def in_use(folder: Path, mark: str, refusal: str) -> Iterator[None]:
    """Hold a folder for work of one mark while the block runs.

    Parameters
    ----------
    folder : Path
        What is made there must not be replaced by something else meanwhile.
    mark : str
        Everything the content depends on, hashed.
    refusal : str
        What is said of other work that holds it, such as ``another run writes here; give another folder``.

    Raises
    ------
    ConfigurationError
        Work of another mark holds it, or nothing can be written beside it.
    """
    path = folder.with_name(f".{folder.name}.{socket.gethostname()}-{os.getpid()}-{mark[:8]}{_SUFFIX}")
    note = json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "mark": mark})
    with named_refusals(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(note, encoding="utf-8")
    try:
        _refuse_others(folder, path, mark, refusal)
        with kept_alive(path):
            yield
    finally:
        path.unlink(missing_ok=True)


def held_alone(folder: Path, refusal: str) -> AbstractContextManager[None]:
    """Hold a folder while the block runs, against all others, as :func:`in_use` does."""
    return in_use(folder, uuid.uuid4().hex, refusal)


def _refuse_others(folder: Path, own: Path, mark: str, refusal: str) -> None:
    for path in folder.parent.glob(f".{glob.escape(folder.name)}.*{_SUFFIX}"):
        if path == own:
            continue
        note, since = _note(path), age(path)
        if since is None or since > lease_seconds() or has_ended(note):
            with suppress(FileNotFoundError):
                path.unlink()
            continue
        if note.get("mark", mark) == mark:
            continue
        raise ConfigurationError(
            f"{refusal} (process {note.get('pid')} on {note.get('host')}). If it was killed there, the folder is free "
            f"{lease_seconds():.0f} seconds after that",
            file=str(folder),
        )


def _note(path: Path) -> dict[str, Any]:
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}
