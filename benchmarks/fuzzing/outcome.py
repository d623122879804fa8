"""What became of one mutant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Outcome = Literal["same", "noted", "refused", "silent", "crash"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("same", "noted", "refused", "silent", "crash")


@dataclass(frozen=True)
class Verdict:
    """The outcome of one mutant, and in words what differs."""

    outcome: Outcome
    detail: str = ""
