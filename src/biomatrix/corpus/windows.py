"""Hashes of every run of letters, or of words, of a text at once: what near-duplicates and test sets are found by.

A run is hashed by a polynomial over its bytes modulo 2^64, which prefix sums give for all runs together, and then
mixed (the finaliser of SplitMix64). Equal runs have equal hashes; for runs drawn at random, two that differ share one
in 2^64.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
_BASE: Final = 0x9E3779B97F4A7C15 | 1
_INVERSE: Final = pow(_BASE, -1, 1 << 64)
_WORD: Final = re.compile(r"[^\W_]+")
_CHUNK: Final = 1 << 16


def letter_windows(letters: str, size: int) -> Hashes:
    """Return the hash of every run of ``size`` letters, in order, ``uint64 [n]``; none of a shorter text."""
    codes = np.frombuffer(letters.encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    starts = np.arange(max(len(codes) - size + 1, 0))
    return _hashed(codes, starts, starts + size)


def plain_words(text: str) -> list[str]:
    """Return the words of a text without case, punctuation and marks of typography.

    Examples
    --------
    >>> plain_words("The pH-value,\\n of Water")
    ['the', 'ph', 'value', 'of', 'water']
    """
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def word_windows(words: list[str], size: int) -> Hashes:
    """Return the hash of every run of ``size`` words, in order, ``uint64 [n]``; none of a shorter text."""
    if len(words) < size:
        return np.empty(0, dtype=np.uint64)
    encoded = [word.encode() for word in words]
    codes = np.frombuffer(b" ".join(encoded), dtype=np.uint8).astype(np.uint64)
    ends = np.cumsum([len(word) + 1 for word in encoded]) - 1
    starts = np.concatenate([[0], ends[:-1] + 1])
    return _hashed(codes, starts[: len(words) - size + 1], ends[size - 1 :])


def _hashed(codes: Hashes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Hashes:
    """Return the hashes of the spans [start, end) of a text of letter codes."""
    length = -(-(len(codes) + 1) // _CHUNK) * _CHUNK
    powers, inverses = _powers(_BASE, length), _powers(_INVERSE, length)
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum((codes + np.uint64(1)) * powers[: len(codes)], out=sums[1:])
    return mixed((sums[ends] - sums[starts]) * inverses[starts])


@lru_cache(maxsize=8)
def _powers(base: int, count: int) -> Hashes:
    """Return the powers of a base modulo 2^64, from the power 0 on."""
    steps = np.full(count, base, dtype=np.uint64)
    steps[0] = 1
    return np.cumprod(steps, dtype=np.uint64)


def mixed(values: Hashes) -> Hashes:
    """Return values whose every bit depends on all bits of the given ones."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
