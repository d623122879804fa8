"""Idempotent slice work: a slice is written to a temporary folder, checked, and renamed into place.

A finished slice is a folder with a ``done.json`` that holds the fingerprint of its inputs and the SHA-256 of every
file in it. Running the same work again does nothing; running it after its inputs changed redoes it; a
crash leaves only a temporary folder and a claim, which expire and are removed. The same call works from one
process, from many, or from many machines over one folder: each claims work that nobody else has claimed, and returns
when all is done, by any of them.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import multiprocessing
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from biomatrix.entities.files.claims import claimed, holder, lease_seconds, shared_now
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.files.stopping import end_on_signals
from biomatrix.entities.files.writing import named_refusals
from biomatrix.errors import ConfigurationError
from biomatrix.progress import Progress

log = logging.getLogger(__name__)

DONE = "done.json"
TEMPORARY: Final = ".tmp"
_POLL_SECONDS: Final = 1.0
_MARKED: Final = re.compile(r"\d{5,}-[0-9a-f]{8}")
"""The names that `marked_folder` gives."""


@dataclass(frozen=True)
class Slice:
    """One piece of work.

    Parameters
    ----------
    folder : Path
        The folder of the finished slice.
    fingerprint : str
        Everything the result depends on, hashed.
    """

    folder: Path
    fingerprint: str


SliceT = TypeVar("SliceT", bound=Slice)
Worker = Callable[[Any, Path], Mapping[str, Any]]
"""Writes a slice's files into a folder and returns its notes for ``done.json``."""


def fingerprint(*parts: object) -> str:
    """Return the SHA-256, in hexadecimal, of parts written as JSON; anything JSON cannot write counts as its string."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def marked_folder(parent: Path, index: int, mark: str) -> Path:
    """Return the folder of a slice, named by its number and fingerprint: builds that differ do not share it."""
    return parent / f"{index:05d}-{mark[:8]}"


def read_done(folder: Path) -> dict[str, Any] | None:
    """Return the ``done.json`` of a finished slice, or None where it is not finished or cannot be read."""
    try:
        record = json.loads((folder / DONE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict) or "fingerprint" not in record or not isinstance(record.get("files"), dict):
        return None
    whole = all(isinstance(file, dict) and "bytes" in file for file in record["files"].values())
    return record if whole else None


def is_done(item: Slice) -> bool:
    """Return whether a slice is finished, from the same inputs, with every file of its recorded size."""
    record = read_done(item.folder)
    if record is None or record["fingerprint"] != item.fingerprint:
        return False
    return all(
        (item.folder / name).is_file() and (item.folder / name).stat().st_size == file["bytes"]
        for name, file in record["files"].items()
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
            with named_refusals(item.folder):
                notes = dict(worker(item, temporary))
                record = {"fingerprint": item.fingerprint, "files": _describe_files(temporary), **notes}
                (temporary / DONE).write_text(json.dumps(record, indent=1, sort_keys=True), encoding="utf-8")
            if claim.held:  # without it, another process may be removing the temporary folder
                put_in_place(temporary, item.folder, lambda: is_done(item))
        except FileNotFoundError:
            if temporary.is_dir():
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return run_slice(item, worker)  # again where the claim ran out, and with it the temporary folder


def temporary_path(folder: Path, token: str) -> Path:
    """Return the temporary folder of the holder of a claim, which will be renamed to ``folder``."""
    return folder.with_name(f".{folder.name}.{token}{TEMPORARY}")


def put_in_place(temporary: Path, folder: Path, finished: Callable[[], bool]) -> None:
    """Give a finished temporary folder its name; a finished one that another process put there meanwhile is kept.

    Parameters
    ----------
    temporary : Path
        Beside ``folder``; any process that finds it left over may remove it.
    folder : Path
        The final name. Anything else under it, from other inputs or incomplete, is replaced.
    finished : callable
        Returns whether ``folder`` holds the finished content.
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


def _describe_files(folder: Path) -> dict[str, dict[str, Any]]:
    return {path.name: {"sha256": file_sha256(path), "bytes": path.stat().st_size} for path in sorted(folder.iterdir())}


