"""Which letters pair: G with C, A with U, G with U; a code for several bases where a reading of it may."""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.nucleic.bases import INOSINE, LETTERS, as_rna, readings
from biomatrix.entities.nucleic.invariants import Pairs
from biomatrix.entities.nucleic.thresholds import CANONICAL, HAIRPIN

_PAIRS: Final = CANONICAL | {"IA", "AI", "IC", "CI", "IU", "UI"}
"""Watson-Crick pairs, the wobble, and those of inosine."""


def _read_as(letter: str) -> str:
    return letter if letter == INOSINE else as_rna(readings(letter))


def may_pair(first: str, second: str) -> bool:
    """Return whether two letters of RNA may pair in one of their readings.

    Examples
    --------
    >>> may_pair("G", "U"), may_pair("A", "C"), may_pair("R", "C")
    (True, False, True)
    """
    return any(one + other in _PAIRS for one, other in product(_read_as(first), _read_as(second)))


def pairing_table() -> NDArray[np.bool_]:
    """Return which letters of RNA may pair, ``bool [16, 16]``, in the order of ``LETTERS["rna"]``; symmetric."""
    letters = LETTERS["rna"]
    return np.array([[may_pair(first, second) for second in letters] for first in letters])


def odd_pairs(pairs: Pairs, sequence: str) -> Pairs:
    """Return the pairs of bases of DNA or RNA that do not usually pair, codes for several bases among them."""
    letters = as_rna(sequence)
    return tuple((one, two) for one, two in pairs if letters[one] + letters[two] not in CANONICAL)


def tight_pairs(pairs: Pairs) -> Pairs:
    """Return the pairs that leave fewer than three bases between them, which cannot bend back."""
    return tuple((one, two) for one, two in pairs if two - one <= HAIRPIN)
