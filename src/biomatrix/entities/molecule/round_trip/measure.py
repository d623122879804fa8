"""Molecules through a structure tokenizer and back: what fails, how far atoms move, how bonds change, how fast."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.round_trip.errors import MoleculeTally
from biomatrix.entities.molecule.round_trip.options import MoleculeRoundTripOptions
from biomatrix.entities.molecule.round_trip.result import MoleculeRoundTrip, RefinedMolecules
from biomatrix.entities.molecule.structure.refinement import Method, refine
from biomatrix.entities.molecule.structure.tokenizer import MoleculeCodes, MoleculeStructureTokenizer
from biomatrix.entities.rejects import Reject
from biomatrix.entities.round_trip import BATCH, Failure, RecordSource, Told, batches_of
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.metrics.codes import CodeUse
from biomatrix.progress import per_second


def round_trip(
    source: RecordSource, tokenizer: str, options: MoleculeRoundTripOptions, progress: Told = lambda _: None
) -> MoleculeRoundTrip:
    """Measure the molecules of a source; ``tokenizer`` is a name, a folder or a safetensors file of published weights.

    Raises
    ------
    ConfigurationError
        The source holds no coordinates, and ``options.embed`` is off.
    BioMatrixError
        The tokenizer cannot be opened. Single bad records are failures in the result.
    """
    records = source.records
    if not source.structure:
        if not options.embed:
            raise ConfigurationError(
                "SMILES and SELFIES hold no coordinates: let them be embedded, or give a file with conformers",
                file=source.file,
            )
        records = embedded(records, source.file, options.embed_attempts)
    settings: dict[str, Any] = {"closed_loop": options.closed_loop, "decoder": options.decoder}
    if options.reference:
        settings["reference"] = True
    opened = MoleculeStructureTokenizer.from_pretrained(tokenizer, **settings)
    return measure_molecules(records, opened, refinement=options.refine, progress=progress)


def measure_molecules(
    molecules: Iterable[Molecule | Reject],
    tokenizer: MoleculeStructureTokenizer,
    *,
    refinement: Method | None = None,
    progress: Told = lambda _: None,
) -> MoleculeRoundTrip:
    """Encode and decode molecules and compare the results with the originals.

    Parameters
    ----------
    molecules : iterable of Molecule or Reject
        With a conformer. A record that could not be read counts as a failure.
    tokenizer : MoleculeStructureTokenizer
    refinement : {"mmff", "uff", "xtb"}, optional
        Also refine every decoded molecule and measure again; never done unless asked for.
    progress : callable
        Called with the number of records done since its last call.
    """
    trip = _Trip(tokenizer, refinement, progress)
    for batch, unread in batches_of(molecules, BATCH):
        trip.add(batch, unread)
    return trip.result()


def embedded(
    records: Iterable[Molecule | Reject], file: str, attempts: int | None = None
) -> Iterator[Molecule | Reject]:
    """Yield molecules embedded by ETKDGv3 (seed 0), then MMFF94; one that cannot be, in so many, is a Reject."""
    for record in records:
        if isinstance(record, Reject):
            yield record
            continue
        try:
            yield record.embed(seed=0, attempts=attempts)
        except BioMatrixError as error:
            yield Reject.from_error(error, file, record.name or None)


class _Trip:
    """Collects the figures of batches."""

    def __init__(self, tokenizer: MoleculeStructureTokenizer, refinement: Method | None, progress: Told) -> None:
        self.tokenizer, self.refinement, self.progress = tokenizer, refinement, progress
        self.tally = MoleculeTally()
        self.failures: list[Failure] = []
        self.counts = np.zeros(tokenizer.num_codes, dtype=np.int64)
        self.records = self.encoded = self.decoded = self.converged = 0
        self.seconds = {"encode": 0.0, "decode": 0.0, "refine": 0.0}
        self.refined, self.before = MoleculeTally(), MoleculeTally()
        self.refinement_failures: list[Failure] = []

    def add(self, batch: list[tuple[int, Molecule]], unread: list[Failure]) -> None:
        self.failures += unread
        self.records += len(batch) + len(unread)
        coded = self._encode(batch)
        started = time.perf_counter()
        decoded = self.tokenizer.decode_each([codes for _, _, codes in coded])
        self.seconds["decode"] += time.perf_counter() - started
        self.decoded += len(coded)
        self.progress(len(batch) + len(unread) - len(coded))
        for (number, molecule, _), back in zip(coded, decoded, strict=True):
            self._compare(number, molecule, back)
            self.progress(1)

    def _encode(self, batch: list[tuple[int, Molecule]]) -> list[tuple[int, Molecule, MoleculeCodes]]:
        started = time.perf_counter()
        encoded = self.tokenizer.encode_each([molecule for _, molecule in batch])
        self.seconds["encode"] += time.perf_counter() - started
        self.encoded += len(batch)
        kept = []
        for (number, molecule), codes in zip(batch, encoded, strict=True):
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
            encode_per_second=per_second(self.encoded, self.seconds["encode"]),
            decode_per_second=per_second(self.decoded, self.seconds["decode"]),
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
            per_second(done + len(self.refinement_failures), self.seconds["refine"]),
        )
