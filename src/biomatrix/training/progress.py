"""What a run says while it goes: lines with a rate and the time left, and the same as JSON lines."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

logger = logging.getLogger("biomatrix.training")


class MetricsLog:
    """A JSON-lines file of metrics; on resume, lines past the resumed step are taken out.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    resumed_step : int
        The step training goes on from; 0 begins a new file.
    """

    def __init__(self, path: Path, resumed_step: int = 0) -> None:
        self.path = path
        kept = [line for line in self.read(path) if line["step"] <= resumed_step] if resumed_step else []
        path.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")

    def write(self, **values: Any) -> None:
        """Append one line; ``step`` must be among the values."""
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(values) + "\n")

    @staticmethod
    def read(path: Path) -> list[dict[str, Any]]:
        """Return all lines of a metrics file, empty where there is none."""
        if not path.is_file():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


class Meter:
    """Tokens a second over the steps since the last report, and the time left.

    Parameters
    ----------
    max_steps, max_seconds : int or float, optional
        Where the run ends.
    elapsed_seconds : float
        Training time of earlier sessions.
    """

    def __init__(self, max_steps: int | None, max_seconds: float | None, elapsed_seconds: float = 0.0) -> None:
        self.max_steps, self.max_seconds = max_steps, max_seconds
        self._before = elapsed_seconds
        self._begun = self._since = time.monotonic()
        self._tokens = self._steps = 0

    @property
    def elapsed(self) -> float:
        """Training time over all sessions, seconds."""
        return self._before + time.monotonic() - self._begun

    def progress(self, step: int) -> float:
        """Return how much of the run is done, 0 to 1: by steps or by time, whichever is further."""
        by_steps = step / self.max_steps if self.max_steps else 0.0
        by_time = self.elapsed / self.max_seconds if self.max_seconds else 0.0
        return min(max(by_steps, by_time), 1.0)

    def count(self, tokens: int) -> None:
        """Count one optimiser step."""
        self._tokens += tokens
        self._steps += 1

    def report(self, step: int) -> tuple[float, float]:
        """Return tokens a second since the last report, and the seconds left; begin a new interval."""
        now = time.monotonic()
        spent = max(now - self._since, 1e-9)
        rate, pace = self._tokens / spent, spent / max(self._steps, 1)
        self._since, self._tokens, self._steps = now, 0, 0
        bounds = []
        if self.max_steps:
            bounds.append((self.max_steps - step) * pace)
        if self.max_seconds:
            bounds.append(self.max_seconds - self.elapsed)
        return rate, max(min(bounds), 0.0) if bounds else 0.0


def clock(seconds: float) -> str:
    """Return a time as h:mm:ss.

    Examples
    --------
    >>> clock(3725)
    '1:02:05'
    """
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
