"""The lengths by which TM-align measures: how far apart a pair may be and still count, by the length of the chain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scale:
    """How a superposition is scored.

    Parameters
    ----------
    length : int
        The number of residues that the score is divided by.
    d0 : float
        Angstrom: a pair this far apart counts one half.
    reach : float
        Angstrom: about how near pairs must come to be fitted again.
    cutoff : float
        Angstrom: pairs farther apart count nothing.
    """

    length: int
    d0: float
    reach: float
    cutoff: float = np.inf


def search_scale(length: int) -> Scale:
    """Return the scale that alignments are searched with; ``length`` is that of the shorter chain."""
    d0 = (0.168 if length <= 19 else _d0(length)) + 0.8
    return Scale(length, d0, _reach(d0), 1.5 * length**0.3 + 3.5)


def final_scale(length: int) -> Scale:
    """Return the scale of the final score; ``length`` is that of the reference."""
    d0 = max(0.5 if length <= 21 else _d0(length), 0.5)
    return Scale(length, d0, _reach(d0))


def _d0(length: int) -> float:
    return 1.24 * float(np.cbrt(length - 15)) - 1.8


def _reach(d0: float) -> float:
    return min(max(d0, 4.5), 8.0)
