"""Stopping what a thread waits for or searches: what is written for it leaves the batch, and a search ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

POLL_SECONDS: Final = 0.2
"""How often a thread that waits for an answer looks whether it should go on."""
_CHECK: ContextVar[Callable[[], None] | None] = ContextVar("biomatrix_stop", default=None)


@contextmanager
def stopped_by(check: Callable[[], None]) -> Iterator[None]:
    """Let what is asked of a shared model inside end as soon as a function raises.

    Parameters
    ----------
    check : callable
        Called a few times a second while this thread waits or searches; what it raises is raised there.
    """
    before = _CHECK.set(check)
    try:
        yield
    finally:
        _CHECK.reset(before)


@contextmanager
def also_stopped_by(check: Callable[[], None]) -> Iterator[None]:
    """Let what is asked inside call a function as well, before the one that stops it already."""
    outer = _CHECK.get()

    def both() -> None:
        check()
        if outer is not None:
            outer()

    with stopped_by(both):
        yield


def check_stop() -> None:
    """Raise what the function given to :func:`stopped_by` raises, where there is one."""
    check = _CHECK.get()
    if check is not None:
        check()
