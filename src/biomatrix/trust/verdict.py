"""One verdict on an entity: which checks it passes, and how near it comes to a reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.check import Check
from biomatrix.entities.comparison import Comparison, compare
from biomatrix.entities.kind_registry import kind_of


@dataclass(frozen=True)
class Verdict:
    """What code can say about an entity.

    Parameters
    ----------
    checks : tuple of Check
        Its checks.
    comparison : Comparison, optional
        What it shares with a reference of its kind.

    Examples
    --------
    >>> str(Verdict((Check("closed shell", True), Check("clashes", False))))
    '1 of 2 checks passed; failed: clashes'
    """

    checks: tuple[Check, ...]
    comparison: Comparison | None = None

    @property
    def answered(self) -> tuple[Check, ...]:
        """The checks that could run."""
        return tuple(check for check in self.checks if check.passed is not None)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that it fails."""
        return tuple(check for check in self.answered if not check.passed)

    @property
    def sound(self) -> bool | None:
        """Whether it passes every check that could run; None where none could."""
        return not self.failed if self.answered else None

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as plain values; numbers that are not finite become None, as JSON has none."""
        return {
            "verdict": str(self),
            "sound": self.sound,
            "passed": len(self.answered) - len(self.failed),
            "answered": len(self.answered),
            "failed": [check.name for check in self.failed],
            "checks": list(map(_plain, self.checks)),
            "comparison": None if self.comparison is None else list(map(_plain, self.comparison)),
        }

    def __str__(self) -> str:
        parts = [f"{len(self.answered) - len(self.failed)} of {len(self.answered)} checks passed"]
        parts += [f"failed: {', '.join(check.name for check in self.failed)}"] if self.failed else []
        parts += [f"against the reference: {self.comparison}"] if self.comparison is not None else []
        return "; ".join(parts)


def _plain(check: Check) -> dict[str, Any]:
    value = check.value if check.value is not None and isfinite(check.value) else None
    return {**asdict(check), "value": value}


def judge(entity: Entity, checks: Sequence[Check] | None = None, reference: Entity | None = None) -> Verdict:
    """Return the verdict on an entity.

    Parameters
    ----------
    entity : Entity
    checks : sequence of Check, optional
        Answers at hand, such as those of the modality it was written in; those of its kind when not given.
    reference : Entity, optional
        What it is compared with; ignored where it is of another kind.
    """
    answers = kind_of(entity).check(entity) if checks is None else checks
    comparison = compare(reference, entity) if reference is not None and reference.kind == entity.kind else None
    return Verdict(tuple(answers), comparison)
