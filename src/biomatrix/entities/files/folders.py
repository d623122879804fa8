"""Writing of folders: each takes its name, or its files take theirs, once everything is on disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from biomatrix.entities.files.writing import NotWrittenError, cannot_be_written, named_refusals

_ANOTHER_NAME: Final = "choose another name"


def make_folder(path: str | Path) -> Path:
    """Return a folder in which files can be written; it and its parents are made where they are missing.

    Raises
    ------
    ConfigurationError
        Something else has the name, or no file can be made in it.
    """
    _nearest(path, _ANOTHER_NAME)
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _try_file(folder)
    except OSError as error:
        raise cannot_be_written(path, error) from error
    return folder


def check_folder(path: str | Path, advice: str = _ANOTHER_NAME) -> Path:
    """Return the path where a folder stands in which files can be written, or where one can be made; nothing changes.

    Parameters
    ----------
    path : str or Path
    advice : str
        What a user may do where something else has the name.

    Raises
    ------
    ConfigurationError
        Something else has the name or that of a parent, or no file can be made there.
    """
    nearest = _nearest(path, advice)
    try:
        with suppress(FileNotFoundError):
            os.stat(path)  # refuses a name that is too long
        _try_file(nearest)
    except OSError as error:
        raise cannot_be_written(path, error) from error
    return Path(path)


def _nearest(path: str | Path, advice: str) -> Path:
    """Return the path, or the nearest above it where something stands; NotWrittenError where that is no folder."""
    whole = Path(os.path.abspath(path))
    nearest = next(one for one in (whole, *whole.parents) if os.path.lexists(one))  # unlike Path's, it takes any name
    if not os.path.isdir(nearest):
        what = "a device or a pipe" if os.path.exists(nearest) else "a symbolic link that leads nowhere"
        what = "a file" if os.path.isfile(nearest) else what
        shown = nearest if os.path.isabs(path) else os.path.relpath(nearest)
        raise NotWrittenError(f"is {what}, not a folder; {advice}", file=str(shown))
    return nearest


def _try_file(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder):
        pass


@contextmanager
def folder_written_aside(path: str | Path, writer: str = "") -> Iterator[Path]:
    """Yield an empty folder beside ``path`` that takes its name once everything in it is on disk.

    A folder that was there is replaced, and stays until the new one is whole. What an interrupted writer left behind
    is put right when it writes again; where several may write the same folder at once, each needs a ``writer`` name of
    its own.

    Raises
    ------
    ConfigurationError
        The path has no name of its own, or what stands there is a file or a symbolic link; or the system refuses to
        write, as where no space is left.
    """
    target = Path(path)
    _refuse_no_folder(target)
    stem = f".{target.name}{f'.{writer}' if writer else ''}"
    former = target.parent / f"{stem}.old"
    if former.exists() and not target.exists():
        former.replace(target)
    aside = _empty_aside(target.parent, f"{stem}.part")
    try:
        with named_refusals(path):
            yield aside
            _sync(aside)
            _replace_folder(target, aside, former)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _refuse_no_folder(target: Path) -> None:
    """Raise ConfigurationError where a folder cannot take this name."""
    if target.name in ("", ".."):
        raise NotWrittenError("is no name that a new folder can take; give the folder by its name", file=str(target))
    if target.is_symlink():
        raise NotWrittenError("is a symbolic link; give the folder that it leads to", file=str(target))
    if target.exists() and not target.is_dir():
        raise NotWrittenError("is a file, not a folder; choose another name", file=str(target))


def _replace_folder(target: Path, new: Path, former: Path) -> None:
    """Give the new folder its name; the one that has it stands under ``former`` meanwhile."""
    shutil.rmtree(former, ignore_errors=True)
    if target.exists():
        target.replace(former)
    try:
        new.replace(target)
    except OSError:
        if former.exists():
            former.replace(target)
        raise
    shutil.rmtree(former, ignore_errors=True)


@contextmanager
def files_written_aside(folder: str | Path, known: Sequence[str] = ()) -> Iterator[Path]:
    """Yield an empty folder inside ``folder`` whose files move into it, each whole, once all are on disk.

    Files that match one of the ``known`` patterns and were not written then go: a reader would take them for part of
    what was. Other files of the folder stay; the folder is created where it is missing.
    """
    target = make_folder(folder)
    aside = _empty_aside(target, f".{os.getpid()}.part")
    try:
        with named_refusals(folder):
            yield aside
            _sync(aside)
            _move_files(aside, target, known)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _move_files(aside: Path, target: Path, known: Sequence[str]) -> None:
    written = {file.name: file for file in sorted(aside.iterdir())}
    for name, file in written.items():
        file.replace(target / name)
    for stale in [file for pattern in known for file in target.glob(pattern)]:
        if str(stale.relative_to(target)) not in written and not stale.is_dir():
            stale.unlink(missing_ok=True)


def _empty_aside(parent: Path, name: str) -> Path:
    aside = parent / name
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
    except OSError as error:
        raise cannot_be_written(parent, error) from error
    return aside


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
