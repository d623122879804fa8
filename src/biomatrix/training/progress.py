"""What a run reports: log lines with a rate and the time left, and the same figures as JSON lines."""

from __future__ import annotations

import json
import logging
import math
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.writing import named_refusals, write_whole
from biomatrix.progress import Pace

METRICS: Final = "metrics.jsonl"
"""The file of a run's figures, in its output folder."""
logger = logging.getLogger("biomatrix.training")


class MetricsLog:
    """A JSON-lines file of metrics; on resume, lines past the resumed step are removed.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    resumed_step : int
        The step from which training goes on; 0 begins a new file.

    Attributes
    ----------
    kept : list of dict
        The lines of before.
    """

    def __init__(self, path: Path, resumed_step: int = 0) -> None:
        self.path = path
        self.kept = [line for line in self.read(path) if line["step"] <= resumed_step] if resumed_step else []
        write_whole(path, "".join(json.dumps(line) + "\n" for line in self.kept).encode())

    def write(self, **values: Any) -> None:
        """Append one line; ``step`` must be among the values."""
        with named_refusals(self.path), self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(values) + "\n")

    @staticmethod
    def read(path: Path) -> list[dict[str, Any]]:
        """Return all whole lines of a metrics file, empty where there is none; a warning says how many are damaged."""
        lines, damaged = read_metrics(path)
        if damaged:
            logger.warning("%s: %d damaged lines are left out", path, damaged)
        return lines


def read_metrics(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Return the whole lines of a metrics file and the number of those that are not: a kill may cut the last one.

    Parameters
    ----------
    path : Path
        The file; there may be none yet.
    """
    lines: list[dict[str, Any]] = []
    damaged = 0
    for text in path.read_bytes().splitlines() if path.is_file() else ():
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except ValueError:  # not JSON, or not UTF-8
            line = None
        if isinstance(line, dict) and isinstance(line.get("step"), int):
            lines.append(line)
        else:
            damaged += 1
    return lines, damaged


class Meter:
    """Tokens per second over the steps since the last report, and the time left.

    Parameters
    ----------
    max_steps, max_seconds : int or float, optional
        Where the run ends.
    elapsed_seconds : float
        Training time before this start.
    """

    def __init__(self, max_steps: int | None, max_seconds: float | None, elapsed_seconds: float = 0.0) -> None:
        self.max_steps, self.max_seconds = max_steps, max_seconds
        self._tokens, self._steps = Pace(elapsed_seconds), Pace()

    @property
    def elapsed(self) -> float:
        """Training time in seconds, resumed runs included."""
        return self._tokens.elapsed

    def progress(self, step: int) -> float:
        """Return how much of the run is done, 0 to 1: by steps or by time, whichever is further."""
        by_steps = step / self.max_steps if self.max_steps else 0.0
        by_time = self.elapsed / self.max_seconds if self.max_seconds else 0.0
        return min(max(by_steps, by_time), 1.0)

    def count(self, tokens: int) -> None:
        """Count one optimiser step and its tokens."""
        self._tokens.count(tokens)
        self._steps.count()

    def report(self, step: int) -> tuple[float, float]:
        """Return tokens per second since the last report, and the seconds left; begin a new interval."""
        rate = self._tokens.rate
        bounds = []
        if self.max_steps:
            bounds.append(self._steps.seconds_left(self.max_steps - step))
        if self.max_seconds:
            bounds.append(self.max_seconds - self.elapsed)
        left = min((bound for bound in bounds if not math.isnan(bound)), default=0.0)
        self._tokens.begin_interval()
        self._steps.begin_interval()
        return rate, max(left, 0.0)
