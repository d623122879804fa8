"""The share of G and C of every window, looked ahead over by one symbol: what leaves the bounds comes where nothing
else may.

A state keeps the last bases as bits, 1 for G and C, behind a 1 that marks how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.nucleic.constraints.motif_automaton import BASES, CODONS

WIDEST: Final = 60
"""The bases of the widest window that is looked ahead over; wider ones are judged alone."""
_LETTERS: Final = (*BASES, *CODONS)
_COUNTS: Final = np.array([len(letters) for letters in _LETTERS], dtype=np.int64)
_BITS: Final = np.array(
    [sum((letter in "GC") << place for place, letter in enumerate(reversed(letters))) for letters in _LETTERS],
    dtype=np.int64,
)
_SLACK: Final = 1e-9


@dataclass(frozen=True)
class GcWindows:
    """Bounds on windows.

    Parameters
    ----------
    bounds : tuple of (float, float, int)
        The least and the most share, from 0 to 1, and the bases of the window, at most :data:`WIDEST`.
    """

    bounds: tuple[tuple[float, float, int], ...] = ()

    @property
    def width(self) -> int:
        """The bases of the widest window; 0 where there is none."""
        return max((width for _, _, width in self.bounds), default=0)

    def behind(self, histories: NDArray[np.int64], symbols: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the last bases behind a symbol each, ``int64 [R]``."""
        longer = (histories << _COUNTS[symbols]) | _BITS[symbols]
        full = 1 << self.width
        return np.where(longer >= 2 * full, (longer & (full - 1)) | full, longer)

    def fitting(self, history: int, symbols: Sequence[int]) -> list[bool]:
        """Return whether every window that a symbol ends is within its bounds, symbol by symbol."""
        return [all(self._fits(history, symbol, *bounds) for bounds in self.bounds) for symbol in symbols]

    @staticmethod
    def _fits(history: int, symbol: int, low: float, high: float, width: int) -> bool:
        for letter in _LETTERS[symbol]:
            history = (history << 1) | (letter in "GC")
            if history >> width:
                strong = (history & ((1 << width) - 1)).bit_count()
                if not low * width - _SLACK <= strong <= high * width + _SLACK:
                    return False
        return True
