"""How much each caller may ask: requests a minute, and requests at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from biomatrix.serving.keys import Key
from biomatrix.serving.problems import Problem

_MINUTE: Final = 60.0


@dataclass
class _Account:
    """What a caller has left: tokens of a bucket that fills evenly, and how many requests are under way."""

    tokens: float
    since: float
    running: int = 0


class Rates:
    """Counts requests of each key, and refuses what is past its limits.

    Parameters
    ----------
    clock : callable
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._accounts: dict[str, _Account] = {}
        self._lock = threading.Lock()

    def enter(self, key: Key) -> None:
        """Count a request of a key.

        Raises
        ------
        Problem
            429, with the seconds after which another request is allowed.
        """
        with self._lock:
            now = self._clock()
            account = self._accounts.setdefault(key.name, _Account(key.rate, now))
            account.tokens = min(key.rate, account.tokens + (now - account.since) * key.rate / _MINUTE)
            account.since = now
            if account.running >= key.concurrency:
                message = f"key {key.name!r} has {account.running} requests under way, as many as it may at once"
                limit = {"name": "requests_at_once", "actual": account.running + 1, "allowed": key.concurrency}
                raise Problem(429, "rate", message, limit=limit, retry_after=1.0)
            if account.tokens < 1.0:
                message = f"key {key.name!r} may ask {key.rate} times a minute; wait, or ask for many things in a job"
                limit = {"name": "requests_per_minute", "actual": key.rate + 1, "allowed": key.rate}
                wait = (1.0 - account.tokens) * _MINUTE / key.rate
                raise Problem(429, "rate", message, limit=limit, retry_after=wait)
            account.tokens -= 1.0
            account.running += 1

    def leave(self, key: Key) -> None:
        """Say that a request of a key has ended."""
        with self._lock:
            self._accounts[key.name].running -= 1
