"""What a step of constraints costs: ranges, masks and states of 64 rows, without any network.

Legend of shapes: R rows, k numbers of a state.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from biomatrix.entities.automaton import Bounds
from biomatrix.generation.masks import MaskTable

BUDGET = 96
"""The tokens of a row; a row that has finished begins anew."""
OPENED = 0.02
"""How often a walk in text opens a segment where it may."""


class StepTimes(NamedTuple):
    """Milliseconds of this thread's processor time of a step, and of its parts."""

    allowed: float
    mask: float
    advance: float
    whole: float


def walk(
    guide: Any, rows: int, steps: int, seed: int = 0, openings: tuple[int, ...] = ()
) -> tuple[StepTimes, StepTimes, int]:
    """Time a random walk; return the median times, those of the fastest tenth, and the bytes of the masks made.

    A walk of as many steps comes before, so that what is kept of states and masks is there.
    """
    random = np.random.default_rng(seed)
    first, stop = int(guide.ids[0]), int(guide.ids[-1]) + 1
    dense = stop - first <= 1.25 * len(guide.ids)
    masks = MaskTable(np.arange(first, stop) if dense else guide.ids, torch.device("cpu"))
    states = np.stack([guide.start(Bounds(BUDGET - row % 16)) for row in range(rows)])
    left = np.array([BUDGET - row % 16 for row in range(rows)])
    times = []
    for _ in range(2 * steps):
        clock = [time.thread_time()]
        ranges = guide.allowed(states)
        clock.append(time.thread_time())
        masks.allowed(ranges)
        clock.append(time.thread_time())
        ids = np.array([_pick(each, random, openings) for each in ranges])
        between = time.thread_time() - clock[-1]
        states = guide.advance(states, ids)
        finished = guide.finished(states)
        clock.append(time.thread_time() - between)
        times.append(np.diff(clock))
        left -= 1
        for row in np.flatnonzero(finished | (left == 0)):  # text goes on where nothing ends it
            states[row], left[row] = guide.start(Bounds(BUDGET)), BUDGET
    columns = np.sort(1000 * np.column_stack([np.array(times[steps:]), np.sum(times[steps:], axis=1)]), axis=0)
    return StepTimes(*columns[steps // 2]), StepTimes(*columns[steps // 10]), masks.nbytes


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
