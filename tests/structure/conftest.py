"""What tests of structure tokenizers share."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

TimeLimit = Callable[[float, str], AbstractContextManager[None]]


@contextmanager
def _limited(seconds: float, what: str) -> Iterator[None]:
    def ring(signum: int, frame: object) -> None:
        raise TimeoutError(f"{what} took more than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def time_limit() -> TimeLimit:
    """``with time_limit(20.0, "batch 3"):`` fails where the block hangs."""
    return _limited
