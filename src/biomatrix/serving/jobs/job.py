"""A job as its owner sees it, and how much may be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from biomatrix.errors import BioMatrixError, ConfigurationError

OPEN: Final = ("queued", "running")
"""States of a job that goes on; it ends as ``finished``, ``failed`` (every item failed) or ``cancelled``."""


@dataclass(frozen=True)
class JobLimits:
    """How much jobs may hold.

    Parameters
    ----------
    items : int
        Of one job.
    waiting_items : int
        Unfinished ones of one owner.
    waiting_jobs : int
        Unfinished ones of all owners.
    lifetime : float
        Seconds that an ended job and its results are kept.
    file_bytes : int
        Of all jobs; past it no more are accepted until some expire or are removed.
    """

    items: int = 10_000
    waiting_items: int = 50_000
    waiting_jobs: int = 10_000
    lifetime: float = 7 * 86_400.0
    file_bytes: int = 16 * 2**30


@dataclass(frozen=True)
class Item:
    """One request of a job: the operation's name, and its input as JSON."""

    operation: str
    input: str


@dataclass(frozen=True)
class Claim:
    """One item that a worker has taken on.

    Parameters
    ----------
    job : int
        The job's row.
    number : int
        The item's number within its job, from 1.
    operation, input : str
        As in :class:`Item`.
    """

    job: int
    number: int
    operation: str
    input: str


@dataclass(frozen=True)
class Job:
    """The state of one job; times are seconds since 1970, ``rate`` is items per second."""

    number: int
    id: str
    owner: str
    operation: str
    state: str
    total: int
    done: int
    failed: int
    created: float
    started: float | None
    ended: float | None
    rate: float | None

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the present rate; None where that is unknown."""
        if self.ended is not None:
            return 0.0
        return (self.total - self.done) / self.rate if self.rate else None

    def as_json(self, errors: Sequence[tuple[int, str]], lifetime: float) -> dict[str, Any]:
        """Return what the API tells of it, with the numbers and reasons of some items that failed."""
        return {
            "id": self.id,
            "operation": self.operation or None,
            "state": self.state,
            "done": self.done,
            "total": self.total,
            "failed": self.failed,
            "rate": self.rate,
            "seconds_left": self.seconds_left,
            "created": self.created,
            "started": self.started,
            "ended": self.ended,
            "expires": None if self.ended is None else self.ended + lifetime,
            "errors": [{"number": number, "message": message} for number, message in errors],
            "results": f"/v1/jobs/{self.id}/results",
        }


class OtherBodyError(ConfigurationError):
    """The idempotency key was used before, for something else."""


class JobsFullError(BioMatrixError):
    """No more jobs are accepted now; ``retry_after`` says in how many seconds to try again.

    Parameters
    ----------
    message : str
    limit : str
        The field of :class:`JobLimits` that is full.
    actual, allowed : float
        What there would be, and the most that is kept.
    """

    retry_after: float = 30.0

    def __init__(self, message: str, limit: str, actual: float, allowed: float) -> None:
        self.limit, self.actual, self.allowed = limit, actual, allowed
        super().__init__(message)
