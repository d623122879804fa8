"""Times: the median of repeats, by the wall and by the processor."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import torch


class Seconds(NamedTuple):
    """A time by the wall, and of the processor, which other work on the machine changes less."""

    wall: float
    processor: float


def timed(run: Callable[[], object]) -> Seconds:
    """Return how long one run took."""
    wait_for_gpu()
    wall, processor = time.perf_counter(), time.process_time()
    run()
    wait_for_gpu()
    return Seconds(time.perf_counter() - wall, time.process_time() - processor)


def wait_for_gpu() -> None:
    """Wait until a GPU, where one is in use, has done all that it was told."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()


def medians(times: list[Seconds]) -> Seconds:
    """Return the medians of some times."""
    return Seconds(median(each.wall for each in times), median(each.processor for each in times))


def in_turns(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, Seconds]:
    """Return the medians of runs that take turns, after one round that does not count."""
    for run in runs.values():
        run()
    rounds = [{name: timed(run) for name, run in runs.items()} for _ in range(repeats)]
    return {name: medians([each[name] for each in rounds]) for name in runs}
