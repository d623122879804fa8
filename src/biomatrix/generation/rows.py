"""The rows of a batch that share a head, each under its own guide.

Legend of shapes: R rows, D hidden size, V embedding rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.entities.automaton import Admitting, Hastening, Ranges, Spending, States
from biomatrix.generation.drawing import RowSettings, choose
from biomatrix.generation.heads import Head
from biomatrix.generation.jobs import Guide, Job
from biomatrix.generation.judged_draws import Drawn
from biomatrix.generation.recorded_draws import RecordedDraws
from biomatrix.generation.sampling import Draws, random_stream
from biomatrix.processors import threads_for

_Part = TypeVar("_Part")


@dataclass(frozen=True, eq=False)
class Step:
    """What some rows chose at one step, shape (R,) each: :class:`biomatrix.generation.jobs.Token` by columns."""

    jobs: NDArray[np.int64]
    ids: NDArray[np.int64]
    logprobs: NDArray[np.float64]
    last: NDArray[np.bool_]
    complete: NDArray[np.bool_]
    hastened: NDArray[np.bool_]

    def rows(self) -> Iterator[tuple[int, int, float, bool, bool, bool]]:
        """Yield the columns of each row, as :class:`biomatrix.generation.jobs.Token` takes them."""
        columns = (self.jobs, self.ids, self.logprobs, self.last, self.complete, self.hastened)
        return zip(*(column.tolist() for column in columns), strict=True)


class Rows:
    """Rows that share a head; those that are complete leave.

    Parameters
    ----------
    head : Head
        Of the candidates of all guides.
    jobs : sequence of (int, Job)
        A number and a job for each row; the rows of a guide stand together.
    """

    def __init__(self, head: Head, jobs: Sequence[tuple[int, Job]]) -> None:
        self.head = head
        self.numbers = np.array([number for number, _ in jobs], dtype=np.int64)
        self._left = np.array([job.budget for _, job in jobs], dtype=np.int64)
        self._settings = RowSettings.of([job.sampling for _, job in jobs])
        self._draws = Draws([_stream(job) for _, job in jobs])
        self._guided = _guided([job for _, job in jobs])
        self._ids = np.empty(0, dtype=np.int64)
        """What was drawn last, its log-probabilities, and whether it was hastened."""
        self._logprobs = np.empty(0)
        self._hastened = np.empty(0, dtype=np.bool_)

    def __len__(self) -> int:
        return len(self.numbers)

    def step(self, last: Tensor) -> Step:
        """Draw and settle; after an error every row is as it was before.

        Parameters
        ----------
        last : Tensor, shape=(R, D) or (R, V)
            As for :meth:`draw`.
        """
        before = [one.states for one in self._guided]
        try:
            self.draw(last)
            return self.settle()
        except Exception:
            for one, states in zip(self._guided, before, strict=True):
                one.states = states
            self._draws.back()
            raise

    def draw(self, last: Tensor, recorded: RecordedDraws | None = None) -> NDArray[np.int64]:
        """Return the next id of each row, ``int64 [R]``; :meth:`settle` comes next.

        Parameters
        ----------
        last : Tensor, shape=(R, D) or (R, V)
            Of the network's last position, from :class:`~biomatrix.generation.heads.LastPosition`.
        recorded : RecordedDraws, optional
            Draws that a GPU knows.
        """
        columns, self._logprobs = self._columns(last, recorded)
        hastened = self._of_each(self.head.ids[columns], _Guided.hastened)
        self._ids, self._hastened = (np.concatenate(parts) for parts in zip(*hastened, strict=True))
        return self._ids

    def settle(self) -> Step:
        """Move the guides on by what was drawn; return it."""
        complete = np.concatenate(self._of_each(self._ids, _Guided.advance))
        self._left -= 1
        last = complete | (self._left <= 0)
        return Step(self.numbers, self._ids, self._logprobs, last, complete, self._hastened)

    def _of_each(self, ids: NDArray[np.int64], call: Callable[[_Guided, NDArray[np.int64]], _Part]) -> list[_Part]:
        """Call a method of each guide with the ids of its rows."""
        found = []
        first = 0
        for one in self._guided:
            stop = first + len(one.states)
            found.append(call(one, ids[first:stop]))
            first = stop
        return found

    def _columns(self, last: Tensor, recorded: RecordedDraws | None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        uniforms = self._draws.next()
        ranges: list[Ranges] = [each for one in self._guided for each in one.candidates()]
        allowed = self.head.masks.allowed(ranges)
        if allowed.forced is not None:
            return allowed.forced, np.zeros(len(self))
        with threads_for(self.head.work(len(self), allowed.stop - allowed.first)):
            if recorded is not None:
                scores = self._unspent(self.head.scores(last, allowed.first, allowed.stop), allowed.first)
                columns, logprobs = recorded.choose(scores, allowed.masks, uniforms, self._settings)
            else:
                scores = self._unspent(self.head.logits(last, allowed.first, allowed.stop), allowed.first)
                columns, logprobs = choose(scores, allowed.masks, uniforms, self._settings)
        ids = self.head.ids[allowed.first : allowed.stop]
        self._judge(Drawn(columns, logprobs, scores, allowed.masks, ids, uniforms, self._settings))
        return columns + allowed.first, logprobs

    def _unspent(self, scores: Tensor, column: int) -> Tensor:
        """Return scores without what the rows have spent, of guides that tell it; ``column`` is the first of them."""
        rows, ids, first = [], [], 0
        for one in self._guided:
            if one.spending is not None:
                places, spent = one.spending.spent(one.states)
                rows.append(places + first)
                ids.append(spent)
            first += len(one.states)
        return self.head.without(scores, column, np.concatenate(rows), np.concatenate(ids)) if rows else scores

    def _judge(self, drawn: Drawn) -> None:
        """Let the guides that admit one id after the other judge what was drawn."""
        first = 0
        for one in self._guided:
            stop = first + len(one.states)
            if one.admitting is not None:
                drawn.judge(slice(first, stop), one.admitting, one.states, owed=one.hastening is not None)
            first = stop

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Keep these rows, ``bool [R]``, in their order."""
        rows = np.flatnonzero(kept)
        self.numbers, self._left = self.numbers[rows], self._left[rows]
        self._settings = self._settings.at(rows)
        self._draws.keep(rows)
        first = 0
        for one in self._guided:
            stop = first + len(one.states)
            one.states = one.states[kept[first:stop]]
            first = stop
        self._guided = [one for one in self._guided if len(one.states)]

    def part(self, row: int) -> Rows:
        """Return one row by itself; whoever steps it leaves these rows alone."""
        part = copy(self)
        part._draws = copy(self._draws)
        part._guided = [replace(one) for one in self._guided]
        part.keep(np.arange(len(self)) == row)
        return part

    def join(self, other: Rows) -> NDArray[np.int64]:
        """Take other rows in.

        Parameters
        ----------
        other : Rows
            Each guide of theirs has its candidates in this head; not to be used any more.

        Returns
        -------
        ndarray, shape=(R,), dtype=int64
            Where each row was, these rows before the others: those of a guide stand together.
        """
        places = np.arange(len(self) + len(other))
        sizes = [len(one.states) for one in (*self._guided, *other._guided)]
        blocks = np.split(places, np.cumsum(sizes)[:-1])
        guided, blocks, added = list(self._guided), blocks[: len(self._guided)], blocks[len(self._guided) :]
        for one, block in zip(other._guided, added, strict=True):
            same = next((number for number, each in enumerate(guided) if each.matches(one)), None)
            if same is None:
                guided.append(one)
                blocks.append(block)
            else:
                guided[same].states = np.concatenate([guided[same].states, one.states])
                blocks[same] = np.concatenate([blocks[same], block])
        order = np.concatenate(blocks)
        self.numbers = np.concatenate([self.numbers, other.numbers])[order]
        self._left = np.concatenate([self._left, other._left])[order]
        self._settings = self._settings.join(other._settings).at(order)
        self._draws.join(other._draws)
        self._draws.keep(order)
        self._guided = guided
        return order


