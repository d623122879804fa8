"""What callers of a continuous batch hand in, and where its outcome is handed over."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from queue import Empty, SimpleQueue
from threading import Event
from typing import Generic, TypeVar

from biomatrix.entities.stopping import POLL_SECONDS, check_stop
from biomatrix.generation.jobs import Job, Token

Result = TypeVar("Result")


class Call:
    """The jobs of one caller, and the tokens that are on their way to it.

    Parameters
    ----------
    jobs : sequence of Job
        At least one.
    most_rows : int
        The most of them that are written together.
    streams : bool
        Whether tokens are handed over after each step; at the end otherwise.
    """

    def __init__(self, jobs: Sequence[Job], most_rows: int, *, streams: bool) -> None:
        self.jobs, self.most_rows = jobs, max(1, most_rows)
        self.next = 0
        """The job that is written next."""
        self.rows: dict[int, int] = {}
        """The running rows: their numbers, and the job of each."""
        self.parcels: SimpleQueue[list[Token] | BaseException] = SimpleQueue()
        """Tokens, and what went wrong; the last parcel holds the last token of the last job."""
        self._streams = streams
        self._packed: list[Token] = []
        self.unfinished = len(jobs)
        self.ended: set[int] = set()
        """Jobs that the caller let go before they were done."""

    @property
    def waiting(self) -> int:
        """Its jobs that wait."""
        return len(self.jobs) - self.next

    def pack(self, token: Token) -> None:
        """Put a token into the next parcel."""
        self._packed.append(token)

    def send(self) -> None:
        """Hand over what was packed."""
        if self._packed and (self._streams or not self.unfinished):
            self.parcels.put(self._packed)
            self._packed = []

    def receive(self) -> list[Token] | BaseException:
        """Wait for the next parcel; raise what :func:`biomatrix.entities.stopping.check_stop` raises meanwhile."""
        while True:
            check_stop()
            try:
                return self.parcels.get(timeout=POLL_SECONDS)
            except Empty:
                continue


class Search(Generic[Result]):
    """Other work that needs the network for some steps: a beam search, or a score.

    Parameters
    ----------
    steps : generator
        Yields after each step; returns what comes of them.
    """

    def __init__(self, steps: Generator[None, None, Result]) -> None:
        self._steps = steps
        self._ended = Event()
        self._result: Result | None = None
        self._error: BaseException | None = None
        self.is_cancelled = False

    def step(self) -> bool:
        """Do a step; return whether it was the last."""
        try:
            next(self._steps)
        except StopIteration as end:
            self._result = end.value
        except Exception as error:  # noqa: BLE001 - whatever it is, it is its caller's
            self._error = error
        else:
            return False
        self._ended.set()
        return True

    def fail(self, error: BaseException) -> None:
        """End it with an error."""
        self._error = error
        self._ended.set()

    def result(self) -> Result:
        """Wait for the end; return what came of it, or raise what went wrong."""
        while not self._ended.wait(POLL_SECONDS):
            check_stop()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]
