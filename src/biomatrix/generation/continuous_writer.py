"""A writer that any number of threads may ask at once: their samples share one running batch.

One thread owns the network. Before each step it lets the samples join whose turn it is, and those leave that nobody
waits for any more; so a finished row is replaced at once, by whatever is asked for next. Between steps of the batch
it does a step of a beam search, or a score, where somebody waits for one.
"""

from __future__ import annotations

import weakref
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from threading import Lock, RLock, Thread, current_thread
from typing import Any, ClassVar, Final, Self, TypeVar

import torch

from biomatrix.errors import ServerError
from biomatrix.generation.beam import beam_steps
from biomatrix.generation.continuous_batch import PROMPT_TOKENS, ContinuousBatch, NewcomersFailed
from biomatrix.generation.continuous_calls import Call, Search
from biomatrix.generation.continuous_line import BatchLoad, Line
from biomatrix.generation.grouping import HeadTable
from biomatrix.generation.heads import LastPosition
from biomatrix.generation.jobs import Job, Token, Written
from biomatrix.generation.network_writer import NetworkWriter

Result = TypeVar("Result")
MAX_WAITING: Final = 4096
_PATIENCE: Final = 5.0
"""Seconds that the end of the program waits for a step to end."""


class ContinuousWriter:
    """Writes the jobs of many callers in one batch.

    A plain decoder and any Transformers network whose cache keeps every token take rows at any time. Where a cache
    cannot be joined (sliding windows, linear attention), rows come once those before them have all left. On a GPU the
    steps are not recorded: a fixed batch of a small model is quicker there.

    Parameters
    ----------
    writer : NetworkWriter
        Its network; what runs keeps the network that it began with, should it be exchanged.
    max_rows : int
        The most samples that are written together.
    max_waiting : int
        The most samples, searches and scores that wait; beyond, BusyError.
    """

    reads_vectors: ClassVar[bool] = True

    def __init__(self, writer: NetworkWriter, max_rows: int = 64, max_waiting: int = MAX_WAITING) -> None:
        self._writer = writer
        self._line = Line(max_rows, max_waiting)
        self._loop = _Loop(writer, self._line, max_rows)
        self._ends = weakref.finalize(self, _end, self._line, self._loop)

    @property
    def guides(self) -> AbstractContextManager[Any]:
        """To be held while a guide is made or asked: the thread of the network holds it while it asks guides."""
        return self._loop.guides

    def write(self, jobs: Sequence[Job], max_rows: int) -> list[Written]:
        """Return what each job wrote, in order; at most ``max_rows`` of them are written together.

        Raises
        ------
        BusyError
            Too many samples wait.
        LimitError
            There are more jobs than may wait.
        ServerError
            The network failed, or the writer is closed.
        """
        tokens: list[list[Token]] = [[] for _ in jobs]
        for token in self._tokens(Call(jobs, max_rows, streams=False)):
            tokens[token.job].append(token)
        return [
            Written(
                tuple(token.id for token in each),
                tuple(token.logprob for token in each),
                each[-1].complete,
                any(token.hastened for token in each),
            )
            for each in tokens
        ]

    def stream(self, jobs: Sequence[Job]) -> Iterator[Token]:
        """Yield every id of every job as it is chosen; raises as :meth:`write` does, at the first id.

        Where the iterator is closed or dropped, its rows leave before the next step; ``end`` lets one of them go.
        """
        call = Call(jobs, len(jobs), streams=True)
        return ContinuousTokens(call, self._line, self._tokens(call))

    def write_beams(self, job: Job, beams: int, count: int, max_rows: int) -> list[Written]:
        """Return the ``count`` likeliest answers that a search with so many beams finds, the likeliest first."""
        return self._searched(self._beams(job, beams, count, max_rows))

    def token_logprobs(self, prompt: Sequence[int], continuation: Sequence[int]) -> list[float]:
        """Return the log-probability in nats of each id of a continuation, among the rows that are tokens."""
        return self._searched(self._scores(prompt, continuation))

    def load(self) -> BatchLoad:
        """Return what is being written and what waits now, and what has been done since the start."""
        return self._line.load(self._loop.rows)

    def close(self, timeout: float | None = None) -> bool:
        """Take no new work, and wait until what was taken has ended.

        Parameters
        ----------
        timeout : float, optional
            Seconds after which what has not ended is given back: its callers get ServerError.

        Returns
        -------
        bool
            Whether everything ended in time.
        """
        self._line.close()
        in_time = self._loop.join(timeout)
        self._ends()
        return in_time

    def _tokens(self, call: Call) -> Generator[Token]:
        if not call.jobs:
            return
        self._line.call(call)
        try:
            self._loop.start()
            done: set[int] = set()
            while len(done | call.ended) < len(call.jobs):
                parcel = call.receive()
                if isinstance(parcel, BaseException):
                    raise parcel
                done |= {token.job for token in parcel if token.last}
                yield from (token for token in parcel if token.job not in call.ended)
        finally:
            self._line.leave(call)

    def _beams(self, job: Job, beams: int, count: int, max_rows: int) -> Generator[None, None, list[Written]]:
        steps = beam_steps(self._writer.network, job, beams, count, max_rows=max_rows)
        while True:
            with self.guides:
                try:
                    next(steps)
                except StopIteration as end:
                    found: list[Written] = end.value
                    return found
            yield

    def _scores(self, prompt: Sequence[int], continuation: Sequence[int]) -> Generator[None, None, list[float]]:
        yield from ()
        return self._writer.token_logprobs(prompt, continuation)

    def _searched(self, steps: Generator[None, None, Result]) -> Result:
        search = Search(steps)
        self._line.search(search)
        self._loop.start()
        try:
            return search.result()
        finally:
            search.is_cancelled = True


