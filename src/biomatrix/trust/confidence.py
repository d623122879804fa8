"""How sure one may be of an answer, and why to doubt it: the numbers, and one line that says them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from biomatrix.trust.agreement import Agreement
from biomatrix.trust.calibration import Interval
from biomatrix.trust.likelihood import Likelihood
from biomatrix.trust.verdict import Verdict

AGREEMENT: Final = 0.5
"""Samples of which fewer than this share agree are a reason to doubt."""
TOKEN: Final = 0.5
"""A mean probability of a token below this is a reason to doubt."""
UNKNOWN: Final = "unknown"
"""What stands for an answer that is held back."""
_NOT_CALIBRATED: Final = "not calibrated"
_SHOWN: Final = 60


@dataclass(frozen=True)
class Confidence:
    """What is known of how far to trust one answer.

    Parameters
    ----------
    answer : str
        The answer on one line, with its unit.
    likelihood : Likelihood
        Of the tokens that the model chose.
    agreement : Agreement, optional
        With the other samples of the request; None where there is one sample.
    sample : int
        The number of this sample among them.
    interval : Interval, optional
        Of a number, from a calibration.
    labels : tuple of str, optional
        Of a choice, from a calibration: what the truth is among, likeliest first.
    coverage : float, optional
        How often the interval or the labels hold the truth.
    verdict : Verdict, optional
        Checks of an entity.
    chance : float, optional
        Of a choice, from a calibration: how often such an answer comes true.
    abstained : str, optional
        Why the answer is held back as unknown, where a calibration says how sure one must be.
    warnings : tuple of str
        Further reasons to doubt, such as drafts that were refused.

    Examples
    --------
    >>> from biomatrix.entities import Check
    >>> print(Confidence("2.31 log mol/L", Likelihood.of([-0.1]), interval=Interval(1.2, 3.4, 0.9, 113),
    ...       verdict=Verdict((Check("valence", True), Check("clashes", False)))))
    2.31 log mol/L, 90% interval 1.2 to 3.4 (calibrated on 113 records); 1 of 2 checks passed; doubt: clashes
    """

    answer: str
    likelihood: Likelihood
    agreement: Agreement | None = None
    sample: int = 0
    interval: Interval | None = None
    labels: tuple[str, ...] | None = None
    coverage: float | None = None
    verdict: Verdict | None = None
    warnings: tuple[str, ...] = ()
    chance: float | None = None
    abstained: str | None = None

    @property
    def is_calibrated(self) -> bool:
        """Whether held-out records say how often such answers are right; likelihood and agreement alone do not."""
        return self.interval is not None or self.labels is not None

    @property
    def probability(self) -> float:
        """The geometric mean probability of a token among those allowed; what it is worth only a calibration tells."""
        return 1.0 / self.likelihood.perplexity

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why to doubt the answer, one phrase each; empty where nothing speaks against it."""
        return tuple(self._doubts())

    def _doubts(self) -> Iterator[str]:
        yield from self.warnings
        if self.verdict is not None:
            yield from (check.name for check in self.verdict.failed)
        if self.labels is not None and len(self.labels) != 1:
            yield (
                f"unsure: the truth may be any of {', '.join(self.labels)}"
                if self.labels
                else "no label is likely enough"
            )
        others = self.agreement
        if others is not None and others.spread is not None and self.interval is None and others.deviation:
            yield f"samples spread from {others.spread.min:.3g} to {others.spread.max:.3g}"
        elif others is not None and others.spread is None and others.share_of(self.sample) < AGREEMENT:
            agreeing = round(others.share_of(self.sample) * len(others.meanings))
            yield f"{agreeing} of {len(others.meanings)} samples agree{others.compared}"
        if self.probability < TOKEN and self.likelihood.count and not self.is_calibrated:
            yield "unsure of its tokens"

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values: one line without the answer, and the numbers that it is made of."""
        interval, others = self.interval, self.agreement
        return {
            "line": self.beside,
            "calibrated": self.is_calibrated,
            "probability": self.probability,
            "interval": None if interval is None else [interval.low, interval.high],
            "labels": None if self.labels is None else list(self.labels),
            "chance": self.chance,
            "coverage": self.coverage,
            "abstained": self.abstained,
            "agreement": None if others is None else others.share_of(self.sample),
            "entropy": None if others is None else others.entropy,
            "doubts": list(self.doubts),
        }

    def __str__(self) -> str:
        shown = " ".join(self.answer.split())
        cut = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
        return f"{cut if self.abstained is None else f'{UNKNOWN} ({cut})'}, {self.beside}"

    @property
    def beside(self) -> str:
        """All of it on one line but the answer, for where that stands already."""
        held_back = [] if self.abstained is None else [f"abstains: {self.abstained}"]
        return "; ".join([*held_back, self._calibrated(), *self._checked()])

    def _calibrated(self) -> str:
        """Return what a calibration says of the answer, or that there is none."""
        if self.interval is not None:
            return str(self.interval)
        if self.labels is not None:
            known = "" if self.chance is None else f" (probability {self.chance:.2f})"
            return f"{self.coverage or 0:.0%} set {{{', '.join(self.labels)}}}{known}"
        return f"{_NOT_CALIBRATED} (probability {self.likelihood})"

    def _checked(self) -> Iterator[str]:
        if self.verdict is not None and self.verdict.answered:
            passed = len(self.verdict.answered) - len(self.verdict.failed)
            yield f"{passed} of {len(self.verdict.answered)} checks passed"
        if self.agreement is not None and self.agreement.spread is None and not any("agree" in d for d in self.doubts):
            yield f"{round(self.agreement.share_of(self.sample) * len(self.agreement.meanings))} of " \
                f"{len(self.agreement.meanings)} samples agree{self.agreement.compared}"  # fmt: skip
        if self.doubts:
            yield f"doubt: {', '.join(self.doubts)}"
