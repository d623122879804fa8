"""The processes that read outside text: a nursery that imports the parsers once, and the workers it forks.

Run as ``python -m biomatrix.serving.parsing_worker FD``. The server asks the nursery over the socket ``FD`` for a
worker, handing it one end of a socket pair, or to end one. A worker limits its own memory, processor time and files
before it reads anything, so what a file makes it do costs one worker. The nursery reads nothing but the server's own
few bytes.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from biomatrix.errors import BioMatrixError, LimitError
from biomatrix.serving.parsing_frames import BrokenFrameError, receive_frame, send_frame

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.limits import Limits

FORK, END = b"f", b"e"
READY = b"r"
PID: Final = struct.Struct("!q")
_SLACK: Final = 2.0
"""Seconds of processor time beyond the wall-clock limit, at which the system ends a worker that nobody watches."""
_MANY_BYTES: Final = 1 << 30
_OPEN_FILES: Final = 64


def main(number: int) -> None:
    """Import the parsers, say so, and fork workers until the server has gone."""
    with socket.socket(fileno=number) as control:
        _import_parsers()
        control.sendall(READY)
        while True:
            order, given, _, _ = socket.recv_fds(control, 1, 1)
            if not order:
                return  # workers see that their own sockets are closed
            if order == FORK and given:
                control.sendall(PID.pack(_fork(control, given[0])))
            elif order == END:
                _end(PID.unpack(control.recv(PID.size, socket.MSG_WAITALL))[0])


def _import_parsers() -> None:
    """Import what reading needs, by reading one example of each kind."""
    from biomatrix.entities.kind_registry import kinds

    for one in kinds():
        for example in one.examples()[:1]:
            one.from_bytes(one.to_bytes(example.entity))
            one.text(example.entity)


def _fork(control: socket.socket, number: int) -> int:
    pid = os.fork()
    if pid:
        os.close(number)
        return pid
    try:
        control.close()
        with socket.socket(fileno=number) as sock:
            _serve(sock)
    except (BrokenFrameError, OSError):
        pass  # the server has gone
    finally:
        os._exit(0)


def _end(pid: int) -> None:
    """End a worker and take its exit status; until then its number cannot be another process's."""
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def _serve(sock: socket.socket) -> None:
    settings, _ = receive_frame(sock)
    _limit(int(settings["memory"]))
    seconds = float(settings["seconds"])
    limits = _WorkerLimits.of(settings["limits"])
    while True:
        asked, blobs = receive_frame(sock)
        _wind_up(seconds)
        try:
            told, parts = _answer(asked, blobs, limits)
        except BioMatrixError as error:
            told, parts = _described(error), []
        except MemoryError:
            told, parts = {"error": "memory"}, []
        except RecursionError:
            told, parts = {"error": "ParseError", "message": "it is nested too deeply to be read"}, []
        except Exception as error:  # noqa: BLE001  # a fault of a reader is the sender's to know, and costs one request
            told, parts = {"error": "ParseError", "message": f"it cannot be read ({type(error).__name__})"}, []
        signal.setitimer(signal.ITIMER_REAL, 0)
        send_frame(sock, told, parts)


def _limit(memory: int) -> None:
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_FSIZE, _MANY_BYTES),
    ):
        resource.setrlimit(what, (most, most))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the group; the server ends its workers itself


def _wind_up(seconds: float) -> None:
    """Let the system end this process where a request takes much longer than it may, even if the server has gone."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + seconds + _SLACK) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 2 * seconds + _SLACK)


def _answer(asked: dict[str, Any], blobs: Sequence[bytes], limits: _WorkerLimits) -> tuple[dict[str, Any], list[bytes]]:
    from biomatrix.entities.kind_registry import kind, kind_of

    if asked["what"] == "constraint":
        from biomatrix.generation.constraint_registry import parse_constraint

        parse_constraint(blobs[0].decode())
        return {}, []
    rejects: list[dict[str, Any]] = []
    if asked["what"] == "parse":
        entities = [kind(asked["kind"]).parse(blobs[0].decode(), limits=limits.readers)]
    else:
        entities, rejects = _read(blobs[0], asked["format"], asked["kind"], limits)
    told = [{"kind": one.kind, "name": one.name} for one in entities]
    return {"entities": told, "rejects": rejects}, [kind_of(one).to_bytes(one) for one in entities]


def _read(
    content: bytes, file_format: str, kind: str | None, limits: _WorkerLimits
) -> tuple[list[Entity], list[dict[str, Any]]]:
    """Return the records of a file and its rejects. The file lies in memory alone, under a name nobody chose."""
    from biomatrix.entities.records import read_entities
    from biomatrix.entities.rejects import Reject

    entities: list[Entity] = []
    rejects: list[dict[str, Any]] = []
    number = os.memfd_create("given")
    try:
        with open(number, "wb", closefd=False) as file:
            file.write(content)
        for entry in read_entities(
            f"/proc/self/fd/{number}", kind=kind, file_format=file_format, limits=limits.readers
        ):
            limits.readers.check("records", len(entities) + len(rejects) + 1, "the number of records")
            if isinstance(entry, Reject):
                rejects.append(_described(entry.as_error()))
            else:
                entities.append(entry)
    finally:
        os.close(number)
    if not entities and rejects:
        return [], rejects[:1]
    return entities, rejects


def _described(error: BioMatrixError) -> dict[str, Any]:
    """Return an error as JSON, without the name of the file, which is the worker's own."""
    return {
        "error": type(error).__name__,
        "message": error.message,
        "record": error.record,
        "position": error.position,
        "limit": getattr(error, "limit", None),
        "actual": getattr(error, "actual", None),
        "allowed": getattr(error, "allowed", None),
    }


@dataclass(frozen=True)
class _WorkerLimits:
    """The server's limits as readers take them."""

    readers: Limits

    @classmethod
    def of(cls, table: dict[str, int]) -> _WorkerLimits:
        from biomatrix.entities.limits import Limits

        class ServedLimits(Limits):
            """Readers' limits whose messages speak to somebody who cannot change them."""

            def check(self, limit: str, value: int, what: str) -> None:
                allowed = int(getattr(self, limit))
                if value > allowed:
                    message = f"{what} is {value:,}, past this server's limit of {allowed:,}"
                    raise LimitError(message, limit=limit, actual=value, allowed=allowed)

        return cls(ServedLimits(**table))


if __name__ == "__main__":
    main(int(sys.argv[1]))
