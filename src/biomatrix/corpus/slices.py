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
import os
import re
import shutil
import stat
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from biomatrix.corpus.launching import Workers, beginning, launcher_of
from biomatrix.entities.files.claims import claimed, holder, lease_seconds, shared_now
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.files.writing import named_refusals
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
        with open(f"{folder}/{DONE}", "rb") as stream:  # a hundred thousand of these are read: no more than is needed
            record = json.loads(stream.read())
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict) or "fingerprint" not in record or not isinstance(record.get("files"), dict):
        return None
    whole = all(isinstance(file, dict) and "bytes" in file for file in record["files"].values())
    return record if whole else None


def finished(item: Slice) -> dict[str, Any] | None:
    """Return the ``done.json`` of a slice that is finished, from the same inputs, with every file of its recorded size.

    None of any other. A build that goes on asks this of every slice it has: each is a file read and one look at others.
    """
    record = read_done(item.folder)
    if record is None or record["fingerprint"] != item.fingerprint:
        return None
    folder = str(item.folder)
    whole = all(_file_size(f"{folder}/{name}") == file["bytes"] for name, file in record["files"].items())
    return record if whole else None


def _file_size(path: str) -> int | None:
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_size if stat.S_ISREG(state.st_mode) else None


def is_done(item: Slice) -> bool:
    """Return whether a slice is finished; see :func:`finished`."""
    return finished(item) is not None


def finished_slices(items: Sequence[Slice]) -> dict[int, dict[str, Any]]:
    """Return the ``done.json`` of the slices that are finished, by index.

    Each folder that holds slices is listed once, so that those which are not there cost nothing more.
    """
    listed = {parent: _names(parent) for parent in {item.folder.parent for item in items}}
    there = [index for index, item in enumerate(items) if item.folder.name in listed[item.folder.parent]]
    records = ((index, finished(items[index])) for index in there)
    return {index: record for index, record in records if record is not None}


def _names(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except FileNotFoundError:
        return set()


def run_slice(item: Slice, worker: Worker) -> dict[str, Any] | None:
    """Do one slice unless it is done already; return its ``done.json``, None where another process works on it."""
    record = finished(item)
    if record is not None:
        return record
    with claimed(item.folder) as claim:
        if claim is None:
            return None
        record = finished(item)  # between the first look and the claim
        if record is not None:
            return record
        temporary = temporary_path(item.folder, claim.token)
        temporary.mkdir()
        try:
            with named_refusals(item.folder):
                notes = dict(worker(item, temporary))
                done = {"fingerprint": item.fingerprint, "files": _describe_files(temporary), **notes}
                (temporary / DONE).write_text(json.dumps(done, indent=1, sort_keys=True), encoding="utf-8")
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
    items: Sequence[SliceT], worker: Worker, *, workers: Workers = 1, label: str = "work", accelerated: bool = False
) -> list[dict[str, Any]]:
    """Do every slice that is not done already; return the ``done.json`` of all, in order.

    Parameters
    ----------
    items : sequence of Slice
        The work to do.
    worker : callable
        Takes a slice and the folder to write into. It must be importable by name where another process calls it.
    workers : int or Launcher
        The number of processes, or who else does the work. The files do not depend on it.
    label : str
        For progress messages.
    accelerated : bool
        Whether the worker is faster with a GPU.
    """
    launcher = launcher_of(workers)
    progress = Progress(label, len(items))
    known = finished_slices(items)
    for _ in known:
        progress.advance(cached=True)
    first = beginning(len(items))
    waiting = [index for index in (*range(first, len(items)), *range(first)) if index not in known]
    told = False
    with launcher.crew(len(waiting), accelerated=accelerated) as crew:
        while waiting:
            before = len(known)
            for place, record in crew(partial(run_slice, worker=worker), [items[index] for index in waiting]):
                if record is not None:
                    known[waiting[place]] = record
                    progress.advance()
            waiting = [index for index in waiting if index not in known]
            if waiting and len(known) == before:
                if not told:
                    log.info("%s: waiting for %d slices of processes at work, or killed up to %g s ago", label,
                             len(waiting), lease_seconds())  # fmt: skip
                    told = True
                time.sleep(min(_POLL_SECONDS, lease_seconds() / 4))
    return [known[index] for index in range(len(items))]


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
    told = False
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
                if not told:
                    seconds = lease_seconds()
                    log.info("waiting for %s: a process makes it, or was killed up to %g s ago", folder.name, seconds)
                    told = True
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
    for name in sorted(_names(folder)):
        temporary = name.endswith((TEMPORARY, ".clock", ".claim")) or (name.startswith(".") and name.endswith(".part"))
        if not temporary and (name in names or _MARKED.fullmatch(name)):
            continue
        path = folder / name
        if not temporary and (not path.is_dir() or read_done(path) is None):
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
    names: dict[str, set[str]] = {}
    for item in keep:
        names.setdefault(item.folder.parent.name, set()).add(item.folder.name)
    found = (
        folder / source / name
        for source in sorted(_names(folder))
        if (folder / source).is_dir()
        for name in sorted(_names(folder / source) - names.get(source, set()))
        if _MARKED.fullmatch(name)
    )
    others = [path for path in found if (path / DONE).is_file()]
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