class ContinuousTokens:
    """The ids of one caller's jobs as they are chosen, any of which can be let go.

    Parameters
    ----------
    call : Call
    line : Line
        Where it waits.
    tokens : generator
        Closed, it lets all of them go.
    """

    def __init__(self, call: Call, line: Line, tokens: Generator[Token]) -> None:
        self._call, self._line, self._tokens = call, line, tokens

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Token:
        return next(self._tokens)

    def end(self, job: int) -> None:
        """Let a job go: nothing of it comes any more, and its row is free from the next step on."""
        self._line.end(self._call, job)

    def close(self) -> None:
        """Let all of them go."""
        self._tokens.close()


class _Loop:
    """What the thread does that owns the network; it begins with the first work."""

    def __init__(self, writer: NetworkWriter, line: Line, max_rows: int) -> None:
        self.guides = RLock()
        self._writer, self._line, self._max_rows = writer, line, max_rows
        self._thread: Thread | None = None
        self._starting = Lock()
        self.rows = 0

    def start(self) -> None:
        """Begin, where it has not begun."""
        if self._thread is not None:
            return
        with self._starting:
            if self._thread is None:
                thread = Thread(target=self._run, name="biomatrix-network", daemon=True)
                thread.start()
                self._thread = thread

    def join(self, timeout: float | None) -> bool:
        """Wait for the end; return whether it came in time."""
        with self._starting:
            thread = self._thread
        if thread is None or thread is current_thread():
            return True
        thread.join(timeout)
        return not thread.is_alive()

    @torch.inference_mode()
    def _run(self) -> None:
        batch: ContinuousBatch | None = None
        why = "the model was closed before this was done; ask again where it runs now"
        try:
            while self._line.wait(is_idle=not batch):
                batch = self._turn(batch)
        except BaseException as error:
            why = f"the thread of the network ended ({_told(error)}); open the model anew"
            raise
        finally:
            self.rows = 0
            self._line.give_back(why)

    def _turn(self, batch: ContinuousBatch | None) -> ContinuousBatch | None:
        """Do a step of the batch, and one of a search; return the batch that goes on, None where it is of no use."""
        network = self._writer.network
        if batch is None or (not batch and batch.network is not network):
            batch = ContinuousBatch(HeadTable(LastPosition(network)), PROMPT_TOKENS, self.guides)
        if gone := self._line.gone():
            batch.leave(gone)
        if batch.can_join and batch.network is network:
            batch.add(self._line.admitted(self._max_rows - len(batch)))
        self.rows = len(batch)
        going: ContinuousBatch | None = batch
        if batch:
            going = self._step(batch)
            self.rows = len(going or ())
        search = self._line.next_search()
        if search is not None and search.step():
            self._line.end_search(search)
        return going

    def _step(self, batch: ContinuousBatch) -> ContinuousBatch | None:
        try:
            stepped = batch.step()
        except NewcomersFailed as error:
            self._line.fail({number: _failure(error.__cause__) for number in error.numbers})
            return batch
        except Exception as error:  # noqa: BLE001 - the next batch may do better
            self._line.fail({number: _failure(error) for number in self._line.running()})
            return None
        self._line.hand_over([row for step in stepped.steps for row in step.rows()])
        if stepped.failed:
            self._line.fail(dict(stepped.failed))
        return batch


def _failure(error: BaseException | None) -> ServerError:
    """Return what a caller is told where the network failed."""
    failure = ServerError(f"the network failed ({_told(error)}); what it was writing is lost, ask again")
    failure.__cause__ = error
    return failure


def _told(error: BaseException | None) -> str:
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def _end(line: Line, loop: _Loop) -> None:
    """End at once, as where the writer is dropped or the program ends."""
    line.close(at_once=True)
    loop.join(_PATIENCE)
