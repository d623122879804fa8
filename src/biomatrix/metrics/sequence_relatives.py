"""The closest relative that each sequence of a set has among others that stream past, by identity of an alignment.

What shares words along a diagonal (:mod:`biomatrix.metrics.shared_words`) is scored there without gaps by BLOSUM62, and
where that exceeds what chance gives, aligned locally in a band around it, with gaps of 11 and 1. The identity is the
share of the aligned columns, gaps included, that are the same letter in both; an alignment counts where it covers
enough of the sequence of the set.

The search finds what shares words. Of chains that were mutated with gaps, 99 % are found at 50 % identity and above,
84 % at 40 %, 56 % at 30 %: there, what it counts is a lower bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from biomatrix.metrics.shared_words import Candidate, SharedWords

COVERAGE: Final = 0.8
"""The least share of a sequence of the set that an alignment covers."""
_GAPS: Final = (-11, -1)
_BAND: Final = 24
"""Diagonals on either side of the best one."""
_DIAGONALS: Final = 16
"""Diagonals from the one that a candidate names."""
_LEAST_SCORE: Final = 34
"""The BLOSUM62 score of the best stretch without gaps; unrelated chains of 200 residues reach 27 on the average."""
_PAD_SCORE: Final = -8
_STANDARD: Final = str.maketrans({"U": "C", "O": "K", "J": "L"})
"""Amino acids that BLOSUM62 lacks, as the ones that they stand closest to."""


class Relative(NamedTuple):
    """The closest relative found: its identity, from 0 to 1, and its name; an identity of 0 where there is none."""

    identity: float
    name: str


class SequenceRelatives:
    """The closest relatives of a set of sequences.

    Parameters
    ----------
    sequences : sequence of str
        Distinct; amino acids in upper case.
    enough : float
        The identity from which on a sequence is not compared with more, since nothing closer is asked for.
    """

    def __init__(self, sequences: Sequence[str], enough: float = 0.9) -> None:
        self._sequences = [sequence.translate(_STANDARD) for sequence in sequences]
        self._enough = enough
        self._coded: dict[int, NDArray[np.uint8]] = {}
        self.found = [Relative(0.0, "")] * len(self._sequences)
        self._exact = {sequence: index for index, sequence in enumerate(self._sequences)}

    @cached_property
    def _words(self) -> SharedWords:
        return SharedWords(self._sequences)

    @cached_property
    def _blosum(self) -> _Blosum:
        return _Blosum()

    def add(self, sequence: str, name: str) -> None:
        """Compare another sequence with those of the set that may be related to it."""
        written = sequence.translate(_STANDARD)
        same = self._exact.get(written)
        if same is not None:
            self._keep(same, Relative(1.0, name))
        letters = self._blosum.codes(written)
        for candidate in self._words.candidates(written):
            index = candidate.member
            if self.found[index].identity < self._enough and self._is_likely(candidate):
                own = self._own_codes(index)
                score, diagonal = self._blosum.best_diagonal(letters, own, candidate.diagonal)
                if score >= _LEAST_SCORE:
                    self._keep(index, Relative(self._blosum.identity(letters, own, diagonal), name))

    def _keep(self, index: int, relative: Relative) -> None:
        if relative.identity > self.found[index].identity:
            self.found[index] = relative

    def _is_likely(self, candidate: Candidate) -> bool:
        """Return whether enough words are shared for 30 % identity: 0.3 ** 3 a residue, half of that in one place."""
        return candidate.words >= max(3.0, 0.3**3 / 2 * len(self._sequences[candidate.member]))

    def _own_codes(self, index: int) -> NDArray[np.uint8]:
        if index not in self._coded:
            self._coded[index] = self._blosum.codes(self._sequences[index])
        return self._coded[index]


class _Blosum:
    """Alignments by BLOSUM62, of letters as numbers of its alphabet, ``uint8 [L]``."""

    def __init__(self) -> None:
        from biotite.sequence.align import SubstitutionMatrix

        self._matrix = SubstitutionMatrix.std_protein_matrix()
        alphabet = self._matrix.get_alphabet1().get_symbols()
        self._codes = np.full(256, alphabet.index("X"), dtype=np.uint8)
        for code, letter in enumerate(alphabet):
            self._codes[ord(letter)] = code
        self._pad = len(alphabet)
        scores = np.full((self._pad, self._pad + 1), _PAD_SCORE, dtype=np.int32)
        scores[:, : self._pad] = self._matrix.score_matrix()
        self._scores = scores

    def codes(self, sequence: str) -> NDArray[np.uint8]:
        """Return the letters of a sequence as numbers."""
        return self._codes[np.frombuffer(sequence.encode("ascii", "replace"), dtype=np.uint8)]

    def best_diagonal(self, other: NDArray[np.uint8], own: NDArray[np.uint8], first: int) -> tuple[int, int]:
        """Return the best score without gaps on one of some diagonals, from the first on, and which one that is."""
        padding = np.full(len(other) + _DIAGONALS, self._pad, dtype=np.uint8)
        padded = np.concatenate([padding, own, padding])
        start = len(padding) + first
        rows = np.lib.stride_tricks.sliding_window_view(padded, len(other))[max(start, 0) : start + _DIAGONALS]
        if not len(rows):
            return 0, first
        sums = np.cumsum(self._scores[other, rows], axis=1)
        best = (sums - np.minimum(np.minimum.accumulate(sums, axis=1), 0)).max(axis=1)
        at = int(best.argmax())
        return int(best[at]), max(start, 0) - len(padding) + at

    def identity(self, other: NDArray[np.uint8], own: NDArray[np.uint8], diagonal: int) -> float:
        """Return the identity of the best local alignment round a diagonal; 0 where it covers too little of `own`."""
        from biotite.sequence.align import align_banded

        rows, columns = self._sequence(other), self._sequence(own)
        band = max(diagonal - _BAND, 1 - len(other)), min(diagonal + _BAND, len(own) - 1)
        found = align_banded(rows, columns, self._matrix, band, _GAPS, local=True, max_number=1)
        return _identity(found[0].trace, other, own)

    def _sequence(self, codes: NDArray[np.uint8]) -> Any:
        from biotite.sequence import ProteinSequence

        sequence = ProteinSequence()
        sequence.code = codes
        return sequence


def _identity(trace: NDArray[np.int64], other: NDArray[np.uint8], own: NDArray[np.uint8]) -> float:
    both = (trace >= 0).all(axis=1)
    covered = int((trace[:, 1] >= 0).sum())
    if covered < COVERAGE * len(own):
        return 0.0
    same = other[trace[both, 0]] == own[trace[both, 1]]
    return float(same.sum()) / len(trace)
