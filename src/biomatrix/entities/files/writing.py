"""Writing of files: each takes its name once it is complete; what is no regular file is written where it stands."""

from __future__ import annotations

import errno
import gzip
import io
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from biomatrix.errors import BioMatrixError, ConfigurationError

_SHOWN_NAME: Final = 40
"""The most characters of a file's name in that of its temporary file, which may be no longer than 255 bytes."""
_MOST_LINKS: Final = 40
"""The most symbolic links that one name may lead through, as in Linux."""
_DESCRIPTORS: Final = re.compile(r"/dev/fd|/proc/(?P<process>\d+)(/task/\d+)?/fd")
_REFUSALS: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG}
)
"""What the system says where a disk or its permissions, and not the program, are at fault."""
_NO_FILES: Final = {
    stat.S_IFDIR: "is a folder, not a file; give the name of a file",
    stat.S_IFBLK: "is a disk or another block device, whose content would be lost; give the name of a file",
    stat.S_IFSOCK: "is a socket, not a file; give the name of a file",
}


class NotWrittenError(ConfigurationError):
    """A file or folder that cannot be written, whatever is to stand in it."""


@dataclass(frozen=True)
class Place:
    """Where the bytes of a file go.

    Parameters
    ----------
    path : Path
        The file, with every symbolic link followed.
    state : os.stat_result, optional
        Of what stands there; None where nothing does.
    descriptor : int, optional
        The open file that the path stands for, as ``/dev/stdout`` does.
    """

    path: Path
    state: os.stat_result | None = None
    descriptor: int | None = None

    @property
    def in_place(self) -> bool:
        """Whether the bytes go where something stands already: a device, a pipe, an open file."""
        return self.descriptor is not None or (self.state is not None and not stat.S_ISREG(self.state.st_mode))


def place_of(path: str | Path) -> Place:
    """Return where a file of this name is written.

    Raises
    ------
    ConfigurationError
        No file can be written there: a folder, a disk or a socket stands there, a file that may not be written, or the
        folder that should hold the file is missing.
    """
    try:
        descriptor = _descriptor_of(path)
        target = Path(os.path.realpath(path))
        if descriptor is not None:
            return Place(target, descriptor=descriptor)
        return Place(target, _state_of(target, path))
    except OSError as error:
        raise cannot_be_written(path, error) from error


def check_writable(path: str | Path) -> Place:
    """Return where a file of this name is written, once it is sure that one can begin; nothing changes.

    Raises
    ------
    ConfigurationError
        See :func:`place_of`; or no file can be made in the folder, as on a disk that is only read.
    """
    place = place_of(path)
    if not place.in_place:
        descriptor, temporary = _open_beside(place, path)
        os.close(descriptor)
        temporary.unlink(missing_ok=True)
    return place


