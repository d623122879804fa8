"""How fast long work goes and when it will be done: one clock for corpora, measurements and training."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

log = logging.getLogger(__name__)
_SILENT: ContextVar[bool] = ContextVar("silent", default=False)


@contextmanager
def silent_progress() -> Iterator[None]:
    """Let no :class:`Progress` log within, in this thread: for a part of work whose whole has a line of its own."""
    token = _SILENT.set(True)
    try:
        yield
    finally:
        _SILENT.reset(token)


def per_second(count: float, seconds: float) -> float:
    """Return the count per second; NaN where no time has passed."""
    return count / seconds if seconds > 0 else math.nan


def clock(seconds: float) -> str:
    """Return a time as h:mm:ss.

    Examples
    --------
    >>> clock(3725)
    '1:02:05'
    """
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


class Pace:
    """Work counted against the clock, since its beginning and within an interval that can be restarted.

    Parameters
    ----------
    elapsed_seconds : float
        Seconds that earlier runs took.
    """

    def __init__(self, elapsed_seconds: float = 0.0) -> None:
        self._before = elapsed_seconds
        self._start = self._interval_start = time.monotonic()
        self._amount = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds over all runs."""
        return self._before + time.monotonic() - self._start

    @property
    def interval(self) -> float:
        """Seconds since the interval began."""
        return time.monotonic() - self._interval_start

    @property
    def rate(self) -> float:
        """Work per second within the interval; NaN before any time has passed."""
        return per_second(self._amount, self.interval)

    def count(self, amount: float = 1.0) -> None:
        """Count finished work."""
        self._amount += amount

    def seconds_left(self, remaining: float) -> float:
        """Return the seconds that the remaining work takes at this rate; NaN where the rate is unknown or 0."""
        rate = self.rate
        return max(remaining, 0.0) / rate if rate > 0 else math.nan

    def begin_interval(self) -> None:
        """Forget what was counted, so that the rate is that of the work from now on."""
        self._interval_start, self._amount = time.monotonic(), 0.0


class Progress:
    """Count work done and log it now and then, with a rate and the time left.

    Parameters
    ----------
    label : str
        What is being done.
    total : int or callable, optional
        The amount of work, in ``unit``; None where it is not known. A function is asked when the first message is due,
        so that short work is not held up by finding out; such work ends without a message.
    unit : str
        What is counted.
    every : float
        The least time between two messages, in seconds.
    """

    def __init__(
        self, label: str, total: int | Callable[[], int | None] | None, unit: str = "slices", every: float = 10.0
    ) -> None:
        self.label, self.unit, self.every = label, unit, every
        self.total = None if callable(total) else total
        self.done = 0
        self._find_total = total if callable(total) else None
        self._fresh = False
        self._pace = Pace()
        self._last_message = 0.0

    def advance(self, amount: int = 1, *, cached: bool = False) -> None:
        """Count finished work; ``cached`` work was there already and does not enter the rate."""
        before = self.done
        self.done += amount
        self._fresh = self._fresh or not cached
        self._pace.count(0 if cached else amount)
        ended = self.total is not None and before < self.total <= self.done
        if not (ended or self._pace.elapsed - self._last_message >= self.every):
            return
        if _SILENT.get() or not log.isEnabledFor(logging.INFO):
            return
        if self._find_total is not None:
            self.total, self._find_total = self._find_total(), None
        self._last_message = self._pace.elapsed
        log.info("%s", self)

    def __str__(self) -> str:
        """Return one line: the work done, the total where it is known, the rate and the time left."""
        rate = self._pace.rate
        shown_rate = 0.0 if math.isnan(rate) else rate
        if self.total is None:
            return f"{self.label}: {self.done:,} {self.unit} in {self._pace.elapsed:.0f} s, {shown_rate:.2f}/s"
        counts = f"{self.label}: {self.done:,} of {self.total:,} {self.unit}"
        if self.done >= self.total and not self._fresh:
            return f"{counts}, kept from an earlier run"
        left = self._pace.seconds_left(self.total - self.done)
        time_left = "time left unknown" if math.isnan(left) else f"{left:.0f} s left"
        return f"{counts}, {shown_rate:.2f}/s, {time_left}"
