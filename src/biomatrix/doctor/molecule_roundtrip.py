"""Molecules through a structure tokenizer and back: what fails, how far atoms move, what bonds lose, how fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from biomatrix.doctor.molecule_errors import MoleculeError, MoleculeErrors, MoleculeTally
from biomatrix.doctor.statistics import CodeUse, Failure, batches_of, rate
from biomatrix.entities import Molecule, MoleculeCodes, MoleculeStructureTokenizer, Reject
from biomatrix.entities.molecule.structure.refinement import Method, refine
from biomatrix.errors import BioMatrixError

BATCH = 256
"""Molecules given to the tokenizer at once."""


@dataclass(frozen=True)
class RefinedMolecules:
    """The same molecules after a force field ran on what was decoded.

    Parameters
    ----------
    method : str
        "mmff", "uff" or "xtb".
    errors : MoleculeErrors
        To the originals, as before.
    before : MoleculeErrors
        Of the same molecules without refinement: those that could not be refined are in neither.
    failures : tuple of Failure
        Molecules that could not be refined, with reasons.
    converged : int
    molecules_per_second : float
    """

    method: str
    errors: MoleculeErrors
    before: MoleculeErrors
    failures: tuple[Failure, ...]
    converged: int
    molecules_per_second: float


@dataclass(frozen=True)
class MoleculeRoundTrip:
    """What a round trip of many molecules gave.

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
        Molecules a second, measuring not counted.
    each : tuple of MoleculeError
        One a molecule that did not fail, in order.
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


def measure_molecules(
    molecules: Iterable[Molecule | Reject],
    tokenizer: MoleculeStructureTokenizer,
    *,
    refinement: Method | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> MoleculeRoundTrip:
    """Encode and decode molecules and compare what came back with what went in.

    Parameters
    ----------
    molecules : iterable of Molecule or Reject
        With a conformer. A record that could not be read counts as a failure.
    tokenizer : MoleculeStructureTokenizer
    refinement : {"mmff", "uff", "xtb"}, optional
        Also refine every decoded molecule and measure again; never done unless asked for.
    progress : callable
        Told how many records have been done since it was last called.
    """
    trip = _Trip(tokenizer, refinement, progress)
    for given, unread in batches_of(molecules, BATCH):
        trip.add(given, unread)
    return trip.result()


class _Trip:
    """Collects batches."""

    def __init__(
        self, tokenizer: MoleculeStructureTokenizer, refinement: Method | None, progress: Callable[[int], None]
    ) -> None:
        self.tokenizer, self.refinement, self.progress = tokenizer, refinement, progress
        self.tally = MoleculeTally()
        self.failures: list[Failure] = []
        self.counts = np.zeros(tokenizer.num_codes, dtype=np.int64)
        self.records = self.encoded = self.decoded = self.converged = 0
        self.seconds = {"encode": 0.0, "decode": 0.0, "refine": 0.0}
        self.refined, self.before = MoleculeTally(), MoleculeTally()
        self.refinement_failures: list[Failure] = []

    def add(self, given: list[tuple[int, Molecule]], unread: list[Failure]) -> None:
        self.failures += unread
        self.records += len(given) + len(unread)
        coded = self._encode(given)
        started = time.perf_counter()
        decoded = self.tokenizer.decode_each([codes for _, _, codes in coded])
        self.seconds["decode"] += time.perf_counter() - started
        self.decoded += len(coded)
        self.progress(len(given) + len(unread) - len(coded))
        for (number, molecule, _), back in zip(coded, decoded, strict=True):
            self._compare(number, molecule, back)
            self.progress(1)

    def _encode(self, given: list[tuple[int, Molecule]]) -> list[tuple[int, Molecule, MoleculeCodes]]:
        started = time.perf_counter()
        encoded = self.tokenizer.encode_each([molecule for _, molecule in given])
        self.seconds["encode"] += time.perf_counter() - started
        self.encoded += len(given)
        kept = []
        for (number, molecule), codes in zip(given, encoded, strict=True):
            if isinstance(codes, BioMatrixError):
                self.failures.append(Failure.of_error(codes, "encode", number, molecule.name))
                continue
            self.counts += np.bincount(codes.atom_codes, minlength=len(self.counts))
            kept.append((number, molecule, codes))
        return kept

    def _compare(self, number: int, molecule: Molecule, back: Molecule | BioMatrixError) -> None:
        if isinstance(back, BioMatrixError):
            self.failures.append(Failure.of_error(back, "decode", number, molecule.name))
            return
        try:
            ordered = self.tokenizer.prepare(molecule)
            self.tally.add(number, molecule, ordered, back)
        except BioMatrixError as error:
            self.failures.append(Failure.of_error(error, "compare", number, molecule.name))
            return
        if self.refinement is None:
            return
        started = time.perf_counter()
        try:
            refined = refine(back, self.refinement)
        except BioMatrixError as error:
            self.refinement_failures.append(Failure.of_error(error, "compare", number, molecule.name))
            return
        finally:
            self.seconds["refine"] += time.perf_counter() - started
        self.converged += refined.converged
        self.before.add(number, molecule, ordered, back)
        self.refined.add(number, molecule, ordered, refined.molecule)

    def result(self) -> MoleculeRoundTrip:
        return MoleculeRoundTrip(
            tokenizer=self.tokenizer.name,
            fingerprint=self.tokenizer.fingerprint,
            closed_loop=self.tokenizer.closed_loop,
            records=self.records,
            failures=tuple(self.failures),
            errors=self.tally.errors(),
            codes=CodeUse.of(self.counts),
            encode_per_second=rate(self.encoded, self.seconds["encode"]),
            decode_per_second=rate(self.decoded, self.seconds["decode"]),
            each=tuple(self.tally.each),
            refined=self._refined(),
        )

    def _refined(self) -> RefinedMolecules | None:
        if self.refinement is None:
            return None
        done = len(self.refined.each)
        return RefinedMolecules(
            self.refinement,
            self.refined.errors(),
            self.before.errors(),
            tuple(self.refinement_failures),
            self.converged,
            rate(done + len(self.refinement_failures), self.seconds["refine"]),
        )