@contextmanager
def write_atomically(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside ``path`` that takes its name once it is complete; gzipped where it ends in .gz.

    A symbolic link stays, and the file it leads to is replaced. A file that was there hands its permissions on. What
    is no regular file, such as a device, a pipe or ``/dev/stdout``, is written where it stands. The gzipped bytes
    carry no time stamp, so the same content gives the same file.

    Raises
    ------
    ConfigurationError
        See :func:`place_of`; or the system refuses to write, as where no space is left. Nothing half-written stays.
    """
    place = place_of(path)
    with _written_in_place(place, path) if place.in_place else _written_aside(place, path) as raw:
        if Path(path).name.lower().endswith(".gz"):
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
                yield packed  # type: ignore[misc]
        else:
            yield raw


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file in one go; it takes its name once it is complete."""
    with write_atomically(path) as stream:
        stream.write(content)


def cannot_be_written(path: str | Path, error: OSError) -> NotWrittenError:
    """Return the error of a file or folder that the system refuses to write."""
    return NotWrittenError(f"cannot be written: {error.strerror or error}", file=str(path))


@contextmanager
def named_refusals(path: str | Path) -> Iterator[None]:
    """Name the file or folder where the system refuses to write inside the block, as on a disk that is full.

    For blocks that write by the functions of others: errors of Rust libraries carry the system's number in words.
    """
    try:
        yield
    except BioMatrixError:
        raise
    except Exception as error:
        number = error.errno if isinstance(error, OSError) else _number_in(str(error))
        if number not in _REFUSALS:
            raise
        raise cannot_be_written(path, OSError(number, os.strerror(number))) from error


def _number_in(words: str) -> int | None:
    found = re.search(r"\(os error (\d+)\)", words)
    return int(found[1]) if found else None


class _Output(io.FileIO):
    """An open file that says its name where the system refuses to write; a pipe that nobody reads stays what it is."""

    def __init__(self, descriptor: int, label: str | Path) -> None:
        super().__init__(descriptor, "wb")
        self._label = label

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise cannot_be_written(self._label, error) from error


@contextmanager
def _written_aside(place: Place, label: str | Path) -> Iterator[IO[bytes]]:
    descriptor, temporary = _open_beside(place, label)
    try:
        with _Output(descriptor, label) as raw:
            stream = io.BufferedWriter(raw)
            yield stream
            stream.flush()
            _do(os.fsync, descriptor, label)
        _do(temporary.replace, place.path, label)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _written_in_place(place: Place, label: str | Path) -> Iterator[IO[bytes]]:
    try:
        if place.descriptor is not None:
            descriptor = os.dup(place.descriptor)
        else:
            descriptor = os.open(place.path, os.O_WRONLY | os.O_CLOEXEC)
    except OSError as error:
        raise cannot_be_written(label, error) from error
    with _Output(descriptor, label) as raw:
        raw.write(b"")  # a full device, or a file that is open for reading alone, refuses even this
        stream = io.BufferedWriter(raw)
        yield stream
        stream.flush()


def _open_beside(place: Place, label: str | Path) -> tuple[int, Path]:
    """Open a temporary file with the permissions that the file at its place has, or that any new file has."""
    name = f".{place.path.name[:_SHOWN_NAME]}.{secrets.token_hex(4)}.part"
    temporary = place.path.parent / name
    try:
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600 if place.state else 0o666
        )
    except OSError as error:
        raise cannot_be_written(label, error) from error
    if place.state is not None:
        with suppress(OSError):  # only the owner and root may; the file is whole all the same
            os.fchown(descriptor, place.state.st_uid, place.state.st_gid)
        with suppress(OSError):
            os.fchmod(descriptor, stat.S_IMODE(place.state.st_mode))
    return descriptor, temporary


def _do(action: Any, argument: object, label: str | Path) -> None:
    try:
        action(argument)
    except OSError as error:
        raise cannot_be_written(label, error) from error


def _state_of(target: Path, path: str | Path) -> os.stat_result | None:
    """Return the state of what stands at a place; raise where no file can be written there."""
    try:
        state = os.stat(target)
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise NotWrittenError(f"there is no folder {target.parent} to write it in", file=str(path)) from None
        return None
    except NotADirectoryError:
        raise NotWrittenError("cannot be written: a file stands where its folder should", file=str(path)) from None
    refusal = _NO_FILES.get(stat.S_IFMT(state.st_mode))
    if refusal is not None:
        raise NotWrittenError(refusal, file=str(path))
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "the file may not be written, by its permissions")
    return state


def _descriptor_of(path: str | Path) -> int | None:
    """Return the open file that a path such as ``/dev/stdout`` or ``/dev/fd/3`` stands for.

    Opened by its name, a regular file behind it would be written from its beginning, over what is there.
    """
    current = os.path.abspath(path)
    for _ in range(_MOST_LINKS):
        folder, name = os.path.split(current)
        place = _DESCRIPTORS.fullmatch(os.path.realpath(folder))
        if place and name.isdecimal() and place["process"] in (None, str(os.getpid())):
            return int(name)
        if not os.path.islink(current):
            return None
        current = os.path.join(folder, os.readlink(current))
    return None
