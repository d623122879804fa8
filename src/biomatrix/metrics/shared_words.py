"""Which sequences of a set may be related to another one: those that share words of three letters along a diagonal.

A diagonal is the place in the one less the place in the other; related stretches lie on one until a gap moves them to
the next. Counting costs microseconds a sequence, so that only what shares words is aligned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_WORD: Final = 3
_LETTERS: Final = 26
_CODES: Final = _LETTERS**_WORD
_NO_LETTER: Final = frozenset("X")
"""Letters that stand for any amino acid: words with them say nothing."""
_BIN: Final = 8
"""Diagonals counted together; words of two neighbouring bins are added, so that no stretch falls between two."""


class Candidate(NamedTuple):
    """A sequence of the set that shares words with another: its index, the first diagonal, the words shared there."""

    member: int
    diagonal: int
    words: int


class SharedWords:
    """The words of a set of sequences, in memory: twelve bytes a letter.

    Parameters
    ----------
    sequences : sequence of str
        Upper-case letters.
    """

    def __init__(self, sequences: Sequence[str]) -> None:
        self._lengths = np.array([len(one) for one in sequences], dtype=np.int64)
        parts = [word_codes(one) for one in sequences]
        codes = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        owners = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part) for part in parts])
        places = np.concatenate([np.arange(len(part), dtype=np.int32) for part in parts] or [np.empty(0, np.int32)])
        valid = np.flatnonzero(codes >= 0)
        order = valid[np.argsort(codes[valid], kind="stable")]
        self._owners, self._places = owners[order], places[order]
        self._starts = np.searchsorted(codes[order], np.arange(_CODES + 1))

    def candidates(self, sequence: str, most: int = 12, fewest_words: int = 3) -> list[Candidate]:
        """Return the sequences of the set that share the most words with another one along neighbouring diagonals.

        Parameters
        ----------
        sequence : str
        most : int
            How many are returned at most, those with the most words first.
        fewest_words : int
            The fewest shared words.
        """
        codes = word_codes(sequence)
        at = np.flatnonzero(codes >= 0)
        first, last = self._starts[codes[at]], self._starts[codes[at] + 1]
        counts = last - first
        total = int(counts.sum())
        if not total:
            return []
        ends = np.cumsum(counts)
        hits = np.arange(total) - np.repeat(ends - counts - first, counts)
        owners = self._owners[hits]
        diagonals = self._places[hits] - np.repeat(at, counts)  # from -len(sequence)
        bins = -(-(self._lengths + len(sequence)) // _BIN) + 1
        offsets = np.concatenate([[0], np.cumsum(bins)])
        slots = offsets[owners] + (diagonals + len(sequence)) // _BIN
        table = np.bincount(slots, minlength=int(offsets[-1]) + 1)
        pairs = table[:-1] + table[1:]
        return self._best(pairs, offsets, len(sequence), most, fewest_words)

    def _best(
        self, pairs: NDArray[np.int64], offsets: NDArray[np.int64], length: int, most: int, fewest: int
    ) -> list[Candidate]:
        places = np.flatnonzero(pairs >= fewest)
        places = places[np.argsort(-pairs[places], kind="stable")]
        found: dict[int, Candidate] = {}
        for place in places[: most * 4]:
            index = int(np.searchsorted(offsets, place, side="right")) - 1
            if index not in found and len(found) < most:
                diagonal = (int(place) - int(offsets[index])) * _BIN - length
                found[index] = Candidate(index, diagonal, int(pairs[place]))
        return list(found.values())


def word_codes(sequence: str) -> NDArray[np.int64]:
    """Return a number for each word of three letters, ``int64 [max(L - 2, 0)]``; -1 where a letter says nothing."""
    letters = np.frombuffer(sequence.encode("ascii", "replace"), dtype=np.uint8).astype(np.int64) - ord("A")
    unknown = (letters < 0) | (letters >= _LETTERS)
    for letter in _NO_LETTER:
        unknown |= letters == ord(letter) - ord("A")
    if len(letters) < _WORD:
        return np.empty(0, dtype=np.int64)
    ends = len(letters) - _WORD + 1
    codes = np.zeros(ends, dtype=np.int64)
    bad = np.zeros(ends, dtype=np.bool_)
    for shift in range(_WORD):
        codes = codes * _LETTERS + letters[shift : shift + ends]
        bad |= unknown[shift : shift + ends]
    codes[bad] = -1
    return codes
