"""Idempotent slice work: a slice is written to a temporary folder, checked, and renamed into place.

A finished slice is a folder with a ``done.json`` that names what it was made from and the SHA-256 of every
file in it. Running the same work again does nothing; running it after its inputs changed does it anew; a
crash leaves only a temporary folder, which the next run clears away. The same call works from one process,
from many, or from many machines over one folder.
"""

from __future__ import annotations

import hashlib
import json
import logging
import multiprocessing
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from biomatrix.errors import ConfigurationError
from biomatrix.progress import Progress

log = logging.getLogger(__name__)

DONE = "done.json"


@dataclass(frozen=True)
class Slice:
    """One piece of work.

    Parameters
    ----------
    folder : Path
        Where the finished slice stands.
    fingerprint : str
        Everything the result depends on, hashed.
    """

    folder: Path
    fingerprint: str


SliceT = TypeVar("SliceT", bound=Slice)
Worker = Callable[[Any, Path], Mapping[str, Any]]
"""Writes a slice's files into a folder and returns what to note in ``done.json``."""


def fingerprint(*parts: object) -> str:
    """Return the SHA-256 of parts that JSON can write."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_done(folder: Path) -> dict[str, Any] | None:
    """Return what a finished slice notes about itself, or None where it is not finished."""
    try:
        noted: dict[str, Any] = json.loads((folder / DONE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return noted


def is_done(item: Slice) -> bool:
    """Return whether a slice is finished, from these inputs, with every file at its noted size."""
    noted = read_done(item.folder)
    if noted is None or noted["fingerprint"] != item.fingerprint:
        return False
    return all(
        (item.folder / name).is_file() and (item.folder / name).stat().st_size == file["bytes"]
        for name, file in noted["files"].items()
    )


def run_slice(item: Slice, worker: Worker) -> dict[str, Any]:
    """Do one slice unless it is done already; return its ``done.json``."""
    if is_done(item):
        noted = read_done(item.folder)
        if noted is not None:
            return noted
    temporary = item.folder.with_name(f".{item.folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    notes = dict(worker(item, temporary))
    files = {
        path.name: {"sha256": file_sha256(path), "bytes": path.stat().st_size} for path in sorted(temporary.iterdir())
    }
    noted = {"fingerprint": item.fingerprint, "files": files, **notes}
    (temporary / DONE).write_text(json.dumps(noted, indent=1, sort_keys=True), encoding="utf-8")
    shutil.rmtree(item.folder, ignore_errors=True)
    temporary.rename(item.folder)
    return noted


def run_slices(
    items: Sequence[SliceT], worker: Worker, *, workers: int = 1, label: str = "work"
) -> list[dict[str, Any]]:
    """Do every slice, those already done skipped; return their notes in order.

    Parameters
    ----------
    items : sequence of Slice
        The work.
    worker : callable
        Takes a slice and the folder to write into. Must be importable by name when ``workers`` is above 1.
    workers : int
        The number of processes. The files do not depend on it.
    label : str
        For progress messages.
    """
    if workers < 1:
        raise ConfigurationError(f"workers must be at least 1, not {workers}")
    progress = Progress(label, len(items))
    if workers == 1:
        results = []
        for item in items:
            cached = is_done(item)
            results.append(run_slice(item, worker))
            progress.advance(cached=cached)
        return results
    finished: dict[int, dict[str, Any]] = {}
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(run_slice, item, worker): index for index, item in enumerate(items)}
        for future in as_completed(waiting):
            finished[waiting[future]] = future.result()
            progress.advance()
    return [finished[index] for index in range(len(items))]


def remove_strays(folder: Path, keep: Sequence[Slice]) -> None:
    """Remove finished slices of an earlier, longer run and temporary folders of crashed ones."""
    wanted = {item.folder.name for item in keep}
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and path.name not in wanted and (path.name.endswith(".tmp") or read_done(path) is not None):
            log.info("removing %s, left by an earlier run", path.name)
            shutil.rmtree(path)
