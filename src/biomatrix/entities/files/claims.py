"""Claims: which process works on what, when several processes or machines share one folder.

A claim is a file beside the work, created only where there is none, and touched while its holder lives. A claim that
nobody has touched for the length of a lease is void and may be taken over; so is, at once, that of a process of this
machine that is no more. Ages are differences between times of the file system of the shared folder, so that the clocks
of the machines need not agree.

Claims only avoid double work: two workers that come to hold the same piece (after a holder paused for longer than a
lease) write the same bytes under names of their own, and the first to finish wins.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from biomatrix.errors import ConfigurationError

ENVIRONMENT: Final = "BIOMATRIX_LEASE"
"""The environment variable that holds the lease in seconds; every process over one folder needs the same."""
_LEASE: Final = 120.0
_BEATS_PER_LEASE: Final = 6


def lease_seconds() -> float:
    """Return the seconds for which a claim is valid without being touched."""
    text = os.environ.get(ENVIRONMENT, "")
    try:
        lease = float(text) if text else _LEASE
    except ValueError:
        lease = 0.0
    if not lease > 0:
        raise ConfigurationError(f"{ENVIRONMENT} is {text!r}; give a number of seconds above 0")
    return lease


def claim_path(folder: Path) -> Path:
    """Return the path of the claim to a folder."""
    return folder.with_name(f".{folder.name}.claim")


def shared_now(folder: Path) -> float:
    """Return the time of the file system that holds a folder, in seconds."""
    probe = folder / f".{uuid.uuid4().hex}.clock"
    probe.touch()
    try:
        return probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


def age(path: Path) -> float | None:
    """Return how long ago a path was last touched, in seconds by its own file system; None where it is gone."""
    try:
        touched = path.stat().st_mtime
    except FileNotFoundError:
        return None
    return shared_now(path.parent) - touched


def holder(folder: Path) -> str | None:
    """Return the token of the live claim to a folder, None where there is none."""
    path = claim_path(folder)
    since = age(path)
    return None if since is None or since > lease_seconds() or has_ended(_content(path) or {}) else _token(path)


class Claim:
    """A claim that this process holds; its token is unique and names the holder's temporary folder.

    Parameters
    ----------
    folder : Path
        The folder that is claimed.
    token : str
        A name that no other claim has.
    """

    def __init__(self, folder: Path, token: str) -> None:
        self.folder = folder
        self.token = token
        self.path = claim_path(folder)

    @property
    def held(self) -> bool:
        """Whether this process still holds it: it has not been taken over."""
        return _token(self.path) == self.token

    def touch(self) -> None:
        """Renew the claim, unless it was taken over."""
        if self.held:
            with suppress(FileNotFoundError):
                os.utime(self.path)

    def release(self) -> None:
        """Give the claim up."""
        if self.held:
            self.path.unlink(missing_ok=True)


@contextmanager
def claimed(folder: Path) -> Iterator[Claim | None]:
    """Hold the claim to a folder while the block runs; None where another holds it."""
    claim = take(folder)
    if claim is None:
        yield None
        return
    _HEART.add(claim)
    try:
        yield claim
    finally:
        _HEART.remove(claim)
        claim.release()


class _Touched:
    """A file that is touched while its writer lives; nobody takes it over."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def touch(self) -> None:
        """Renew it, where it is still there."""
        with suppress(FileNotFoundError):
            os.utime(self.path)


@contextmanager
def kept_alive(path: Path) -> Iterator[None]:
    """Touch a file while the block runs, often enough for a lease."""
    touched = _Touched(path)
    _HEART.add(touched)
    try:
        yield
    finally:
        _HEART.remove(touched)


def take(folder: Path) -> Claim | None:
    """Return a new claim to a folder, perhaps in place of one that has run out; None where another one is valid."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    claim = Claim(folder, uuid.uuid4().hex)
    if _create(claim):
        return claim
    token, since = _token(claim.path), age(claim.path)
    if since is not None and since <= lease_seconds() and not has_ended(_content(claim.path) or {}):
        return None
    if since is not None and not _clear(claim, token):
        return None
    return claim if _create(claim) else None


def _clear(claim: Claim, void: str | None) -> bool:
    """Remove the void claim of a token; return False where another process was first.

    Only one of the processes that see it can rename it. A late one may catch the new claim of the first, and puts it
    back.
    """
    aside = claim.path.with_name(f".{claim.folder.name}.{claim.token}.tmp")
    try:
        claim.path.rename(aside)
    except FileNotFoundError:
        return False
    try:
        if _token(aside) == void:
            return True
        with suppress(FileExistsError):
            os.link(aside, claim.path)
        return False
    finally:
        aside.unlink(missing_ok=True)


def _create(claim: Claim) -> bool:
    try:
        handle = os.open(claim.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump({"host": socket.gethostname(), "pid": os.getpid(), "token": claim.token}, stream)
    return True


def _token(path: Path) -> str | None:
    content = _content(path)
    return None if content is None else str(content.get("token", ""))


def _content(path: Path) -> dict[str, Any] | None:
    """Return what a claim says, None where it is gone."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        return {}  # created a moment ago and not yet written, or written by a process that was killed there
    return content


def has_ended(note: dict[str, Any]) -> bool:
    """Return whether the process that wrote a note, its ``host`` and ``pid``, was of this machine and is gone.

    Another machine of the same name would be taken for this one: its work would be done twice, to the same bytes.
    """
    if note.get("host") != socket.gethostname() or not isinstance(note.get("pid"), int):
        return False
    try:
        os.kill(note["pid"], 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


class _Heart:
    """A thread that touches the claims of this process while there are any."""

    def __init__(self) -> None:
        self._claims: set[Claim | _Touched] = set()
        self._lock = threading.Lock()
        self._added = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, claim: Claim | _Touched) -> None:
        with self._lock:
            self._claims.add(claim)
            self._added.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat, name="claims", daemon=True)
                self._thread.start()

    def remove(self, claim: Claim | _Touched) -> None:
        with self._lock:
            self._claims.discard(claim)

    def _beat(self) -> None:
        while True:
            self._added.wait(lease_seconds() / _BEATS_PER_LEASE)
            self._added.clear()
            with self._lock:
                if not self._claims:
                    self._thread = None
                    return
                claims = list(self._claims)
            for claim in claims:
                with suppress(OSError):  # the next beat tries again; the lease allows for several that fail
                    claim.touch()


_HEART: Final = _Heart()