@dataclass
class _Guided:
    """The rows of one guide, which stand together."""

    guide: Guide
    states: States

    def __post_init__(self) -> None:
        self.hastening = self.guide if isinstance(self.guide, Hastening) else None
        self.admitting = self.guide if isinstance(self.guide, Admitting) else None
        self.spending = self.guide if isinstance(self.guide, Spending) else None

    def matches(self, other: _Guided) -> bool:
        """Whether the rows of another can stand among these."""
        mine, theirs = self.states, other.states
        return self.guide is other.guide and mine.shape[1:] == theirs.shape[1:] and mine.dtype == theirs.dtype

    def candidates(self) -> Sequence[Ranges]:
        """Return what each row is drawn from: what it may write, or more where the guide judges what is drawn."""
        if self.admitting is not None:
            return self.admitting.candidates(self.states)
        if self.spending is not None:
            return self.spending.unless_spent(self.states)
        allowed = self.guide.allowed(self.states)
        return allowed if self.hastening is None else self.hastening.offered(self.states, allowed)

    def hastened(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return what is written for what was drawn, and which rows were hastened."""
        if self.hastening is None:
            return ids, np.zeros(len(ids), dtype=np.bool_)
        self.states, ids, hastened = self.hastening.hastened(self.states, ids)
        return ids, hastened

    def advance(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Move on by what is written; return which rows have finished."""
        self.states = self.guide.advance(self.states, ids)
        return self.guide.finished(self.states)


def _guided(jobs: Sequence[Job]) -> list[_Guided]:
    by_guide: dict[int, list[Job]] = {}
    for job in jobs:
        by_guide.setdefault(id(job.guide), []).append(job)
    return [_Guided(each[0].guide, np.stack([job.state for job in each])) for each in by_guide.values()]


def _stream(job: Job) -> np.random.Generator | None:
    sampling = job.sampling
    return None if sampling.is_greedy else random_stream(sampling.seed, job.prompt, job.sample, job.draft)
