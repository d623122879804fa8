"""The result of a round trip of many strands, and its text."""

from __future__ import annotations

from dataclasses import dataclass

from biomatrix.entities.nucleic.round_trip.errors import NucleicError, NucleicErrors
from biomatrix.entities.round_trip import Failure, failure_lines
from biomatrix.metrics.codes import CodeUse
from biomatrix.metrics.summary_lines import codes_line


@dataclass(frozen=True)
class NoisyStrands:
    """The same strands decoded from codes of which some were replaced.

    Parameters
    ----------
    share : float
        Share of the codes of each strand that were drawn anew from a bigram model of all strands.
    seed : int
    changed : float
        The share of codes that then differ: a draw may give the code that was there.
    errors : NucleicErrors
        Errors against the originals.
    """

    share: float
    seed: int
    changed: float
    errors: NucleicErrors

    def lines(self) -> list[str]:
        """Return the share replaced and the errors that followed, as lines of text."""
        return [
            f"after {self.share:.1%} of the codes were drawn anew from a bigram model (seed {self.seed}), "
            f"{self.changed:.1%} changed:",
            *self.errors.lines(),
        ]


@dataclass(frozen=True)
class NucleicRoundTrip:
    """The result of a round trip of many strands.

    Parameters
    ----------
    tokenizer, fingerprint : str
    records : int
        Strands taken, failures included.
    nucleotides : int
        Nucleotides of the strands that did not fail.
    failures : tuple of Failure
    errors : NucleicErrors
        Over the strands that did not fail.
    codes : CodeUse
    encode_nucleotides_per_second, decode_nucleotides_per_second : float
    each : tuple of NucleicError
        One per strand that did not fail, in order.
    noisy : NoisyStrands, optional
    """

    tokenizer: str
    fingerprint: str
    records: int
    nucleotides: int
    failures: tuple[Failure, ...]
    errors: NucleicErrors
    codes: CodeUse
    encode_nucleotides_per_second: float
    decode_nucleotides_per_second: float
    each: tuple[NucleicError, ...]
    noisy: NoisyStrands | None = None

    def worst(self, count: int) -> list[NucleicError]:
        """Return the strands of largest RMSD, the worst first."""
        return sorted(self.each, key=lambda one: -one.rmsd)[:count]

    def as_text(self, worst: int = 0) -> str:
        """Return the figures as lines of text, with the ``worst`` strands at the end."""
        lines = [
            f"{self.tokenizer} ({self.fingerprint}): {self.records:,} strands, {self.nucleotides:,} nucleotides, "
            f"{len(self.failures):,} failed",
        ]
        if self.each:
            lines += [
                *self.errors.lines(),
                codes_line(self.codes),
                f"rates: encode {self.encode_nucleotides_per_second:,.0f} nucleotides/s, "
                f"decode {self.decode_nucleotides_per_second:,.0f} nucleotides/s",
            ]
        lines += self.noisy.lines() if self.noisy is not None else []
        if worst:
            lines.append("largest RMSD:")
            lines += [
                f"  {one.rmsd:.3f} A, lDDT {one.lddt:.3f}, {one.num_nucleotides} nucleotides, "
                f"{one.num_breaks} breaks, record {one.record} {one.name} {one.chain}"
                for one in self.worst(worst)
            ]
        return "\n".join([*lines, *failure_lines(self.failures, "failed")])
