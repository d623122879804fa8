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
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from biomatrix.errors import BioMatrixError
from biomatrix.serving.limits import ServingLimits
from biomatrix.serving.parsing_frames import BrokenFrameError, receive_frame, send_frame

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.registration import Kind
    from biomatrix.serving.parsing import ReaderLimits

FORK, END = b"f", b"e"
READY = b"r"
PID: Final = struct.Struct("!q")
_SLACK: Final = 2.0
"""Seconds of processor time beyond the wall-clock limit, at which the system ends a worker that nobody watches."""
_MANY_BYTES: Final = 1 << 30
_OPEN_FILES: Final = 64
_FIRST_TO_END: Final = "1000"
"""What tells Linux to end this process before any other, the server above all, where memory runs short."""


def main(number: int) -> None:
    """Import the parsers, say so, and fork workers until the server has gone."""
    with socket.socket(fileno=number) as control:
        _import_parsers()
        control.sendall(READY)
        _read_tables()  # what comes meanwhile waits; the server may say that it is ready before
        while True:
            order, given, _, _ = socket.recv_fds(control, 1, 1)
            if not order:
                return  # workers see that their own sockets are closed
            if order == FORK and given:
                control.sendall(PID.pack(_fork(control, given[0])))
            elif order == END:
                _end(PID.unpack(control.recv(PID.size, socket.MSG_WAITALL))[0])


def _import_parsers() -> None:
    """Import what reading needs, by reading nothing in every way that there is."""
    from biomatrix.entities.kind_registry import kinds
    from biomatrix.generation.constraint_registry import constraint_class, constraint_names
    from biomatrix.serving.parsing import reader_limits

    limits = reader_limits(ServingLimits())
    for one in kinds():
        with suppress(BioMatrixError):
            one.parse("", limits=limits)
        for form in one.formats:
            with suppress(BioMatrixError):
                list(one.read(os.devnull, form.name, limits=limits))
    for name in constraint_names():
        constraint_class(name)


def _read_tables() -> None:
    """Read nonsense as every kind: what tells sense from it, such as a table of genes, then lies in every worker.

    Nothing of it may start a thread, for this process forks.
    """
    from biomatrix.entities.kind_registry import kinds

    for one in kinds():
        with suppress(Exception):  # of a kind from elsewhere too: nothing that it raises may end the nursery
            one.parse("?")


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
    limits = ServingLimits(**settings["limits"])
    _limit(limits.parse_bytes)
    while True:
        asked, blobs = receive_frame(sock)
        _wind_up(float(asked["seconds"]))
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
    """Limit what this process takes beyond what it was born with: tables and libraries, which all workers share."""
    with suppress(OSError), open("/proc/self/statm", encoding="ascii") as file:
        memory += int(file.read().split()[0]) * resource.getpagesize()
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_FSIZE, _MANY_BYTES),
    ):
        resource.setrlimit(what, (most, most))
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write(_FIRST_TO_END)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the group; the server ends its workers itself


def _wind_up(seconds: float) -> None:
    """Let the system end this process where a request takes much longer than it may, even if the server has gone."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + seconds + _SLACK) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 2 * seconds + _SLACK)


def _answer(asked: dict[str, Any], blobs: Sequence[bytes], limits: ServingLimits) -> tuple[dict[str, Any], list[bytes]]:
    from biomatrix.entities.kind_registry import kind, kind_of
    from biomatrix.serving.parsing import reader_limits

    if asked["what"] == "constraint":
        from biomatrix.generation.constraint_registry import parse_constraint
        from biomatrix.serving.wishes import refuse_file

        refuse_file(blobs[0].decode())
        parse_constraint(blobs[0].decode())
        return {}, []
    if asked["what"] in ("write", "complete", "check"):
        owner = kind(asked["kind"])
        return _computed(owner, owner.from_bytes(blobs[0], asked["name"]), asked)
    if asked["what"] == "parse":
        entities = [kind(asked["kind"]).parse(blobs[0].decode(), limits=reader_limits(limits))]
    else:
        entities = _read(blobs[0], asked["format"], asked["kind"], reader_limits(limits))
    told = [{"kind": one.kind, "name": one.name} for one in entities]
    return {"entities": told}, [kind_of(one).to_bytes(one) for one in entities]


def _computed(owner: Kind, entity: Entity, asked: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Return an entity as a file, with coordinates, or the checks of it that take seconds."""
    from biomatrix.entities.samples import Sample

    if asked["what"] == "write":
        return {}, [owner.sample_bytes([Sample(entity, 1)], asked["format"])]
    if asked["what"] == "complete":
        whole, how = owner.completed(entity, asked["seed"])
        return {"how": how}, [owner.to_bytes(whole)]
    return {"checks": [asdict(one) for one in owner.further_checks(entity)]}, []


def _read(content: bytes, file_format: str, kind: str | None, limits: ReaderLimits) -> list[Entity]:
    """Return the records of a file, which lies in memory alone, under a name nobody chose.

    Raises
    ------
    BioMatrixError
        A record is broken, or a limit is; the error names the record.
    """
    from biomatrix.entities.records import read_entities
    from biomatrix.entities.rejects import Reject

    entities: list[Entity] = []
    number = os.memfd_create("given")
    path = f"/proc/self/fd/{number}"
    try:
        with open(number, "wb", closefd=False) as file:
            file.write(content)
        for entry in read_entities(path, kind=kind, file_format=file_format, limits=limits):
            if isinstance(entry, Reject):
                error = limits.broken[-1] if limits.broken else entry.as_error()
                error.message = error.message.replace(path, "the file")
                raise error.at(record=entry.record, position=entry.position)
            entities.append(entry)
            limits.check("records", len(entities), "number of records")
    finally:
        os.close(number)
    return entities


def _described(error: BioMatrixError) -> dict[str, Any]:
    """Return an error as JSON, without the name of the file, which is the worker's own."""
    names = ("message", "record", "position", "limit", "actual", "allowed")
    return {"error": type(error).__name__, **{name: getattr(error, name, None) for name in names}}


if __name__ == "__main__":
    main(int(sys.argv[1]))
