"""The answer to one question about an entity: a check, or one value of a comparison."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Check:
    """The result of one check: ``passed`` is None where it could not run; ``value`` is in ``unit``.

    ``threshold``, in the same unit, is what the value is held against, where it is one number.
    """

    name: str
    passed: bool | None
    value: float | None = None
    unit: str = ""
    detail: str = ""
    threshold: float | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        if self.value is not None:
            return f"{self.name} {self.value:.3g} {self.unit}".rstrip()
        return {True: self.name, False: f"{self.name}: no", None: f"{self.name}: unknown"}[self.passed]
