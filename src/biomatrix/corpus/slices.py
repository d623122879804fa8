"""Idempotent slice work: a slice is written to a temporary folder, checked, and renamed into place.

A finished slice is a folder with a ``done.json`` that names what it was made from and the SHA-256 of every
file in it. Running the same work again does nothing; running it after its inputs changed does it anew; a
crash leaves only a temporary folder and a claim, which run out and are cleared away. The same call works from one
process, from many, or from many machines over one folder: each claims what nobody works on, and returns when all
is done, by whomever.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import multiprocessing
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from biomatrix.corpus.claims import claimed, holder, lease_seconds, shared_now
from biomatrix.errors import ConfigurationError
from biomatrix.progress import Progress

log = logging.getLogger(__name__)

DONE = "done.json"
TEMPORARY: Final = ".tmp"
_POLL_SECONDS: Final = 1.0


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


def run_slice(item: Slice, worker: Worker) -> dict[str, Any] | None:
    """Do one slice unless it is done already; return its ``done.json``, None where another process works on it."""
    if is_done(item):
        return read_done(item.folder)
    with claimed(item.folder) as claim:
        if claim is None:
            return None
        if is_done(item):  # between the first look and the claim
            return read_done(item.folder)
        temporary = temporary_path(item.folder, claim.token)
        temporary.mkdir()
        try:
            notes = dict(worker(item, temporary))
            noted = {"fingerprint": item.fingerprint, "files": _described(temporary), **notes}
            (temporary / DONE).write_text(json.dumps(noted, indent=1, sort_keys=True), encoding="utf-8")
            put_in_place(temporary, item.folder, lambda: is_done(item))
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return read_done(item.folder)


def temporary_path(folder: Path, token: str) -> Path:
    """Return where the holder of a claim writes what will become a folder."""
    return folder.with_name(f".{folder.name}.{token}{TEMPORARY}")


def put_in_place(temporary: Path, folder: Path, finished: Callable[[], bool]) -> None:
    """Give a finished temporary folder its name; what another finisher put there meanwhile is kept.

    Parameters
    ----------
    temporary : Path
        Beside ``folder``; whoever finds it left over may remove it.
    folder : Path
        The final name. Something else under it, from other inputs or cut short, gives way.
    finished : callable
        Tells whether ``folder`` is what it should be.
    """
    while not finished():
        try:
            temporary.rename(folder)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
            outdated = temporary_path(folder, uuid.uuid4().hex)
            with suppress(FileNotFoundError):  # another finisher moved it first
                folder.rename(outdated)
                shutil.rmtree(outdated, ignore_errors=True)


def _described(folder: Path) -> dict[str, dict[str, Any]]:
    return {path.name: {"sha256": file_sha256(path), "bytes": path.stat().st_size} for path in sorted(folder.iterdir())}


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
    finished: dict[int, dict[str, Any]] = {}
    waiting: list[int] = []
    for index, item in enumerate(items):
        noted = read_done(item.folder) if is_done(item) else None
        if noted is None:
            waiting.append(index)
        else:
            finished[index] = noted
            progress.advance(cached=True)
    with _pool(min(workers, len(waiting))) as pool:
        while waiting:
            found = _round(items, waiting, worker, pool, progress)
            finished |= found
            waiting = [index for index in waiting if index not in found]
            if waiting and not found:
                time.sleep(min(_POLL_SECONDS, lease_seconds() / 4))
    return [finished[index] for index in range(len(items))]


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor | None]:
    if workers <= 1:
        yield None
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def _round(
    items: Sequence[Slice], waiting: Sequence[int], worker: Worker, pool: ProcessPoolExecutor | None, progress: Progress
) -> dict[int, dict[str, Any]]:
    """Try every waiting slice once; return the notes of those that are done."""
    finished: dict[int, dict[str, Any]] = {}

    def keep(index: int, noted: dict[str, Any] | None) -> None:
        if noted is not None:
            finished[index] = noted
            progress.advance()

    if pool is None:
        for index in waiting:
            keep(index, run_slice(items[index], worker))
        return finished
    futures = {pool.submit(run_slice, items[index], worker): index for index in waiting}
    try:
        for future in as_completed(futures):
            keep(futures[future], future.result())
    except BaseException:
        for future in futures:
            future.cancel()  # what runs ends; what waits need not begin
        raise
    return finished


def make_once(folder: Path, finished: Callable[[], bool], make: Callable[[Path], None]) -> None:
    """Make a folder unless it is there; of several processes one makes it and the others wait.

    Parameters
    ----------
    folder : Path
    finished : callable
        Tells whether ``folder`` is what it should be.
    make : callable
        Writes the content into the folder it is given.
    """
    while not finished():
        with claimed(folder) as claim:
            if claim is not None and not finished():
                temporary = temporary_path(folder, claim.token)
                try:
                    make(temporary)
                    put_in_place(temporary, folder, finished)
                finally:
                    shutil.rmtree(temporary, ignore_errors=True)
            elif claim is None:
                time.sleep(min(_POLL_SECONDS, lease_seconds() / 4))


def remove_strays(folder: Path, keep: Sequence[Slice]) -> None:
    """Remove what crashed runs left, and slices of an earlier, longer one: only what nobody works on.

    What was touched within the last lease, or what a live claim names, stays.
    """
    if not folder.is_dir():
        return
    wanted = {item.folder.name for item in keep}
    now, lease = shared_now(folder), lease_seconds()
    for path in sorted(folder.iterdir()):
        left = path.name.endswith((TEMPORARY, ".clock", ".claim"))
        if not left and (path.name in wanted or not path.is_dir() or read_done(path) is None):
            continue
        with suppress(FileNotFoundError):  # another run removed it first
            if now - path.stat().st_mtime <= lease or _claimed_now(path):
                continue
            log.info("removing %s, left by an earlier run", path.name)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _claimed_now(path: Path) -> bool:
    """Return whether a live claim names a finished slice, or the holder of one writes to a temporary folder."""
    if not path.name.endswith(TEMPORARY):
        return holder(path) is not None
    name, _, token = path.name.removesuffix(TEMPORARY).removeprefix(".").rpartition(".")
    return holder(path.with_name(name)) == token
