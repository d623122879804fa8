"""Saying how far a long step is, how fast it goes and when it will be done."""

from __future__ import annotations

import logging
import time

log = logging.getLogger(__name__)


class Progress:
    """Count work done and log it now and then, with a rate and the time left.

    Parameters
    ----------
    label : str
        What is being done.
    total : int
        The amount of work, in ``unit``.
    unit : str
        What is counted.
    every : float
        The least time between two messages, in seconds.
    """

    def __init__(self, label: str, total: int, unit: str = "slices", every: float = 10.0) -> None:
        self.label, self.total, self.unit, self.every = label, total, unit, every
        self.done = 0
        self.worked = 0
        self._start = self._last = time.monotonic()

    def advance(self, amount: int = 1, *, cached: bool = False) -> None:
        """Count finished work; ``cached`` work was there already and does not enter the rate."""
        self.done += amount
        self.worked += 0 if cached else amount
        now = time.monotonic()
        if now - self._last >= self.every or self.done >= self.total:
            self._last = now
            log.info("%s", self.describe(now - self._start))

    def describe(self, elapsed: float) -> str:
        """Return one line: how much of how much, the rate and the time left."""
        rate = self.worked / elapsed if elapsed > 0 else 0.0
        left = f"{(self.total - self.done) / rate:.0f} s left" if rate else "time left unknown"
        return f"{self.label}: {self.done:,} of {self.total:,} {self.unit}, {rate:.2f}/s, {left}"
