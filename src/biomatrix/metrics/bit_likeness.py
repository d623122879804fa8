"""Tanimoto similarity of one set of features to many, as bits in 64-bit words; and the features of texts.

Legend: n sets, w words of 64 bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

TEXT_BITS: Final = 4096
_WORD: Final = re.compile(r"\w+")
_LETTERS: Final = "ACDEFGHIKLMNPQRSTVWY"
_RUN: Final = 3
_ROWS: Final = 4096
"""Sets compared at once, so that they stay in the processor's cache."""


def packed(bits: ArrayLike) -> NDArray[np.uint64]:
    """Return bits as words, ``bool [b]`` as ``uint64 [w]``; what is missing from the last word is 0."""
    values = np.asarray(bits, dtype=bool)
    return np.packbits(np.pad(values, (0, -len(values) % 64))).view(np.uint64)


@dataclass(frozen=True, eq=False)
class BitSets:
    """Many sets of bits, to which others are compared.

    Parameters
    ----------
    words : ndarray, shape=(n, w), dtype=uint64
    sizes : ndarray, shape=(n,), dtype=int64
        The bits that each has.
    """

    words: NDArray[np.uint64]
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, sets: Sequence[NDArray[np.uint64]]) -> BitSets:
        """Return sets of one width together."""
        words = np.stack(sets)
        return cls(words, _count(words))

    def tanimoto(self, one: NDArray[np.uint64]) -> NDArray[np.float64]:
        """Return the bits that a set shares with each over the bits of both, ``float64 [n]``.

        From 0 to 1; two sets without a bit are equal.

        Examples
        --------
        >>> BitSets.of([packed([1, 0, 0]), packed([1, 1, 0])]).tanimoto(packed([1, 1, 0])).tolist()
        [0.5, 1.0]
        """
        likeness = np.empty(len(self.words))
        for start in range(0, len(likeness), _ROWS):
            rows = slice(start, start + _ROWS)
            shared = _count(self.words[rows] & one)
            united = self.sizes[rows] + int(_count(one[None])[0]) - shared
            likeness[rows] = np.where(united == 0, 1.0, shared / np.maximum(united, 1))
        return likeness


def _count(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = np.bitwise_count(words).sum(axis=1, dtype=np.int64)
    return counts


def letter_runs(sequence: str) -> NDArray[np.bool_]:
    """Return which runs of three amino acids a sequence has, ``bool [8000]``; runs with other letters are left out."""
    digits = [_LETTERS.find(letter) for letter in sequence]
    return _runs(np.array(digits, dtype=np.int64), len(_LETTERS))


def shape_runs(ca: ArrayLike) -> NDArray[np.bool_]:
    """Return which runs of three turns a chain has, ``bool [1000]``.

    A turn is the dihedral of four CA in a row, in ten steps of 36 degrees.

    Parameters
    ----------
    ca : array, shape=(L, 3)
        In Angstrom; turns with a missing (NaN) position are left out.
    """
    from biomatrix.metrics.geometry import dihedral

    positions = np.asarray(ca, dtype=np.float64).reshape(-1, 3)
    turns = dihedral(positions[:-3], positions[1:-2], positions[2:-1], positions[3:])
    steps = np.floor((np.nan_to_num(turns, nan=0.0) + np.pi) * 5.0 / np.pi).clip(0, 9).astype(np.int64)
    return _runs(np.where(np.isnan(turns), -1, steps), 10)


def _runs(digits: NDArray[np.int64], base: int) -> NDArray[np.bool_]:
    found = np.zeros(base**_RUN, dtype=bool)
    if len(digits) >= _RUN:
        windows = np.lib.stride_tricks.sliding_window_view(digits, _RUN)
        known = windows[(windows >= 0).all(axis=1)]
        found[known @ base ** np.arange(_RUN)] = True
    return found


def text_bits(text: str) -> NDArray[np.bool_]:
    """Return features of a text, ``bool [4096]``: its words and their runs of three letters, by a checksum."""
    found = np.zeros(TEXT_BITS, dtype=bool)
    for feature in _features(text.lower()):
        found[crc32(feature.encode()) % TEXT_BITS] = True
    return found


def _features(text: str) -> Iterable[str]:
    for word in _WORD.findall(text):
        yield word
        yield from (f"<{word}>"[start : start + 3] for start in range(len(word)))
