"""Protein chains through a structure tokenizer and back: errors, bonds, codes, rates, and what wrong codes do."""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.round_trip.errors import ProteinTally
from biomatrix.entities.protein.round_trip.options import ProteinRoundTripOptions
from biomatrix.entities.protein.round_trip.result import NoisyProteins, ProteinRoundTrip
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.entities.rejects import Reject
from biomatrix.entities.round_trip import BATCH, Failure, RecordSource, Told, batches_of
from biomatrix.errors import BioMatrixError, UnsupportedError
from biomatrix.metrics.codes import BigramModel, CodeUse, replaced
from biomatrix.progress import per_second

Codes = NDArray[np.int16]


def round_trip(
    source: RecordSource, tokenizer: str, options: ProteinRoundTripOptions, progress: Told = lambda _: None
) -> ProteinRoundTrip:
    """Measure the chains of a source; ``tokenizer`` is a name or a folder.

    Raises
    ------
    BioMatrixError
        The tokenizer cannot be opened. Single bad records are failures in the result.
    """
    opened = ProteinStructureTokenizer.from_pretrained(tokenizer)
    return measure_proteins(source.records, opened, noise=options.noise, seed=options.seed, progress=progress)


def measure_proteins(
    proteins: Iterable[Protein | Reject],
    tokenizer: ProteinStructureTokenizer,
    *,
    noise: float = 0.0,
    seed: int = 0,
    progress: Told = lambda _: None,
) -> ProteinRoundTrip:
    """Encode and decode chains and compare what came back with what went in.

    Parameters
    ----------
    proteins : iterable of Protein or Reject
        With a backbone. A record that could not be read counts as a failure.
    tokenizer : ProteinStructureTokenizer
    noise : float
        Also replace this share of the codes by samples of a bigram model fitted on the codes of these chains, and
        measure again. The chains are then held in memory.
    seed : int
        Seed of the replacement.
    progress : callable
        Called with the number of records done since its last call.
    """
    trip = _Trip(tokenizer, keep=noise > 0.0)
    for chains, unread in batches_of(proteins, BATCH):
        trip.add(chains, unread)
        progress(len(chains) + len(unread))
    return trip.result(noise, seed)


class _Trip:
    """Collects the results of batches."""

    def __init__(self, tokenizer: ProteinStructureTokenizer, *, keep: bool) -> None:
        self.tokenizer, self.keep = tokenizer, keep
        self.tally = ProteinTally()
        self.failures: list[Failure] = []
        self.counts = np.zeros(tokenizer.num_codes, dtype=np.int64)
        self.kept: list[tuple[int, Protein, Codes]] = []
        self.records = 0
        self.residues = {"encode": 0, "decode": 0}
        self.seconds = {"encode": 0.0, "decode": 0.0}

    def add(self, chains: list[tuple[int, Protein]], unread: list[Failure]) -> None:
        self.failures += unread
        self.records += len(chains) + len(unread)
        coded = self._encode(chains)
        started = time.perf_counter()
        decoded = self.tokenizer.decode_each([codes for _, _, codes in coded])
        self.seconds["decode"] += time.perf_counter() - started
        self.residues["decode"] += sum(len(protein) for _, protein, _ in coded)
        for (number, protein, codes), back in zip(coded, decoded, strict=True):
            if isinstance(back, BioMatrixError):
                self.failures.append(Failure.of_error(back, "decode", number, protein.name))
                continue
            try:
                self.tally.add(number, protein, back)
            except BioMatrixError as error:
                self.failures.append(Failure.of_error(error, "compare", number, protein.name))
                continue
            self.counts += np.bincount(codes[codes >= 0], minlength=len(self.counts))
            if self.keep:
                self.kept.append((number, protein, codes))

    def _encode(self, chains: list[tuple[int, Protein]]) -> list[tuple[int, Protein, Codes]]:
        fitting = []
        for number, protein in chains:
            if protein.resolved.any():
                fitting.append((number, protein))
                continue
            error = UnsupportedError("no residue has all of N, CA and C")
            self.failures.append(Failure.of_error(error, "encode", number, protein.name))
        started = time.perf_counter()
        results = self.tokenizer.encode_each([protein for _, protein in fitting])
        self.seconds["encode"] += time.perf_counter() - started
        coded: list[tuple[int, Protein, Codes]] = []
        for (number, protein), codes in zip(fitting, results, strict=True):
            if isinstance(codes, BioMatrixError):
                self.failures.append(Failure.of_error(codes, "encode", number, protein.name))
            else:
                coded.append((number, protein, codes))
        self.residues["encode"] += sum(len(protein) for _, protein, _ in coded)
        return coded

    def result(self, noise: float, seed: int) -> ProteinRoundTrip:
        return ProteinRoundTrip(
            tokenizer=self.tokenizer.name,
            fingerprint=self.tokenizer.fingerprint,
            records=self.records,
            residues=sum(one.num_residues for one in self.tally.each),
            failures=tuple(self.failures),
            errors=self.tally.errors(),
            codes=CodeUse.of(self.counts),
            encode_residues_per_second=per_second(self.residues["encode"], self.seconds["encode"]),
            decode_residues_per_second=per_second(self.residues["decode"], self.seconds["decode"]),
            each=tuple(self.tally.each),
            noisy=self._noisy(noise, seed) if self.keep and self.kept else None,
        )

    def _noisy(self, share: float, seed: int) -> NoisyProteins:
        generator = np.random.default_rng(seed)
        model = BigramModel([codes for _, _, codes in self.kept], self.tokenizer.num_codes)
        wrong = [replaced(codes, share, model, generator) for _, _, codes in self.kept]
        tally = ProteinTally()
        for start in range(0, len(wrong), BATCH):
            backs = self.tokenizer.decode(wrong[start : start + BATCH])
            for (number, protein, _), back in zip(self.kept[start : start + BATCH], backs, strict=True):
                tally.add(number, protein, back)
        differing = sum(int((a != codes).sum()) for a, (_, _, codes) in zip(wrong, self.kept, strict=True))
        total = sum(int((codes >= 0).sum()) for _, _, codes in self.kept)
        return NoisyProteins(share, seed, differing / total, tally.errors())
