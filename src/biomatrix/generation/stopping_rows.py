"""The tokens of several jobs while they are written, each job to the end of its guide or to a stop string."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from biomatrix.generation.jobs import Job, RowStream, Token, Writer, Written
from biomatrix.generation.stop_strings import StopWatch
from biomatrix.generation.streaming import EventReader

if TYPE_CHECKING:
    from biomatrix.generation.events import Event
    from biomatrix.vocabulary.vocabulary import Vocabulary


def stops_of(job: Job) -> tuple[str, ...]:
    """Return the strings at which a job ends."""
    return () if job.request is None else tuple(job.request.stop)


class StoppingRows:
    """The tokens of several jobs; what has come to a stop string leaves the batch, where the writer can let it go.

    For each token: :meth:`watched` its events, then :meth:`took`. Iterating ends once every job has.

    Parameters
    ----------
    writer : Writer
    vocabulary : Vocabulary
        What the ids mean.
    jobs : sequence of Job
    """

    def __init__(self, writer: Writer, vocabulary: Vocabulary, jobs: Sequence[Job]) -> None:
        self.tokens = writer.stream(jobs)
        self._watches = [StopWatch(vocabulary, stops_of(job)) for job in jobs]
        self._written: list[list[Token]] = [[] for _ in jobs]
        self._left = set(range(len(jobs)))
        self._stopped: set[int] = set()

    def __iter__(self) -> Iterator[Token]:
        while self._left:
            token = next(self.tokens, None)
            if token is None:
                return
            if token.job in self._left:
                yield token
        close = getattr(self.tokens, "close", None)
        if self._stopped and close is not None:  # a writer that lets no single job go would write on
            close()
        else:
            deque(self.tokens, maxlen=0)

    def watched(self, job: int, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the events of a token of a job, and look for stop strings in them."""
        for event in events:
            if self._watches[job].has_come([event]):
                self._stopped.add(job)
            yield event

    def took(self, token: Token) -> Written | None:
        """Return what the job of a token wrote, where it ends with this one; None where it goes on."""
        job = token.job
        self._written[job].append(token)
        stopped = job in self._stopped and not token.last
        if not (token.last or stopped):
            return None
        self._left.discard(job)
        if stopped and isinstance(self.tokens, RowStream):
            self.tokens.end(job)
        written = self._written[job]
        return Written(
            tuple(one.id for one in written),
            tuple(one.logprob for one in written),
            token.complete,
            any(one.hastened for one in written),
            stopped,
        )


def write_to_stops(writer: Writer, vocabulary: Vocabulary, jobs: Sequence[Job], max_rows: int) -> list[Written]:
    """Return what each job wrote, in order, up to its stop string; at most ``max_rows`` are written together."""
    done: dict[int, Written] = {}
    for start in range(0, len(jobs), max_rows):
        batch = jobs[start : start + max_rows]
        rows = StoppingRows(writer, vocabulary, batch)
        readers = [EventReader(vocabulary, lambda segment: segment, job.sample) for job in batch]
        for number, job in enumerate(batch):
            for name in () if job.request is None else job.request.outputs[:1]:
                _exhaust(rows.watched(number, readers[number].read(vocabulary.start_id(name))))
        for token in rows:
            _exhaust(rows.watched(token.job, readers[token.job].read(token.id)))
            written = rows.took(token)
            if written is not None:
                done[start + token.job] = written
    return [done[number] for number in range(len(jobs))]


def _exhaust(events: Iterable[Event]) -> None:
    deque(events, maxlen=0)
