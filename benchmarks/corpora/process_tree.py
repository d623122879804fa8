"""What a process and all that it starts take, looked at from outside through /proc (Linux)."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_EVERY: Final = 0.2
_OWN: Final = slice(11, 13)
"""User and system time in ``stat`` behind the name."""


@dataclass(frozen=True)
class Sample:
    """One look.

    Parameters
    ----------
    at : float
        Seconds, by `time.time`.
    largest, together : float
        The resident memory of the largest process, and the sum over all, in MB. Pages that they share count in each.
    processor : dict of int to float
        By process, the seconds of processor time until then, those of processes that have ended included.
    """

    at: float
    largest: float
    together: float
    processor: dict[int, float]


class ProcessTree:
    """Looks at a process and its descendants every 0.2 seconds while a block runs.

    Parameters
    ----------
    root : int
        The number of the process.
    """

    def __init__(self, root: int) -> None:
        self.root = root
        self.samples: list[Sample] = []
        self.peaks: dict[int, float] = {}
        """By process, the largest resident memory that the kernel noted, in MB: also between two looks."""
        self._processor: dict[int, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> ProcessTree:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._ended.wait(_EVERY):
            self._look()

    def _look(self) -> None:
        resident = [0.0]
        for number in descendants(self.root):
            with suppress(OSError):  # it has ended meanwhile
                state = _fields(Path(f"/proc/{number}/status"))
                if "VmRSS" not in state:
                    continue
                resident.append(state["VmRSS"])
                self.peaks[number] = max(state["VmHWM"], self.peaks.get(number, 0.0))
                self._processor[number] = _seconds(number)
        self.samples.append(Sample(time.time(), max(resident), sum(resident), dict(self._processor)))

    def between(self, start: float, end: float) -> list[Sample]:
        """Return the looks of a stretch of time, and the one before it; there is at least one."""
        first = max((place for place, sample in enumerate(self.samples) if sample.at <= start), default=0)
        return [sample for sample in self.samples[first:] if sample.at <= end] or self.samples[:1]


def descendants(root: int) -> list[int]:
    """Return a process and all below it."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with suppress(OSError):
                children.setdefault(int(_stat(int(entry))[1]), []).append(int(entry))
    found = [root]
    for number in found:
        found += children.get(number, [])
    return found


def _stat(number: int) -> list[str]:
    """Return what stands in ``stat`` behind the name: the state, the parent, and so on."""
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()


def _seconds(number: int) -> float:
    return sum(int(ticks) for ticks in _stat(number)[_OWN]) / _TICKS


def _fields(path: Path) -> dict[str, float]:
    """Return the lines of a file that are in kB, in MB."""
    parts = (line.partition(":") for line in path.read_text().splitlines())
    return {name: int(value.split()[0]) / 1024 for name, _, value in parts if value.endswith(" kB")}
