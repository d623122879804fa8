"""Batches built ahead in a thread, while the device computes the step before.

The batches, their order and the position that a checkpoint notes are those of the stream beneath: a position is that of
the batch last handed out, never of one that waits.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from biomatrix.training.batches import Batch, BatchStream, Position, Work

_LOOK: Final = 0.1
"""Seconds after which a thread that waits for room looks whether it is still wanted."""


class BatchSource(Protocol):
    """What a training run takes batches from."""

    @property
    def position(self) -> Position:
        """Where the next batch is."""
        ...

    @property
    def work(self) -> Work:
        """What the batches given out so far hold."""
        ...

    def seek(self, position: Position) -> None:
        """Go to an earlier position."""
        ...

    def __next__(self) -> Batch:
        """Return the next batch."""
        ...


@dataclass(frozen=True)
class _Built:
    batch: Batch
    position: Position
    work: Work


class PrefetchedStream:
    """A stream whose next batches are built before they are asked for.

    Parameters
    ----------
    stream : BatchStream
        Used by the thread alone from the first batch on.
    ahead : int
        The most batches that wait.

    Attributes
    ----------
    position : Position
        Where the next batch is that has not been handed out.
    work : Work
        What the batches handed out so far hold.
    """

    def __init__(self, stream: BatchStream, ahead: int) -> None:
        self._stream, self._ahead = stream, ahead
        self.position, self.work = stream.position, stream.work
        self._builder: _Builder | None = None

    def seek(self, position: Position) -> None:
        """Go to a position returned by ``position`` earlier; what was built ahead is dropped."""
        self.position = position
        self.close()

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        """Return the next batch; an error of the thread that built it is raised here."""
        if self._builder is None:
            self._builder = _Builder(self._stream, self._ahead)
        try:
            built = self._builder.take()
        except BaseException:
            self.close()
            raise
        self.position, self.work = built.position, built.work
        return built.batch

    def close(self) -> None:
        """End the thread and drop what it has built; the next batch starts another, after the one last handed out."""
        if self._builder is not None:
            self._builder.close()
            self._builder = None
        self._stream.seek(self.position)
        self._stream.work = self.work


class _Builder:
    """The thread, and the line of what it has built."""

    def __init__(self, stream: BatchStream, ahead: int) -> None:
        self._stream = stream
        self._line: queue.Queue[_Built | BaseException] = queue.Queue(ahead)
        self._ended = threading.Event()
        # A daemon, so that a run which ends by an error is not kept alive by its batches.
        self._thread = threading.Thread(target=self._build, name="batches", daemon=True)
        self._thread.start()

    def take(self) -> _Built:
        found = self._line.get()
        if isinstance(found, BaseException):
            raise found
        return found

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _build(self) -> None:
        while not self._ended.is_set():
            try:
                batch = next(self._stream)
                self._put(_Built(batch, self._stream.position, self._stream.work))
            except BaseException as error:  # noqa: BLE001 - whoever takes the batch raises it
                self._put(error)
                return

    def _put(self, built: _Built | BaseException) -> None:
        while not self._ended.is_set():
            try:
                self._line.put(built, timeout=_LOOK)
                return
            except queue.Full:
                continue
