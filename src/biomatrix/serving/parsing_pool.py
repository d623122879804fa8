"""Outside text read in processes of their own, which a bomb, a hang or a crash may cost, but not the server.

A nursery process imports the parsers once and forks workers from itself, so a worker that is ended is replaced in
milliseconds. What comes back is JSON and the bytes that kinds keep entities as, never a pickle.
"""

from __future__ import annotations

import queue
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from biomatrix import errors
from biomatrix.errors import BioMatrixError, BusyError, LimitError, ParseError
from biomatrix.serving.limits import ServingLimits
from biomatrix.serving.parsing_frames import BrokenFrameError, receive_frame, send_frame
from biomatrix.serving.parsing_nursery import Nursery

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity

_USES: Final = 500
"""Requests after which a worker is replaced, so that what readers leak does not add up."""
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
        self._nursery = Nursery()
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
        self._nursery.close()
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
            pid = self._nursery.fork(theirs)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        send_frame(ours, {"limits": asdict(self._limits)})
        return _Worker(pid, ours)

    def _end(self, worker: _Worker) -> None:
        worker.sock.close()
        self._nursery.end(worker.pid)


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
