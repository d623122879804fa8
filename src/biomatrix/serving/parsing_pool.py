"""Outside text read in processes of their own, which a bomb, a hang or a crash may cost, but not the server.

A nursery process imports the parsers once and forks workers from itself, so a worker that is ended is replaced in
milliseconds. What comes back is JSON and the bytes that kinds keep entities as, never a pickle.
"""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from biomatrix import errors
from biomatrix.errors import BioMatrixError, BusyError, ConfigurationError, LimitError, ParseError
from biomatrix.serving.limits import ServingLimits
from biomatrix.serving.parsing_frames import BrokenFrameError, receive_frame, send_frame
from biomatrix.serving.parsing_worker import END, FORK, PID, READY

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity

_KEPT_VARIABLES: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "BIOMATRIX_KINDS")
"""What of the environment parsers see: no key and no token is among it."""
_USES: Final = 500
"""Requests after which a worker is replaced, so that what readers leak does not add up."""
_START_SECONDS: Final = 60.0
_ERRORS: Final = {
    name: value
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, BioMatrixError) and value is not BusyError
}


@dataclass
class _Worker:
    pid: int
    sock: socket.socket
    uses: int = 0


class ParsingPool:
    """A :class:`~biomatrix.serving.service.Parser` in worker processes; many threads may use one.

    Parameters
    ----------
    limits : ServingLimits
    workers : int
        How many texts are read at once.
    watch : callable, optional
        Called with the seconds of each reading, and the reason where a worker was ended.
    """

    def __init__(
        self, limits: ServingLimits, workers: int = 2, watch: Callable[[float, str | None], None] | None = None
    ) -> None:
        self._limits = limits
        self._watch = watch
        self._slots: queue.Queue[_Worker | None] = queue.Queue()
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        command = [sys.executable, "-m", "biomatrix.serving.parsing_worker", str(theirs.fileno())]
        self._nursery = subprocess.Popen(
            command, env=_environment(), pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        theirs.close()
        self._ready = False
        for _ in range(workers):
            self._slots.put(None)  # a place whose worker is forked when it is first used

    def read(self, content: bytes, file_format: str, kind: str | None = None) -> Sequence[Entity]:
        """Return the entities of a file's content, in order.

        Raises
        ------
        BioMatrixError
            It holds none, a record is broken, or reading it took too long or too much memory.
        """
        self._limits.check("request_bytes", len(content), "the size of the file in bytes")
        return self._entities({"what": "read", "format": file_format, "kind": kind}, content)

    def parse(self, text: str, kind: str) -> Entity:
        """Return what a person typed for a kind; raises as :meth:`read` does."""
        self._limits.check("text_characters", len(text), "the number of characters")
        return self._entities({"what": "parse", "kind": kind}, _bytes(text))[0]

    def try_constraint(self, text: str) -> None:
        """Read a constraint, such as ``scaffold=c1ccccc1``, where it can do no harm; raises as :meth:`read` does."""
        self._ask({"what": "constraint"}, _bytes(text))

    def write(self, entity: Entity, file_format: str) -> bytes:
        """Return a large entity as a file, where laying it out may take its time; raises as :meth:`read` does."""
        from biomatrix.entities.kind_registry import kind_of

        asked = {"what": "write", "kind": entity.kind, "name": entity.name, "format": file_format}
        return self._ask(asked, kind_of(entity).to_bytes(entity))[1][0]

    def wait_until_ready(self) -> None:
        """Return once the parsers are imported and a worker has been forked."""
        worker = self._take()
        try:
            worker = worker or self._fork()
        finally:
            self._slots.put(worker)

    def close(self) -> None:
        """End the nursery and its workers."""
        self._control.close()
        self._nursery.kill()
        self._nursery.wait()
        while True:
            try:
                worker = self._slots.get_nowait()
            except queue.Empty:
                return
            if worker is not None:
                worker.sock.close()  # at which an idle worker ends; a busy one ends by its own clock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _entities(self, asked: dict[str, Any], content: bytes) -> Sequence[Entity]:
        from biomatrix.entities.kind_registry import kind

        told, blobs = self._ask(asked, content)
        listed = list(told.get("entities", ()))
        if not listed:
            raise ParseError("it holds no record")
        return [kind(one["kind"]).from_bytes(blob, one["name"]) for one, blob in zip(listed, blobs, strict=True)]

    def _ask(self, asked: dict[str, Any], content: bytes) -> tuple[dict[str, Any], list[bytes]]:
        """Return what a worker answers; a worker that does not answer in time, or dies, is replaced."""
        worker = self._take()
        began, reason = time.monotonic(), None
        try:
            worker = worker or self._fork()
            began = time.monotonic()
            deadline = began + self._limits.parse_seconds
            try:
                worker.sock.settimeout(self._limits.parse_seconds)
                send_frame(worker.sock, asked, [content])
                told, blobs = receive_frame(worker.sock, deadline, self._limits.parse_bytes)
            except (BrokenFrameError, OSError) as error:
                reason = "too slow" if time.monotonic() >= deadline else "died"
                raise self._lost(reason) from error
            worker.uses += 1
            if told.get("error") == "memory":
                reason = "memory"
                raise self._lost(reason)
            if "error" in told:
                raise _error_of(told)
            return told, blobs
        finally:
            if worker is not None and (reason is not None or worker.uses >= _USES):
                self._end(worker)
                worker = None
            self._slots.put(worker)
            if self._watch is not None:
                self._watch(time.monotonic() - began, reason)

    def _lost(self, reason: str) -> LimitError:
        seconds, memory = self._limits.parse_seconds, self._limits.parse_bytes
        if reason == "too slow":
            message = f"reading it took longer than this server's limit of {seconds:g} s; send a smaller part of it"
            return LimitError(message, limit="parse_seconds", actual=seconds, allowed=seconds)
        message = f"reading it took more than this server's limit of {memory:,} bytes of memory, or ended the reader"
        return LimitError(f"{message}; send a smaller part of it", limit="parse_bytes", actual=memory, allowed=memory)

    def _take(self) -> _Worker | None:
        try:
            return self._slots.get(timeout=self._limits.parse_seconds)
        except queue.Empty:
            raise BusyError("every reader of files is busy; ask again a little later", retry_after=2.0) from None

    def _fork(self) -> _Worker:
        """Return a new worker."""
        ours, theirs = socket.socketpair()
        try:
            with self._lock:
                self._await_nursery()
                socket.send_fds(self._control, [FORK], [theirs.fileno()])
                (pid,) = PID.unpack(self._control.recv(PID.size, socket.MSG_WAITALL))
        except (OSError, ValueError) as error:
            ours.close()
            raise BusyError("the readers of files have gone; ask again a little later", retry_after=5.0) from error
        finally:
            theirs.close()
        send_frame(ours, {"limits": asdict(self._limits)})
        return _Worker(pid, ours)

    def _await_nursery(self) -> None:
        if not self._ready:
            self._control.settimeout(_START_SECONDS)
            if self._control.recv(1) != READY:
                raise ConfigurationError("the process that reads files did not start; its message stands above")
            self._control.settimeout(None)
            self._ready = True

    def _end(self, worker: _Worker) -> None:
        worker.sock.close()
        with self._lock, suppress(OSError):  # the nursery has gone, and its workers end by their own clocks
            self._control.sendall(END + PID.pack(worker.pid))


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    # one thread each: a process that has threads must not fork
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**kept, **single, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ParseError("not valid Unicode text (a lone surrogate?)", position=error.start + 1) from error


def _error_of(told: dict[str, Any]) -> BioMatrixError:
    """Return the error that a worker describes; of an unknown family, a ParseError."""
    place = {name: told.get(name) for name in ("record", "position")}
    message = str(told.get("message", "it cannot be read"))
    family = _ERRORS.get(str(told.get("error")), ParseError)
    if family is LimitError:
        figures = {name: told.get(name) for name in ("limit", "actual", "allowed")}
        return LimitError(message, **figures, **place)
    return family(message, **place)
