"""How long work takes that several processes may share."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Timed(Generic[T]):
    """What some work came to, and its time.

    Parameters
    ----------
    result : object
    wall : float
        Seconds until it was there, whatever else the machine had to do.
    processor : float
        Processor seconds of the busier of two processes: what it takes where each has a processor to itself.
    total : float
        Processor seconds of both.
    """

    result: T
    wall: float
    processor: float
    total: float


def timed(work: Callable[[], T]) -> Timed[T]:
    """Do some work that starts at most one process, and which has ended with it."""
    wall, own, other = time.perf_counter(), time.process_time(), _others()
    result = work()
    own, other = time.process_time() - own, _others() - other
    return Timed(result, time.perf_counter() - wall, max(own, other), own + other)


def verdict(name: str, figure: float, target: float, unit: str, *, at_most: bool) -> bool:
    """Print a target, what was measured, and whether it is met."""
    met = figure <= target if at_most else figure >= target
    bound = "at most" if at_most else "at least"
    print(f"  TARGET {name}: {bound} {target:g} {unit}; measured {figure:.1f}: {'met' if met else 'MISSED'}")
    return met


def _others() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
