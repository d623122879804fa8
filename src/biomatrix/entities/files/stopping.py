"""Ending in order where a signal asks to: what was begun and is not whole is removed on the way out."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Final

_ASKING: Final = ("SIGTERM", "SIGHUP")


def end_on_signals() -> None:
    """Let SIGTERM and SIGHUP end this process by SystemExit, so that writers remove their unfinished files and folders.

    The exit status is 128 and the signal's number, as shells report it. A signal that is ignored, as under ``nohup``,
    stays ignored. Call it in the main thread of a process that is the program's own.
    """
    for number in _numbers():
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    for other in _numbers():  # a second one must not interrupt the tidying
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _numbers() -> list[signal.Signals]:
    return [getattr(signal, name) for name in _ASKING if hasattr(signal, name)]
