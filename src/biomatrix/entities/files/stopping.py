"""Ending in order where a signal asks to: what was begun and is not whole is removed on the way out."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any, Final, NoReturn

_ASKING: Final = ("SIGTERM", "SIGHUP")
_SOON: Final = 0.01
"""Seconds after which the end is tried again."""


class Ended(SystemExit):
    """The process was asked to end."""


_asked: list[int] = []
"""The exit status for the signal that asked, once one has."""


def asked_status() -> int | None:
    """Return the exit status for the signal that asked this process to end; None where none has.

    Libraries written in C may swallow the exception of a signal, as pandas does while it is imported, and fail soon
    after by what is then missing.
    """
    return _asked[0] if _asked else None


def end_on_signals() -> None:
    """Let SIGTERM and SIGHUP end this process by SystemExit, so that writers remove their unfinished files and folders.

    The exit status is 128 and the signal's number, as shells report it. A signal that is ignored, as under ``nohup``,
    stays ignored. Call it in the main thread of a process that is the program's own.
    """
    for number in _numbers():
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)
    sys.unraisablehook = partial(_end_after_all, sys.unraisablehook)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    for other in _numbers():  # a second one must not interrupt the tidying
        signal.signal(other, signal.SIG_IGN)
    _asked.append(128 + number)
    raise Ended(128 + number)


def _end_after_all(shown: Callable[[Any], object], dropped: Any) -> None:
    """Try the end again where it was dropped: Python lets no exception leave an object's finaliser."""
    if not isinstance(dropped.exc_value, Ended):
        shown(dropped)
        return
    status = dropped.exc_value.code

    def end_now(number: int, frame: FrameType | None) -> NoReturn:
        raise Ended(status)

    signal.signal(signal.SIGALRM, end_now)
    signal.setitimer(signal.ITIMER_REAL, _SOON)


def _numbers() -> list[signal.Signals]:
    return [getattr(signal, name) for name in _ASKING if hasattr(signal, name)]
