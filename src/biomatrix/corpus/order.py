"""The order of documents: a permutation that a seed and an epoch define, computed where it is asked and never stored.

A generalised Feistel network (Black and Rogaway, CT-RSA 2002) permutes the numbers below a * b, a little more than are
wanted; a result that is none of them goes through again until it is one. Any stretch of the order takes memory for that
stretch alone, however many documents there are, so that going on from a position is a seek.
"""

from __future__ import annotations

import hashlib
from math import isqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError

LARGEST: Final = 1 << 62
_ROUNDS: Final = 8
_MIX: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""The multipliers of splitmix64's finaliser (Steele, Lea and Flood, OOPSLA 2014)."""

Numbers = NDArray[np.int64]
Halves = NDArray[np.uint64]


class Permutation:
    """The numbers below ``count`` in an order that only the key decides.

    Parameters
    ----------
    count : int
        From 1 to 2**62.
    key : object
        Whatever tells one order from another, such as a seed and an epoch, by its ``repr``.

    Raises
    ------
    ConfigurationError
        If ``count`` is out of range.

    Examples
    --------
    >>> sorted(Permutation(5, key=(0, 1)).at(range(5)).tolist())
    [0, 1, 2, 3, 4]
    """

    def __init__(self, count: int, key: object) -> None:
        if not 1 <= count <= LARGEST:
            raise ConfigurationError(f"an order of {count} things: give from 1 to 2**62")
        self.count = count
        self._a = isqrt(count - 1) + 1
        self._b = -(-count // self._a)
        digest = b"".join(hashlib.sha256(f"{key!r}|{half}".encode()).digest() for half in (0, 1))
        self._keys = np.frombuffer(digest, dtype="<u8")[:_ROUNDS]

    def __len__(self) -> int:
        return self.count

    def at(self, positions: Numbers | range) -> Numbers:
        """Return the numbers at these positions, ``int64`` of the same length; each position below ``count``."""
        numbers = np.asarray(positions, dtype=np.uint64)
        if len(numbers) and int(numbers.max()) >= self.count:
            raise IndexError(f"position {int(numbers.max())} of an order of {self.count}")
        found = self._through(numbers)
        while len(outside := np.flatnonzero(found >= self.count)):
            found[outside] = self._through(found[outside])
        return found.astype(np.int64)

    def _through(self, numbers: Halves) -> Halves:
        """Return each number below a * b after all rounds: every one of them once."""
        a, b = np.uint64(self._a), np.uint64(self._b)
        left, right = numbers % a, numbers // a
        for index, key in enumerate(self._keys):
            size = a if index % 2 == 0 else b
            left, right = right, (left + _mixed(right, key) % size) % size
        return left + right * a


def _mixed(numbers: Halves, key: np.uint64) -> Halves:
    """Return a hash of each number under a key, after splitmix64."""
    mixed = numbers * np.uint64(0x9E3779B97F4A7C15) + key  # wraps, as it should
    for multiplier, shift in zip(_MIX, (30, 27), strict=True):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * multiplier
    found: Halves = mixed ^ (mixed >> np.uint64(31))
    return found


class WindowedOrder:
    """The order of documents in each epoch, a window at a time.

    Parameters
    ----------
    count : int
        The number of documents.
    window : int
        Documents of one window; the last of an epoch has those that are left.
    seed : int
        Decides the order.
    """

    def __init__(self, count: int, window: int, seed: int) -> None:
        self.count, self.window, self.seed = count, window, seed
        self.windows = -(-count // window)

    def members(self, epoch: int, window: int) -> Numbers:
        """Return the documents of one window of an epoch, ``int64``."""
        first = window * self.window
        return Permutation(self.count, (self.seed, epoch)).at(range(first, min(first + self.window, self.count)))

    def shuffled(self, epoch: int, window: int, count: int) -> Numbers:
        """Return an order of ``count`` things that are made of a window, such as its batches, ``int64 [count]``."""
        if not count:
            return np.empty(0, dtype=np.int64)
        return Permutation(count, (self.seed, epoch, window)).at(range(count))
