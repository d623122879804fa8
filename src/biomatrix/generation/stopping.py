"""Stopping what a thread waits for: what is written for it leaves the batch, whatever was asked and however."""

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
        Called a few times a second while this thread waits; what it raises is raised there.
    """
    before = _CHECK.set(check)
    try:
        yield
    finally:
        _CHECK.reset(before)


def check_stop() -> None:
    """Raise what the function given to :func:`stopped_by` raises, where there is one."""
    check = _CHECK.get()
    if check is not None:
        check()
