"""What a step of constraints costs: ranges, masks and states of 64 rows, without any network.

Legend of shapes: R rows, k numbers of a state.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, cycle
from typing import Any, NamedTuple

import numpy as np
import torch

from biomatrix.entities.automaton import Bounds
from biomatrix.generation.masks import MaskTable

BUDGET = 96
"""The tokens of a row; a row that has finished begins anew."""
REPEATS = 12
OPENED = 0.02
"""How often a walk in text opens a segment where it may."""


class StepTimes(NamedTuple):
    """Milliseconds of this thread's processor time of a step, and of its parts."""

    allowed: float
    mask: float
    advance: float
    whole: float


def walk(
    guide: Any,
    rows: int,
    steps: int,
    openings: tuple[int, ...] = (),
    answers: Sequence[Sequence[int]] | None = None,
) -> tuple[StepTimes, StepTimes, int]:
    """Time a walk; return the median times, those of the quickest of each step, and the bytes of the masks made.

    A walk of as many steps comes before, so that what is kept of states and masks is there. The quickest are those of
    REPEATS more walks of the same ids: without other work on the machine, and without what is met for the first time.

    Parameters
    ----------
    guide : Automaton
    rows, steps : int
    openings : tuple of int
        Ids that a random walk chooses now and then.
    answers : sequence of sequence of int, optional
        What the rows write one after another, each within BUDGET tokens; random ids by default.
    """
    choose = _dice(openings) if answers is None else _written(answers)
    first, stop = int(guide.ids[0]), int(guide.ids[-1]) + 1
    dense = stop - first <= 1.25 * len(guide.ids)
    masks = MaskTable(np.arange(first, stop) if dense else guide.ids, torch.device("cpu"))
    left = np.array([BUDGET - (row % 16 if answers is None else 0) for row in range(rows)])
    states = np.stack([guide.start(Bounds(int(budget))) for budget in left])
    *_, begun = _pass(guide, masks, (states, left), [None] * steps, choose)
    times, ids, _ = _pass(guide, masks, begun, [None] * steps, choose)
    again = [_pass(guide, masks, begun, ids, choose)[0] for _ in range(REPEATS)]
    return _median(times), _median(np.min([times, *again], axis=0)), masks.nbytes


def _median(times: np.ndarray) -> StepTimes:
    """Return the median of each column of seconds, and of their sums."""
    return StepTimes(*np.median(1000 * np.column_stack([times, times.sum(axis=1)]), axis=0))


def _pass(
    guide: Any,
    masks: MaskTable,
    begun: tuple[np.ndarray, np.ndarray],
    recorded: Sequence[np.ndarray | None],
    choose: Callable[[int, np.ndarray], int],
) -> tuple[np.ndarray, list[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Walk from some states and tokens left, by recorded ids where there are any.

    Returns
    -------
    tuple of (ndarray, list, tuple)
        The seconds of each step, ``float [steps, 3]``; the ids; the states and tokens left behind them.
    """
    states, left = begun[0].copy(), begun[1].copy()
    times, written = [], []
    for known in recorded:
        clock = [time.thread_time()]
        ranges = guide.allowed(states)
        clock.append(time.thread_time())
        masks.allowed(ranges)
        clock.append(time.thread_time())
        ids = np.array([choose(row, each) for row, each in enumerate(ranges)]) if known is None else known
        between = time.thread_time() - clock[-1]
        states = guide.advance(states, ids)
        finished = guide.finished(states)
        clock.append(time.thread_time() - between)
        times.append(np.diff(clock))
        written.append(ids)
        left -= 1
        for row in np.flatnonzero(finished | (left == 0)):  # text goes on where nothing ends it
            states[row], left[row] = guide.start(Bounds(BUDGET)), BUDGET
    return np.array(times), written, (states, left)


def _dice(openings: tuple[int, ...]) -> Callable[[int, np.ndarray], int]:
    """Return how a random walk chooses the next id of a row among ranges."""
    random = np.random.default_rng(0)
    return lambda _, ranges: _pick(ranges, random, openings)


def _written(answers: Sequence[Sequence[int]]) -> Callable[[int, np.ndarray], int]:
    """Return how rows write answers: each begins with another one, and goes on with the next behind its end."""
    following: dict[int, Iterator[int]] = {}

    def choose(row: int, ranges: np.ndarray) -> int:
        if row not in following:
            begin = row % len(answers)
            following[row] = chain.from_iterable(cycle([*answers[begin:], *answers[:begin]]))
        return next(following[row])

    return choose


def _pick(ranges: np.ndarray, random: np.random.Generator, openings: tuple[int, ...]) -> int:
    """Return a random id of some ranges, now and then one of the openings."""
    if openings and random.random() < OPENED:
        id_ = openings[int(random.integers(len(openings)))]
        if ((ranges[:, 0] <= id_) & (id_ < ranges[:, 1])).any():
            return id_
    lengths = np.cumsum(ranges[:, 1] - ranges[:, 0])
    number = int(random.integers(lengths[-1]))
    place = int(np.searchsorted(lengths, number, side="right"))
    return int(ranges[place, 1] - (lengths[place] - number))


def memory(make: Callable[[], Any], rows: int, steps: int) -> tuple[float, float, int]:
    """Return the megabytes that an automaton holds when made and after a walk, and the bytes of its masks."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    guide = make()
    made = tracemalloc.get_traced_memory()[0] - before
    _, _, masks = walk(guide, rows, steps)
    walked = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return made / 1e6, walked / 1e6, masks
