"""Codes of structures as symbols: how many of a codebook are in use, which follow which, and random replacements."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError

Codes = NDArray[np.int16]


@dataclass(frozen=True)
class CodeUse:
    """How much of a codebook is in use.

    Parameters
    ----------
    used, num_codes : int
        Codes that occur, and the size of the codebook.
    total : int
        Codes counted.
    perplexity : float
        Two to the entropy of their frequencies in bits.
    """

    used: int
    num_codes: int
    total: int
    perplexity: float

    @classmethod
    def of(cls, counts: NDArray[np.int64]) -> CodeUse:
        """Summarise how often each code occurs, ``int64 [num_codes]``."""
        total = int(counts.sum())
        share = counts[counts > 0] / max(total, 1)
        perplexity = float(2.0 ** -(share * np.log2(share)).sum()) if total else math.nan
        return cls(int((counts > 0).sum()), len(counts), total, perplexity)


class BigramModel:
    """Which code follows which, as often as in the chains it was fitted on.

    Parameters
    ----------
    chains : sequence of ndarray, shape=(L,), dtype=int16
        -1 where a residue is unresolved; nothing is learned across such a place.
    num_codes : int

    Raises
    ------
    ConfigurationError
        No chain holds a code.
    """

    def __init__(self, chains: Sequence[Codes], num_codes: int) -> None:
        nonempty = [chain for chain in chains if len(chain)]
        self._all = np.concatenate([chain[chain >= 0] for chain in nonempty]) if nonempty else np.zeros(0, np.int16)
        if not len(self._all):
            raise ConfigurationError("a bigram model needs at least one code")
        before = np.concatenate([chain[:-1] for chain in nonempty])
        after = np.concatenate([chain[1:] for chain in nonempty])
        both = (before >= 0) & (after >= 0)
        order = np.argsort(before[both], kind="stable")
        self._after = after[both][order]
        self._starts = np.searchsorted(before[both][order], np.arange(num_codes + 1))

    def sample(self, previous: int, generator: np.random.Generator) -> int:
        """Draw the code after ``previous``; from all codes where it has fewer than two followers, or where it is -1.

        One follower says nothing: on a short file, where most codes occur once, it would always be drawn again.
        """
        # A code that followed, picked at random among all that did, is a sample of the conditional distribution.
        start, end = (self._starts[previous], self._starts[previous + 1]) if previous >= 0 else (0, 0)
        pool = self._after[start:end] if end > start + 1 else self._all
        return int(pool[generator.integers(len(pool))])


def replaced(chain: Codes, share: float, model: BigramModel, generator: np.random.Generator) -> Codes:
    """Return the chain with a share of its codes drawn again, each after the code that then precedes it.

    The first code and unresolved places stay. A draw may give the code that was there.
    """
    if not 0.0 <= share <= 1.0:
        raise ConfigurationError(f"the share of codes to replace is {share}; give one from 0 to 1")
    noisy = chain.copy()
    places = np.flatnonzero(chain >= 0)[1:]
    count = round(share * len(places))
    for place in np.sort(generator.permutation(places)[:count]).tolist():
        noisy[place] = model.sample(int(noisy[place - 1]), generator)
    return noisy
