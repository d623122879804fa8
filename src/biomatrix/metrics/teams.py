"""Work on large sets shared with further processes.

RDKit holds Python's lock nearly all the time, so threads do not share its work. A :class:`Team` is this process and
others that it starts for as long as the team lasts: plain ``python`` processes that are sent the name of a function
and JSON, one part of the work at a time. Nothing is forked (threads of torch may be running) and the program's main
module is not run again, so that a team works as well in a notebook or a script without a guard. An interrupt ends all
of it, and a process whose program is gone ends by itself.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from threading import Lock, Thread
from typing import Any, Final, Self, TypeAlias

from biomatrix.errors import ConfigurationError

log = logging.getLogger(__name__)

WORKERS: Final = "BIOMATRIX_WORKERS"
"""The environment variable that says how many processes at most share the work of a metric; 1 for this one alone."""
_MOST: Final = 8
"""Processes where nobody has said how many: each needs some 150 MB."""
_ALONE: Final = {WORKERS: "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_MOST_DIGITS: Final = 4
_PATIENCE: Final = 60.0
"""Seconds that another process is waited for at least when all else is done, and"""
_PARTS: Final = 20
"""how many times as long as the longest part took here: one that is stopped never answers."""
_START: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.stdin.readline()); "
    "from biomatrix.metrics.teams import serve; serve()"
)

Work: TypeAlias = "Callable[[Sequence[Any]], list[Any]]"
"""A function of a module that takes items and returns as many results, all of what JSON holds (lists, not tuples)."""


def workers_or_default(workers: int | None = None) -> int:
    """Return the number given, else that in the environment, else that of the processors open to this process.

    Raises
    ------
    ConfigurationError
        It is not a positive number.
    """
    stated = os.environ.get(WORKERS) if workers is None else str(workers)
    if stated:
        if not (stated.isascii() and stated.isdigit() and len(stated) <= _MOST_DIGITS and int(stated)):
            raise ConfigurationError(f"workers ({WORKERS}) must be a number from 1, not {stated[:20]!r}")
        return int(stated)
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(processors, _MOST)


class Team:
    """This process, and others that share its work.

    Parameters
    ----------
    items : int
        How much there is to do in all.
    least : int
        How much must be there for each process that is started: one takes about half a second to begin.
    workers : int, optional
        The most processes, this one included; see :func:`workers_or_default`. Results do not depend on it.

    Examples
    --------
    >>> from biomatrix.metrics.smolinstruct.canonical import canonical_components
    >>> with Team(2, least=1000) as team:
    ...     team.map(canonical_components, ["OCC", "C("], size=64)
    ['CCO', None]
    """

    def __init__(self, items: int, least: int, workers: int | None = None) -> None:
        self._others: list[_Other] = []
        self._lock = Lock()
        if not sys.executable or hasattr(sys, "frozen"):  # no Python to start
            return
        for _ in range(min(workers_or_default(workers) - 1, items // least)):
            try:
                self._others.append(_Other())
            except OSError as error:
                log.warning("no further process to share work with: %s", error)
                break

    @property
    def alone(self) -> bool:
        """Whether there are no others."""
        return not self._others

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the other processes."""
        for other in self._others:
            other.end()

    def map(self, work: Work, items: Collection[Any], size: int) -> list[Any]:
        """Return the results of some work on items, in their order.

        Parameters
        ----------
        work : Work
        items : collection
        size : int
            Items that are worked on at once, wherever it is: the parts are the same for every number of processes.
        """
        if self.alone:
            return self._map(work, list(items), size)
        with self._lock:  # of two threads, one after the other: each of the others is asked one thing at a time
            return self._map(work, list(items), size)

    def _map(self, work: Work, listed: list[Any], size: int) -> list[Any]:
        parts = [listed[begin : begin + size] for begin in range(0, len(listed), size)]
        waiting, found = deque(range(len(parts))), dict[int, list[Any]]()
        threads = [
            Thread(target=other.take, args=(work, parts, waiting, found), daemon=True)
            for other in self._others[: len(parts) - 1 if parts else 0]
        ]
        for thread in threads:
            thread.start()
        longest = 0.0
        for place in _taken(waiting):
            begun = time.monotonic()
            found[place] = work(parts[place])
            longest = max(longest, time.monotonic() - begun)
        patient_until = time.monotonic() + max(_PATIENCE, _PARTS * longest)
        for other, thread in zip(self._others, threads, strict=False):
            thread.join(max(patient_until - time.monotonic(), 0.0))
            if thread.is_alive():
                other.give_up()
                thread.join()
        # What another process could not do is done here, so that errors are those of the work itself.
        return [result for place, part in enumerate(parts) for result in found.get(place) or work(part)]


def _taken(waiting: deque[int]) -> Iterator[int]:
    """Yield the places that nobody has taken."""
    while True:
        try:
            place = waiting.popleft()
        except IndexError:
            return
        yield place


class _Other:
    """Another process that does parts of the work."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START],  # what lies in the working folder is no part of Python's library
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="ascii", env={**os.environ, **_ALONE},
            start_new_session=True,  # what the terminal signals is for this process to act on
        )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from, self._ended = self._process.stdin, self._process.stdout, False
        with suppress(OSError):
            self._send([str(entry) or os.getcwd() for entry in sys.path])

    def take(self, work: Work, parts: Sequence[list[Any]], waiting: deque[int], found: dict[int, list[Any]]) -> None:
        """Do one part after another, until none is left or one fails."""
        for place in _taken(waiting):
            try:
                self._send([work.__module__, work.__qualname__, parts[place]])
                results = json.loads(self._from.readline())
                if len(results) != len(parts[place]):
                    raise ValueError("other results than there are items")
                found[place] = results
            except (OSError, ValueError, TypeError):
                if not self._ended:
                    log.warning("a process that shares the work of %s has failed: it goes on here", work.__qualname__)
                return

    def _send(self, message: Any) -> None:
        self._to.write(json.dumps(message) + "\n")
        self._to.flush()

    def give_up(self) -> None:
        """Kill the process, which has not answered for long; what it was at is done elsewhere."""
        self._process.kill()

    def end(self) -> None:
        """End the process, whatever it is at."""
        self._ended = True
        self._process.kill()
        for stream in (self._to, self._from):
            with suppress(OSError):
                stream.close()
        self._process.wait()


def serve() -> None:
    """Do what is asked on the standard input, one line each, until it ends."""
    sys.excepthook = lambda *_: None  # the process that asks does the part again, and sees the error
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what libraries print is no answer
    for line in sys.stdin:
        module, name, items = json.loads(line)
        answers.write(json.dumps(getattr(importlib.import_module(module), name)(items)) + "\n")
        answers.flush()
