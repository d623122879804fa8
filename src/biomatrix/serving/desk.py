"""Threads in which requests are worked on, how many may wait for one, and how long each may take."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from biomatrix.serving.limits import seconds_past
from biomatrix.serving.problems import Problem

if TYPE_CHECKING:
    from biomatrix.serving.metrics import Metrics

Result = TypeVar("Result")


class Desk:
    """A bounded pool of threads behind the event loop.

    Parameters
    ----------
    name : str
        For the figures.
    threads : int
    waiting : int
        How many requests may wait beyond those in work; one more is refused with 503.
    seconds : float
        How long a request may be worked on, and how long it may wait.
    metrics : Metrics
    """

    def __init__(self, name: str, threads: int, waiting: int, seconds: float, metrics: Metrics) -> None:
        self.seconds = seconds
        self._name = name
        self._threads = threads
        self._most = threads + waiting
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"biomatrix-{name}")
        self._metrics = metrics
        self._lock = threading.Lock()
        self._held = 0
        self._closed = False

    async def run(self, function: Callable[..., Result], *given: Any) -> Result:
        """Return what a function returns, run in a thread.

        Work that takes too long is answered; its thread counts as taken until it has ended, unheard. Cancelling this
        drops work that has not begun.

        Raises
        ------
        Problem
            503 where too much waits, 422 where the work takes longer than it may.
        """
        loop = asyncio.get_running_loop()
        begun = asyncio.Event()
        task = self.submit(function, *given, begun=lambda: loop.call_soon_threadsafe(begun.set))
        waiting: asyncio.Future[Any] = asyncio.ensure_future(begun.wait())
        either: set[asyncio.Future[Any]] = {task, waiting}
        try:
            await asyncio.wait(either, timeout=self.seconds, return_when=asyncio.FIRST_COMPLETED)
            if not begun.is_set() and not task.done():
                raise self._busy()
            began = time.monotonic()
            done, _ = await asyncio.wait({task}, timeout=self.seconds)
            if not done:
                raise too_long(time.monotonic() - began, self.seconds)
            return task.result()
        finally:
            waiting.cancel()
            task.cancel()  # what has not begun never does; of what has, nobody hears how it ends

    def submit(
        self, function: Callable[..., Result], *given: Any, begun: Callable[[], object] | None = None
    ) -> asyncio.Future[Result]:
        """Return the future of a function that is run in a thread; ``begun`` is called in it first.

        Raises
        ------
        Problem
            503 where too much waits.
        """
        asked = time.monotonic()
        with self._lock:
            if self._held >= self._most or self._closed:
                raise self._busy()
            self._held += 1
            self._count()

        def work() -> Result:
            self._metrics.seconds.labels("waiting").observe(time.monotonic() - asked)
            if begun is not None:
                begun()
            return function(*given)

        future = self._pool.submit(work)
        future.add_done_callback(lambda _: self._leave())
        return asyncio.wrap_future(future)

    def close(self) -> None:
        """Take no more work, and drop what has not begun."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _leave(self) -> None:
        with self._lock:
            self._held -= 1
            self._count()

    def _count(self) -> None:
        self._metrics.working.labels(self._name).set(min(self._held, self._threads))
        self._metrics.waiting.labels(self._name).set(max(0, self._held - self._threads))

    def _busy(self) -> Problem:
        return Problem(503, "busy", "too many requests wait; ask again a little later", retry_after=2.0)


def too_long(taken: float, seconds: float) -> Problem:
    """Return what work is answered that has taken longer than it may, so far ``taken``, both in seconds."""
    limit = {"name": "seconds", "actual": seconds_past(taken, seconds), "allowed": seconds}
    return Problem(422, "limit", f"it took longer than {seconds:g} s; ask for less at once", limit=limit)
