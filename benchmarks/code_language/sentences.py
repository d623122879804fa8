"""Two strands of equal length, symbols and codes: what models of codes are trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NO_CODE = -1
BOUNDARY = 0
"""The id of what begins and ends every molecule, and of no symbol at all; symbols are numbered from 1."""


@dataclass(frozen=True)
class Sentences:
    """Molecules or chains of one split as the symbols and codes of one tokenizer.

    Parameters
    ----------
    symbols : list of ndarray, shape=(S,), dtype=int64
        Ids from 1, without the boundary: SELFIES symbols or residue types.
    codes : list of ndarray, shape=(S,), dtype=int64
        -1 where the symbol is no atom, or the residue is unresolved.
    sources : ndarray, shape=(M,), dtype=int64
        The record of the file each comes from, counted from 0.
    """

    symbols: list[NDArray[np.int64]]
    codes: list[NDArray[np.int64]]
    sources: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def num_atoms(self) -> int:
        """How many symbols carry a code."""
        return sum(int((codes >= 0).sum()) for codes in self.codes)
