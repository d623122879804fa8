"""The result of a round trip of many chains, and its text."""

from __future__ import annotations

from dataclasses import dataclass

from biomatrix.entities.protein.round_trip.errors import ProteinError, ProteinErrors
from biomatrix.entities.round_trip import Failure, failure_lines
from biomatrix.metrics.codes import CodeUse
from biomatrix.metrics.summary_lines import codes_line


@dataclass(frozen=True)
class NoisyProteins:
    """The same chains decoded from codes of which some were replaced.

    Parameters
    ----------
    share : float
        Share of the codes of each chain that were drawn anew from a bigram model of all chains.
    seed : int
    changed : float
        The share of codes that then differ: a draw may give the code that was there.
    errors : ProteinErrors
        Errors against the originals.
    """

    share: float
    seed: int
    changed: float
    errors: ProteinErrors

    def lines(self) -> list[str]:
        """Return the share replaced and the errors that followed, as lines of text."""
        return [
            f"after {self.share:.1%} of the codes were drawn anew from a bigram model (seed {self.seed}), "
            f"{self.changed:.1%} changed:",
            *self.errors.lines(),
        ]


@dataclass(frozen=True)
class ProteinRoundTrip:
    """The result of a round trip of many chains.

    Parameters
    ----------
    tokenizer, fingerprint : str
    records : int
        Chains taken, failures included.
    residues : int
        Residues of the chains that did not fail.
    failures : tuple of Failure
    errors : ProteinErrors
        Over the chains that did not fail.
    codes : CodeUse
    encode_residues_per_second, decode_residues_per_second : float
    each : tuple of ProteinError
        One per chain that did not fail, in order.
    noisy : NoisyProteins, optional
    """

    tokenizer: str
    fingerprint: str
    records: int
    residues: int
    failures: tuple[Failure, ...]
    errors: ProteinErrors
    codes: CodeUse
    encode_residues_per_second: float
    decode_residues_per_second: float
    each: tuple[ProteinError, ...]
    noisy: NoisyProteins | None = None

    def worst(self, count: int) -> list[ProteinError]:
        """Return the chains of largest RMSD, the worst first."""
        return sorted(self.each, key=lambda one: -one.rmsd)[:count]

    def as_text(self, worst: int = 0) -> str:
        """Return the figures as lines of text, with the ``worst`` chains at the end."""
        lines = [
            f"{self.tokenizer} ({self.fingerprint}): {self.records:,} chains, {self.residues:,} residues, "
            f"{len(self.failures):,} failed",
        ]
        if self.each:
            lines += [
                *self.errors.lines(),
                codes_line(self.codes),
                f"rates: encode {self.encode_residues_per_second:,.0f} residues/s, "
                f"decode {self.decode_residues_per_second:,.0f} residues/s",
            ]
        lines += self.noisy.lines() if self.noisy is not None else []
        if worst:
            lines.append("largest RMSD:")
            lines += [
                f"  {one.rmsd:.3f} A, TM-score {one.tm_score:.3f}, {one.num_residues} residues, "
                f"{one.num_breaks} breaks, record {one.record} {one.name} {one.chain}"
                for one in self.worst(worst)
            ]
        return "\n".join([*lines, *failure_lines(self.failures, "failed")])
