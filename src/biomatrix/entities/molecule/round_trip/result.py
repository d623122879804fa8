"""The result of a round trip of many molecules, and its text."""

from __future__ import annotations

from dataclasses import dataclass

from biomatrix.entities.molecule.round_trip.errors import MoleculeError, MoleculeErrors
from biomatrix.entities.round_trip import Failure, failure_lines
from biomatrix.metrics.codes import CodeUse
from biomatrix.metrics.summary_lines import (
    BOND_COLUMNS,
    DISTANCE_COLUMNS,
    bond_line,
    codes_line,
    distance_line,
    heading,
)


@dataclass(frozen=True)
class RefinedMolecules:
    """The same molecules after a force field ran on what was decoded.

    Parameters
    ----------
    method : str
        "mmff", "uff" or "xtb".
    errors : MoleculeErrors
        Against the originals, after refinement.
    before : MoleculeErrors
        Of the same molecules without refinement; those that could not be refined are in neither.
    failures : tuple of Failure
        Molecules that could not be refined, with reasons.
    converged : int
        Molecules whose refinement converged.
    molecules_per_second : float
    """

    method: str
    errors: MoleculeErrors
    before: MoleculeErrors
    failures: tuple[Failure, ...]
    converged: int
    molecules_per_second: float

    def lines(self) -> list[str]:
        """Return the figures before and after, and what could not be refined."""
        return [
            f"after {self.method}, {self.errors.rmsd.count:,} molecules, {self.converged:,} converged, "
            f"{self.molecules_per_second:,.1f} molecules/s",
            heading("RMSD, Angstrom", DISTANCE_COLUMNS),
            distance_line("before", self.before.rmsd),
            distance_line("after", self.errors.rmsd),
            heading("bonds, Angstrom", BOND_COLUMNS),
            *(bond_line(f"{bond}, before", error) for bond, error in self.before.bonds.items()),
            *(bond_line(f"{bond}, after", error) for bond, error in self.errors.bonds.items()),
            *failure_lines(self.failures, "could not be refined"),
        ]


@dataclass(frozen=True)
class MoleculeRoundTrip:
    """The result of a round trip of many molecules.

    Parameters
    ----------
    tokenizer, fingerprint : str
    closed_loop : bool
    records : int
        Records taken, failures included.
    failures : tuple of Failure
    errors : MoleculeErrors
        Over the records that did not fail.
    codes : CodeUse
    encode_per_second, decode_per_second : float
        Molecules per second, without the time of measuring.
    each : tuple of MoleculeError
        One per molecule that did not fail, in order.
    refined : RefinedMolecules, optional
    """

    tokenizer: str
    fingerprint: str
    closed_loop: bool
    records: int
    failures: tuple[Failure, ...]
    errors: MoleculeErrors
    codes: CodeUse
    encode_per_second: float
    decode_per_second: float
    each: tuple[MoleculeError, ...]
    refined: RefinedMolecules | None = None

    def worst(self, count: int) -> list[MoleculeError]:
        """Return the molecules of largest RMSD, the worst first."""
        return sorted(self.each, key=lambda one: -one.rmsd)[:count]

    def as_text(self, worst: int = 0) -> str:
        """Return the figures as lines of text, with the ``worst`` molecules at the end."""
        loop = "closed loop" if self.closed_loop else "open loop"
        lines = [
            f"{self.tokenizer} ({self.fingerprint}), {loop}: {self.records:,} molecules, {len(self.failures):,} failed",
        ]
        if self.each:
            lines += [
                *self.errors.lines(),
                codes_line(self.codes),
                f"rates: encode {self.encode_per_second:,.0f} molecules/s, "
                f"decode {self.decode_per_second:,.0f} molecules/s",
            ]
            lines += self.refined.lines() if self.refined is not None else []
        if worst:
            lines.append("largest RMSD:")
            lines += [
                f"  {one.rmsd:.3f} A, {one.num_atoms} atoms, record {one.record} {one.name}: {one.smiles}"
                for one in self.worst(worst)
            ]
        return "\n".join([*lines, *failure_lines(self.failures, "failed")])
