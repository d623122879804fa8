"""Round trips in words: tables of figures, then failures by reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from biomatrix.doctor.molecule_errors import MoleculeErrors
from biomatrix.doctor.molecule_roundtrip import MoleculeRoundTrip
from biomatrix.doctor.protein_errors import ProteinErrors
from biomatrix.doctor.protein_roundtrip import ProteinRoundTrip
from biomatrix.doctor.statistics import BondError, CodeUse, Failure, Share, Spread, reasons

SHOWN_TYPES = 12
"""Bond types in the text, the most frequent; JSON has them all."""
SHOWN_REASONS = 8
SHOWN_RECORDS = 5
"""Reasons of failures in the text, and records named for each."""

_WIDTH = 28


def molecule_text(trip: MoleculeRoundTrip, worst: int = 0) -> str:
    """Return a round trip of molecules as lines of text, with the ``worst`` molecules at the end."""
    loop = "closed loop" if trip.closed_loop else "open loop"
    lines = [
        f"{trip.tokenizer} ({trip.fingerprint}), {loop}: {trip.records:,} molecules, {len(trip.failures):,} failed",
    ]
    if trip.each:
        lines += [
            *_molecule_errors(trip.errors),
            _codes(trip.codes),
            f"rates: encode {trip.encode_per_second:,.0f} molecules/s, "
            f"decode {trip.decode_per_second:,.0f} molecules/s",
        ]
    refined = trip.refined
    if refined is not None and trip.each:
        title = f"after {refined.method}, {refined.errors.rmsd.count:,} molecules, {refined.converged:,} converged"
        lines += [
            f"{title}, {refined.molecules_per_second:,.1f} molecules/s",
            _heading("RMSD, Angstrom", ("count", "mean", "median", "p95", "max")),
            _spread("before", refined.before.rmsd),
            _spread("after", refined.errors.rmsd),
            _heading("bonds, Angstrom", ("count", "MAE", "bias", "max")),
            *(_bond(f"{bond}, before", error) for bond, error in refined.before.bonds.items()),
            *(_bond(f"{bond}, after", error) for bond, error in refined.errors.bonds.items()),
            *_failures(refined.failures, "could not be refined"),
        ]
    if worst:
        lines.append("largest RMSD:")
        lines += [
            f"  {one.rmsd:.3f} A, {one.num_atoms} atoms, record {one.record} {one.name}: {one.smiles}"
            for one in trip.worst(worst)
        ]
    return "\n".join([*lines, *_failures(trip.failures, "failed")])


def protein_text(trip: ProteinRoundTrip, worst: int = 0) -> str:
    """Return a round trip of chains as lines of text, with the ``worst`` chains at the end."""
    lines = [
        f"{trip.tokenizer} ({trip.fingerprint}): {trip.records:,} chains, {trip.residues:,} residues, "
        f"{len(trip.failures):,} failed",
    ]
    if trip.each:
        lines += [
            *_protein_errors(trip.errors),
            _codes(trip.codes),
            f"rates: encode {trip.encode_residues_per_second:,.0f} residues/s, "
            f"decode {trip.decode_residues_per_second:,.0f} residues/s",
        ]
    if trip.noisy is not None:
        noisy = trip.noisy
        lines += [
            f"after {noisy.share:.1%} of the codes were drawn anew from a bigram model (seed {noisy.seed}), "
            f"{noisy.changed:.1%} changed:",
            *_protein_errors(noisy.errors),
        ]
    if worst:
        lines.append("largest RMSD:")
        lines += [
            f"  {one.rmsd:.3f} A, TM-score {one.tm_score:.3f}, {one.num_residues} residues, {one.num_breaks} breaks, "
            f"record {one.record} {one.name} {one.chain}"
            for one in trip.worst(worst)
        ]
    return "\n".join([*lines, *_failures(trip.failures, "failed")])


def _molecule_errors(errors: MoleculeErrors) -> list[str]:
    return [
        _heading("RMSD, Angstrom", ("count", "mean", "median", "p95", "max")),
        _spread("all atoms", errors.rmsd),
        *(_spread(f"{label} atoms", spread) for label, spread in errors.rmsd_by_atoms.items()),
        _spread("heavy atoms alone", errors.heavy_rmsd),
        _heading("bond lengths, Angstrom", ("count", "MAE", "bias", "max")),
        *(_bond(label, error) for label, error in errors.bonds.items()),
        *(_bond(label, error) for label, error in list(errors.bonds_by_type.items())[:SHOWN_TYPES]),
        f"same isomeric SMILES: {_share(errors.same_stereochemistry)}; stereocentres: {_share(errors.handedness)}; "
        f"E/Z: {_share(errors.double_bonds)}",
    ]


def _protein_errors(errors: ProteinErrors) -> list[str]:
    return [
        _heading("RMSD of N, CA, C, Angstrom", ("count", "mean", "median", "p95", "max")),
        _spread("all", errors.rmsd),
        *_by_length(errors.rmsd_by_length),
        *(_spread(label, spread) for label, spread in errors.rmsd_by_breaks.items() if spread.count),
        _heading("TM-score", ("count", "mean", "median", "p5", "min")),
        _score("all", errors.tm_score),
        *(_score(f"{label} residues", spread) for label, spread in errors.tm_score_by_length.items()),
        _heading("bond lengths, Angstrom", ("count", "MAE", "bias", "max")),
        *(_bond(label, error) for label, error in errors.bonds.items()),
        *(_bond(f"{label}, to ideal", error) for label, error in errors.bonds_to_ideal.items()),
        f"omega kept trans or cis: {_share(errors.omega)}",
    ]


def _by_length(spreads: Mapping[str, Spread]) -> list[str]:
    return [_spread(f"{label} residues", spread) for label, spread in spreads.items()]


def _heading(title: str, columns: Sequence[str]) -> str:
    return f"{title:{_WIDTH}}" + "".join(f"{column:>9}" for column in columns)


def _row(label: str, count: int, values: Sequence[float]) -> str:
    return f"{'  ' + label:{_WIDTH}}{count:9,}" + "".join(f"{value:9.4f}" for value in values)


def _spread(label: str, spread: Spread) -> str:
    return _row(label, spread.count, (spread.mean, spread.median, spread.p95, spread.max))


def _score(label: str, spread: Spread) -> str:
    return _row(label, spread.count, (spread.mean, spread.median, spread.p5, spread.min))


def _bond(label: str, error: BondError) -> str:
    return _row(label, error.count, (error.mae, error.bias, error.max))


def _share(share: Share) -> str:
    return f"{share.kept:,} of {share.total:,}" + (f" ({share.value:.2%})" if share.total else "")


def _codes(use: CodeUse) -> str:
    return f"codes used: {use.used:,} of {use.num_codes:,}, perplexity {use.perplexity:.1f}, {use.total:,} codes"


def _failures(failures: Sequence[Failure], what: str) -> list[str]:
    """One line a reason, the most frequent first, with the first few records it befell."""
    if not failures:
        return []
    lines = [f"{len(failures):,} {what}:"]
    counted = reasons(failures)
    for reason, count in list(counted.items())[:SHOWN_REASONS]:
        named = [_named(failure) for failure in failures if failure.full_reason == reason]
        more = ", ..." if count > SHOWN_RECORDS else ""
        lines.append(f"  {count:,} x {reason} ({', '.join(named[:SHOWN_RECORDS])}{more})")
    if len(counted) > SHOWN_REASONS:
        lines.append(f"  and {len(counted) - SHOWN_REASONS:,} more reasons; --json lists all failures")
    return lines


def _named(failure: Failure) -> str:
    return "the file" if failure.record is None else f"record {failure.record} {failure.name}".rstrip()
