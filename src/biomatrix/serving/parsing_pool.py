"""Outside text read in processes of their own, which a bomb, a hang or a crash may cost, but not the server.

A nursery process imports the parsers once and forks workers from itself, so a worker that is ended is replaced in
milliseconds. What comes back is JSON and the bytes that kinds keep entities as, never a pickle.
"""

from __future__ import annotations

import queue
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from biomatrix import errors
from biomatrix.entities.check import Check
from biomatrix.entities.stopping import POLL_SECONDS, check_stop
from biomatrix.errors import BioMatrixError, BusyError, LimitError, ParseError
from biomatrix.serving.limits import ServingLimits, seconds_past
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


class _Lane:
    """The workers for one sort of work, so that reading need not wait for what is computed.

    Parameters
    ----------
    limit : str
        The name of the limit of its time.
    doing : str
        What it does, in words.
    seconds : float
        How long one piece of work may take, and wait.
    workers : int
    """

    def __init__(self, limit: str, doing: str, seconds: float, workers: int) -> None:
        self.limit, self.doing, self.seconds = limit, doing, seconds
        self.slots: queue.Queue[_Worker | None] = queue.Queue()
        for _ in range(workers):
            self.slots.put(None)  # a place whose worker is forked when it is first used

    def take(self) -> _Worker | None:
        """Return a worker, None for one to be forked; BusyError where none is free in time."""
        deadline = time.monotonic() + self.seconds
        while True:
            check_stop()
            try:
                return self.slots.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if time.monotonic() >= deadline:
                    message = f"every process for {self.doing} is busy; ask again a little later"
                    raise BusyError(message, retry_after=2.0) from None


class ParsingPool:
    """A :class:`~biomatrix.serving.service.Parser` in worker processes; many threads may use one.

    Parameters
    ----------
    limits : ServingLimits
    workers : int
        How many texts are read at once; as many more compute.
    watch : callable, optional
        Called with the seconds of each reading, and the reason where a worker was ended.
    """

    def __init__(
        self, limits: ServingLimits, workers: int = 2, watch: Callable[[float, str | None], None] | None = None
    ) -> None:
        self._limits = limits
        self._watch = watch
        self._nursery = Nursery()
        self._readers = _Lane("parse_seconds", "reading", limits.parse_seconds, workers)
        self._computers = _Lane("compute_seconds", "computing", limits.compute_seconds, workers)

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
        self._ask({"what": "constraint"}, _bytes(text), self._readers)

    def write(self, entity: Entity, file_format: str) -> bytes:
        """Return a large entity as a file, where laying it out may take its time; raises as :meth:`read` does."""
        return self._ask({"what": "write", "format": file_format}, entity, self._readers)[1][0]

    def completed(self, entity: Entity, seed: int = 0) -> tuple[Entity, str]:
        """Return an entity with computed coordinates, if there is a way, and how, in words.

        Raises
        ------
        LimitError
            It took too long or too much memory.
        """
        from biomatrix.entities.kind_registry import kind_of

        told, blobs = self._ask({"what": "complete", "seed": seed}, entity, self._computers)
        return kind_of(entity).from_bytes(blobs[0], entity.name), str(told["how"])

    def further_checks(self, entity: Entity) -> list[Check]:
        """Return the checks of an entity that take seconds; raises as :meth:`completed` does."""
        told, _ = self._ask({"what": "check"}, entity, self._computers)
        return [Check(**one) for one in told["checks"]]

    def wait_until_ready(self) -> None:
        """Return once the parsers are imported and a worker has been forked."""
        worker = self._readers.take()
        try:
            worker = worker or self._fork()
        finally:
            self._readers.slots.put(worker)

    def close(self) -> None:
        """End the nursery and its workers."""
        self._nursery.close()
        for lane in (self._readers, self._computers):
            while not lane.slots.empty():
                worker = lane.slots.get()
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

        told, blobs = self._ask(asked, content, self._readers)
        listed = list(told.get("entities", ()))
        if not listed:
            raise ParseError("it holds no record")
        return [kind(one["kind"]).from_bytes(blob, one["name"]) for one, blob in zip(listed, blobs, strict=True)]

    def _ask(self, asked: dict[str, Any], about: bytes | Entity, lane: _Lane) -> tuple[dict[str, Any], list[bytes]]:
        """Return what a worker answers about bytes or an entity.

        A worker that does not answer in time, or dies, or whose answer nobody waits for any more, is replaced.
        """
        from biomatrix.entities.kind_registry import kind_of

        if not isinstance(about, bytes):
            asked = {**asked, "kind": about.kind, "name": about.name}
        content = about if isinstance(about, bytes) else kind_of(about).to_bytes(about)
        worker = lane.take()
        began, reason = time.monotonic(), None
        try:
            worker = worker or self._fork()
            began = time.monotonic()
            deadline = began + lane.seconds
            try:
                worker.sock.settimeout(lane.seconds)
                send_frame(worker.sock, {**asked, "seconds": lane.seconds}, [content])
                _await_answer(worker.sock, deadline)
                told, blobs = receive_frame(worker.sock, deadline, self._limits.parse_bytes)
            except (BrokenFrameError, OSError) as error:
                reason = "too slow" if time.monotonic() >= deadline else "died"
                raise self._lost(reason, lane, time.monotonic() - began) from error
            except BaseException:
                reason = "stopped"
                raise
            worker.uses += 1
            if told.get("error") == "memory":
                reason = "memory"
                raise self._lost(reason, lane, time.monotonic() - began)
            if "error" in told:
                raise _error_of(told)
            return told, blobs
        finally:
            if worker is not None and (reason is not None or worker.uses >= _USES):
                self._end(worker)
                worker = None
            lane.slots.put(worker)
            if self._watch is not None:
                self._watch(time.monotonic() - began, reason)

    def _lost(self, reason: str, lane: _Lane, taken: float) -> LimitError:
        seconds, memory, what = lane.seconds, self._limits.parse_bytes, lane.doing
        if reason == "too slow":
            message = f"{what} it took longer than this server's limit of {seconds:g} s; send a smaller part of it"
            return LimitError(message, limit=lane.limit, actual=seconds_past(taken, seconds), allowed=seconds)
        message = f"{what} it took more than this server's limit of {memory:,} bytes of memory, or ended the reader"
        return LimitError(f"{message}; send a smaller part of it", limit="parse_bytes", allowed=memory)

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


def _await_answer(sock: socket.socket, deadline: float) -> None:
    """Return once a worker begins to answer; raise what :func:`check_stop` raises where nobody waits any more."""
    while True:
        check_stop()
        left = deadline - time.monotonic()
        if left <= 0:
            raise BrokenFrameError("too late")
        sock.settimeout(min(left, POLL_SECONDS))
        with suppress(TimeoutError):
            sock.recv(1, socket.MSG_PEEK)
            return


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
