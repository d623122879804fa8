"""Server-sent events: what a generator in a thread yields, sent as it comes; with the client the generator ends."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any, Final, TypeVar

from biomatrix.entities.stopping import stopped_by
from biomatrix.serving.desk import Desk, too_long
from biomatrix.serving.problems import problem_of
from biomatrix.serving.watching import Watch

Item = TypeVar("Item")

CONTENT_TYPE: Final = "text/event-stream"
HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""The second tells nginx to send each event at once."""
_PENDING: Final = 256
"""Events that may wait for a slow client before the thread waits too."""
_QUIET_SECONDS: Final = 10.0
"""After which a remark is sent, so that nothing on the way takes the connection for dead."""
_POLL: Final = 0.05


class _Pump:
    """Moves what a generator yields from its thread to the event loop, until somebody closes it."""

    def __init__(self, make: Callable[[], Iterator[Any]], seconds: float) -> None:
        self._make = make
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._watch = Watch()
        self._sent = self._taken = 0
        self.queue: asyncio.Queue[tuple[bool, Any]] = asyncio.Queue()

    def close(self) -> None:
        """Let the generator be closed at its next event."""
        self._watch.stop()

    def took(self) -> None:
        """Say that an event has been sent on."""
        self._taken += 1

    def work(self) -> None:
        """Run the generator to its end, or to the client's; for a thread."""
        with stopped_by(self._watch.check):
            self._work(time.monotonic())

    def _work(self, began: float) -> None:
        events: Iterator[Any] | None = None
        try:
            events = self._make()
            for event in events:
                while self._sent - self._taken >= _PENDING:
                    self._watch.check()
                    time.sleep(_POLL)
                self._watch.check()
                taken = time.monotonic() - began
                if taken > self._seconds:
                    raise too_long(taken, self._seconds)
                self._put((False, event))
            self._put((True, None))
        except Exception as error:  # noqa: BLE001  # whatever it is, the client is told
            self._put((True, error))
        finally:
            if isinstance(events, Generator):
                events.close()  # frees the rows of the batch

    def _put(self, item: tuple[bool, Any]) -> None:
        self._sent += 1
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.queue.put_nowait, item)


async def from_thread(desk: Desk, make: Callable[[], Iterator[Item]]) -> AsyncIterator[Item | None]:
    """Yield what a generator yields in a thread of a desk, and None now and then while it is quiet.

    Closing this, or cancelling it, closes the generator within one of its events.

    Raises
    ------
    Exception
        Whatever the generator raises.
    """
    pump = _Pump(make, desk.seconds)
    work = desk.submit(pump.work)
    try:
        while True:
            try:
                last, item = await asyncio.wait_for(pump.queue.get(), _QUIET_SECONDS)
            except TimeoutError:
                yield None
                continue
            pump.took()
            if last:
                if item is not None:
                    raise item
                return
            yield item
    finally:
        pump.close()
        work.cancel()  # where it has not begun


def event_text(number: int, name: str, data: Any) -> bytes:
    """Return one event as it is sent."""
    return f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode()


async def as_events(
    events: AsyncIterator[dict[str, Any] | None],
    after: int = 0,
    tell: Callable[[BaseException], None] = lambda error: None,
) -> AsyncIterator[bytes]:
    """Yield events, each a mapping with its ``type``, in the form that browsers read; an error is the last of them.

    Parameters
    ----------
    events : async iterator of dict or None
    after : int
        The id of the last event that the client has seen: a stream is a function of its request, so what was sent
        before is left out and the rest follows.
    tell : callable
        Called with an error that ends the stream.
    """
    number, ended = 0, False
    try:
        async for event in events:
            if event is None:
                yield b": still here\n\n"
                continue
            number += 1
            ended = event["type"] == "end"
            if number > after:
                yield event_text(number, event["type"], event)
        if not ended:
            yield event_text(number + 1, "end", {"type": "end"})
    except Exception as error:  # noqa: BLE001  # the status has been sent: the error is an event
        tell(error)
        yield event_text(number + 1, "error", {"type": "error", **problem_of(error).body()})
