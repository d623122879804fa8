"""What an examination finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warning", "failed"]
_ORDER: tuple[Status, ...] = ("ok", "warning", "failed")


@dataclass(frozen=True)
class Finding:
    """One line of the examination.

    Parameters
    ----------
    area : str
        "installation", "weights", "vocabulary" or "round trip".
    subject : str
        The thing examined.
    status : {"ok", "warning", "failed"}
        Only "failed" makes the command fail.
    detail : str
        The result, with figures and limits.
    """

    area: str
    subject: str
    status: Status
    detail: str


def worst(findings: Iterable[Finding]) -> Status:
    """Return the worst status among the findings; "ok" where there are none."""
    return max((finding.status for finding in findings), key=_ORDER.index, default="ok")
