"""Chains of any kind on their way through a structure tokenizer and back, batch by batch.

Legend: L residues.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.rejects import Reject
from biomatrix.entities.round_trip import BATCH, Failure, Told, batches_of
from biomatrix.entities.structure_tokenizer import StructureTokenizer
from biomatrix.errors import BioMatrixError, UnsupportedError
from biomatrix.metrics.codes import BigramModel, CodeUse, replaced
from biomatrix.progress import per_second

Codes = NDArray[np.int16]
ChainT = TypeVar("ChainT", bound=Entity)
ChainT_contra = TypeVar("ChainT_contra", contravariant=True)


class Tally(Protocol[ChainT_contra]):
    """Collects chains and what came back of them."""

    @property
    def each(self) -> Sequence[Any]:
        """One dataclass of figures per chain, in order."""

    def add(self, record: int, chain: ChainT_contra, decoded: NDArray[np.float32], /) -> Any:
        """Compare a decoded backbone with its original. Raises BioMatrixError where it cannot be compared."""


TallyT = TypeVar("TallyT", bound=Tally[Any])


class ChainTrip(Generic[ChainT, TallyT]):
    """Collects the results of batches of chains.

    Parameters
    ----------
    tokenizer : StructureTokenizer
        One code per residue, -1 where it is not resolved.
    new_tally : callable
        Returns an empty tally.
    why_not : callable
        Takes a chain; returns why it has no residue to encode, "" where it has.
    keep : bool
        Hold chains and codes in memory, which wrong codes need.
    """

    def __init__(
        self,
        tokenizer: StructureTokenizer[ChainT, Codes, Any, NDArray[np.float32]],
        new_tally: Callable[[], TallyT],
        why_not: Callable[[ChainT], str],
        *,
        keep: bool = False,
    ) -> None:
        self.tokenizer, self._new_tally, self._why_not, self._keep = tokenizer, new_tally, why_not, keep
        self.tally = new_tally()
        self.failures: list[Failure] = []
        self.counts = np.zeros(tokenizer.num_codes, dtype=np.int64)
        self.kept: list[tuple[int, ChainT, Codes]] = []
        self.records = 0
        self._residues = {"encode": 0, "decode": 0}
        self._seconds = {"encode": 0.0, "decode": 0.0}

    def run(self, chains: Iterable[ChainT | Reject], progress: Told) -> None:
        """Take all chains; ``progress`` is called with the number of records done since its last call."""
        for batch, unread in batches_of(chains, BATCH):
            self.failures += unread
            self.records += len(batch) + len(unread)
            self._decode(self._encode(batch))
            progress(len(batch) + len(unread))

    @property
    def codes(self) -> CodeUse:
        """How much of the codebook is in use."""
        return CodeUse.of(self.counts)

    def rate(self, stage: str) -> float:
        """Return the residues per second of ``encode`` or ``decode``."""
        return per_second(self._residues[stage], self._seconds[stage])

    def with_wrong_codes(self, share: float, seed: int) -> tuple[float, TallyT] | None:
        """Replace a share of the codes of the chains kept by samples of a bigram model of them, and decode.

        Returns
        -------
        changed : float
            The share of codes that then differ: a draw may give the code that was there.
        tally : Tally
            None instead of both where no chain was kept.
        """
        if not self.kept:
            return None
        generator = np.random.default_rng(seed)
        model = BigramModel([codes for _, _, codes in self.kept], self.tokenizer.num_codes)
        wrong = [replaced(codes, share, model, generator) for _, _, codes in self.kept]
        tally = self._new_tally()
        for start in range(0, len(wrong), BATCH):
            backs = self.tokenizer.decode(wrong[start : start + BATCH])
            for (number, chain, _), back in zip(self.kept[start : start + BATCH], backs, strict=True):
                tally.add(number, chain, back)
        differing = sum(int((a != codes).sum()) for a, (_, _, codes) in zip(wrong, self.kept, strict=True))
        return differing / sum(int((codes >= 0).sum()) for _, _, codes in self.kept), tally

    def _encode(self, batch: list[tuple[int, ChainT]]) -> list[tuple[int, ChainT, Codes]]:
        fitting = []
        for number, chain in batch:
            if reason := self._why_not(chain):
                self.failures.append(Failure.of_error(UnsupportedError(reason), "encode", number, chain.name))
            else:
                fitting.append((number, chain))
        started = time.perf_counter()
        results = self.tokenizer.encode_each([chain for _, chain in fitting])
        self._seconds["encode"] += time.perf_counter() - started
        coded: list[tuple[int, ChainT, Codes]] = []
        for (number, chain), codes in zip(fitting, results, strict=True):
            if isinstance(codes, BioMatrixError):
                self.failures.append(Failure.of_error(codes, "encode", number, chain.name))
            else:
                coded.append((number, chain, codes))
        self._residues["encode"] += sum(len(codes) for _, _, codes in coded)
        return coded

    def _decode(self, coded: list[tuple[int, ChainT, Codes]]) -> None:
        started = time.perf_counter()
        decoded = self.tokenizer.decode_each([codes for _, _, codes in coded])
        self._seconds["decode"] += time.perf_counter() - started
        self._residues["decode"] += sum(len(codes) for _, _, codes in coded)
        for (number, chain, codes), back in zip(coded, decoded, strict=True):
            if isinstance(back, BioMatrixError):
                self.failures.append(Failure.of_error(back, "decode", number, chain.name))
                continue
            try:
                self.tally.add(number, chain, back)
            except BioMatrixError as error:
                self.failures.append(Failure.of_error(error, "compare", number, chain.name))
                continue
            self.counts += np.bincount(codes[codes >= 0], minlength=len(self.counts))
            if self._keep:
                self.kept.append((number, chain, codes))
