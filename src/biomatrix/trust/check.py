"""The answer of one check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """The answer of one check: ``passed`` is None where it could not run; ``value`` is in ``unit``."""

    name: str
    passed: bool | None
    value: float | None = None
    unit: str = ""
    detail: str = ""
