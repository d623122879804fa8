"""Comparisons of a tokenizer of this package with recorded values of published code.

A kind names its comparisons in its registration, one per architecture that has recordings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol


class ParityResult(Protocol):
    """How recordings compare: a dataclass, so that it turns into JSON as it is."""

    @property
    def reached(self) -> bool:
        """Whether something was compared and everything is within its tolerance."""

    def as_text(self) -> str:
        """Return lines of text that end in a verdict."""


@dataclass(frozen=True)
class Comparison:
    """One comparison that a kind offers.

    Parameters
    ----------
    subject : str
        What is recorded, such as ``tables of molecules``.
    recognises : callable
        Takes a path and returns whether it holds such recordings.
    run : callable
        Takes the path, the options and a callable that is called with what is being compared, in words.
    options : type
        A dataclass of :func:`biomatrix.entities.options.option` fields.
    """

    subject: str
    recognises: Callable[[Path], bool]
    run: Callable[[Path, Any, Callable[[str], None]], ParityResult]
    options: type[Any]


@dataclass(frozen=True)
class ParityCheck:
    """One comparison.

    Parameters
    ----------
    subject : str
        What was compared: a molecule, a chain.
    what : str
        Which value of it.
    difference : float
        The largest absolute difference, or the share of codes that differ.
    tolerance : float
        The largest difference that passes.
    """

    subject: str
    what: str
    difference: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether the difference is within the tolerance; NaN is not."""
        return self.difference <= self.tolerance


@dataclass(frozen=True)
class Parity:
    """Many comparisons.

    Parameters
    ----------
    checks : tuple of ParityCheck
    """

    checks: tuple[ParityCheck, ...]

    @property
    def failures(self) -> list[ParityCheck]:
        """The comparisons past their tolerance."""
        return [check for check in self.checks if not check.passed]

    @property
    def reached(self) -> bool:
        """Whether there were comparisons and all of them are within their tolerances."""
        return bool(self.checks) and not self.failures

    def as_text(self) -> str:
        """Return one line per kind of value, then the failures and the verdict."""
        ordered = sorted(self.checks, key=lambda check: check.what)
        lines = [_line(what, list(group)) for what, group in groupby(ordered, key=lambda check: check.what)]
        lines += [
            f"FAILED {check.subject}, {check.what}: {check.difference:.3g}, tolerance {check.tolerance:g}"
            for check in self.failures
        ]
        lines.append("parity reached" if self.reached else "parity NOT reached")
        return "\n".join(lines)


def joined(parts: Iterable[Iterable[ParityCheck]]) -> Parity:
    """Return the comparisons of several parts as one."""
    return Parity(tuple(check for part in parts for check in part))


def _line(what: str, checks: Sequence[ParityCheck]) -> str:
    passed = sum(check.passed for check in checks)
    worst = max(checks, key=lambda check: check.difference)
    return f"{what:32} {passed:4} of {len(checks):4}, largest difference {worst.difference:.2e} ({worst.subject})"
