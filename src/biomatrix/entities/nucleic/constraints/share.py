"""The share of G and C: of the whole sequence exactly, of every window of it by look-ahead and check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Self

import numpy as np

from biomatrix.entities.constraint_text import whole_number
from biomatrix.entities.nucleic.constraints.nucleic_constraint import NucleicConstraint
from biomatrix.errors import ConfigurationError, ParseError

if TYPE_CHECKING:
    from biomatrix.entities.nucleic.entity import NucleicAcid

_BOUNDS: Final = re.compile(r"(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)\s*%?\s*(?:/\s*(\d+))?", re.ASCII)
_SLACK: Final = 1e-9


@dataclass(frozen=True)
class Gc(NucleicConstraint):
    """The least and the most share of G and C.

    Parameters
    ----------
    low, high : float
        From 0 to 1.
    window : int
        The bases of each window; 0 for the whole sequence.
    """

    name: ClassVar[str] = "gc"
    help: ClassVar[str] = "the share of G and C in percent, LOW-HIGH%, of the whole; LOW-HIGH%/50 of every 50 bases"
    example: ClassVar[str] = "40-60%"
    kept: ClassVar[str] = (
        "of the whole as written, where the length is exact; of windows preferred as written, and judged"
    )

    low: float
    high: float
    window: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``40-60%`` or ``35-65%/50``."""
        found = _BOUNDS.fullmatch(text.strip())
        if found is None:
            raise ParseError(f"{text!r} is not LOW-HIGH%, such as 40-60%, or 35-65%/50 for windows", position=0)
        try:
            return cls(float(found[1]) / 100, float(found[2]) / 100, whole_number(found[3]) if found[3] else 0)
        except ConfigurationError as error:
            raise ParseError(error.message, position=0) from None

    def __post_init__(self) -> None:
        """Refuse bounds that hold nothing."""
        if not 0 <= self.low <= self.high <= 1 or self.window < 0:
            raise ConfigurationError("a share of G and C is from 0 to 100 %, the lower bound first")

    @property
    def changes(self) -> Mapping[str, object]:
        """The bounds."""
        return {"windows": ((self.low, self.high, self.window),)} if self.window else {"gc": ((self.low, self.high),)}

    def fault_of(self, entity: NucleicAcid) -> str | None:
        """Return the share, or the first window, that is outside."""
        strong = np.array([letter in "GCS" for letter in entity.sequence])
        width = self.window or len(strong)
        if not width or len(strong) < width:
            return None
        sums = np.convolve(strong, np.ones(width, dtype=np.int64), mode="valid")
        wrong = np.flatnonzero((sums < self.low * width - _SLACK) | (sums > self.high * width + _SLACK))
        if not len(wrong):
            return None
        where = f"bases {wrong[0] + 1} to {wrong[0] + width} are" if self.window else "the sequence is"
        return f"{where} {sums[wrong[0]] / width:.1%} G and C, not {self.low:.1%} to {self.high:.1%}"