def run_slices(
    items: Sequence[SliceT], worker: Worker, *, workers: int = 1, label: str = "work"
) -> list[dict[str, Any]]:
    """Do every slice that is not done already; return the ``done.json`` of all, in order.

    Parameters
    ----------
    items : sequence of Slice
        The work to do.
    worker : callable
        Takes a slice and the folder to write into. It must be importable by name when ``workers`` is above 1.
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
        record = read_done(item.folder) if is_done(item) else None
        if record is None:
            waiting.append(index)
        else:
            finished[index] = record
            progress.advance(cached=True)
    with _pool(min(workers, len(waiting))) as pool:
        while waiting:
            results = _round(items, waiting, worker, pool, progress)
            finished |= results
            waiting = [index for index in waiting if index not in results]
            if waiting and not results:
                time.sleep(min(_POLL_SECONDS, lease_seconds() / 4))
    return [finished[index] for index in range(len(items))]


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor | None]:
    if workers <= 1:
        yield None
        return
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=end_on_signals) as pool:
        try:
            yield pool
        except (SystemExit, KeyboardInterrupt):  # asked to end: workers tidy up as this process does, at once
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
            raise


def _round(
    items: Sequence[Slice], waiting: Sequence[int], worker: Worker, pool: ProcessPoolExecutor | None, progress: Progress
) -> dict[int, dict[str, Any]]:
    """Try every waiting slice once; return the ``done.json`` of those that are done, by index."""
    finished: dict[int, dict[str, Any]] = {}

    def keep(index: int, record: dict[str, Any] | None) -> None:
        if record is not None:
            finished[index] = record
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
        # Running slices finish; waiting ones never start. The pool cancels them itself: its thread stumbles over those
        # that are cancelled behind its back when a worker ends.
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    return finished


def make_once(folder: Path, finished: Callable[[], bool], make: Callable[[Path], None]) -> None:
    """Make a folder unless it is there; of several processes one makes it and the others wait.

    Parameters
    ----------
    folder : Path
        The folder to make.
    finished : callable
        Returns whether ``folder`` holds the finished content.
    make : callable
        Writes the content into the folder that is its argument.
    """
    while not finished():
        with claimed(folder) as claim:
            if claim is not None and not finished():
                temporary = temporary_path(folder, claim.token)
                try:
                    make(temporary)
                    put_in_place(temporary, folder, finished)
                except FileNotFoundError:  # another process removed it after the claim ran out: make it again
                    if temporary.is_dir():
                        raise
                finally:
                    shutil.rmtree(temporary, ignore_errors=True)
            elif claim is None:
                time.sleep(min(_POLL_SECONDS, lease_seconds() / 4))


def remove_strays(folder: Path, keep: Sequence[Slice]) -> None:
    """Remove the leftovers of crashed runs, and the slices of an earlier, longer run.

    Anything touched within the last lease, or named by a live claim, stays: somebody may be working on it. So do
    finished slices named by their fingerprint: another build over the same folder may be reading them.
    """
    if not folder.is_dir():
        return
    names = {item.folder.name for item in keep}
    now, lease = shared_now(folder), lease_seconds()
    for path in sorted(folder.iterdir()):
        temporary = path.name.endswith((TEMPORARY, ".clock", ".claim"))
        kept = path.name in names or _MARKED.fullmatch(path.name) is not None
        if not temporary and (kept or not path.is_dir() or read_done(path) is None):
            continue
        with suppress(FileNotFoundError):  # another run removed it first
            if now - path.stat().st_mtime <= lease or _claimed_now(path):
                continue
            log.info("removing %s, left by an earlier run", path.name)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def tell_outdated(folder: Path, keep: Sequence[Slice]) -> None:
    """Log how many finished slices stay that this build does not read: of other recipes, or of files since changed.

    Another build over the same folder may be reading them, so only a person can know that they may go.
    """
    names = {item.folder.absolute() for item in keep}
    found = (path.parent for path in folder.glob(f"*/*/{DONE}"))
    others = [path for path in found if _MARKED.fullmatch(path.name) and path.absolute() not in names]
    if others:
        size = sum(file.stat().st_size for one in others for file in one.iterdir() if file.is_file())
        log.info(
            "%s keeps %d slices (%.1f MB) of other recipes, or of files since changed, which this build does not read; "
            "remove the folder where no other build uses it",
            folder,
            len(others),
            size / 1e6,
        )


def _claimed_now(path: Path) -> bool:
    """Return whether a live claim names a finished slice, or a temporary folder belongs to the holder of one."""
    if not path.name.endswith(TEMPORARY):
        return holder(path) is not None
    name, _, token = path.name.removesuffix(TEMPORARY).removeprefix(".").rpartition(".")
    return holder(path.with_name(name)) == token
