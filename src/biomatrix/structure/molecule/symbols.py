"""Which SELFIES symbols are atoms, by the grammar of SELFIES alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_COUNTED = re.compile(r"\[[^\]]*?(?:Branch|Ring)([1-3])\]")


@lru_cache(maxsize=4096)
def index_symbols_after(symbol: str) -> int:
    """Return how many index symbols follow a symbol: N after ``[*BranchN]`` and ``[*RingN]``, else 0."""
    match = _COUNTED.fullmatch(symbol)
    return int(match[1]) if match else 0


def atom_mask(symbols: Sequence[str]) -> NDArray[np.bool_]:
    """Return which symbols are atoms: not branches, not rings, not the index symbols that follow either.

    Parameters
    ----------
    symbols : sequence of str, length S
        SELFIES symbols in brackets; a dot between fragments is no atom.

    Returns
    -------
    mask : ndarray, shape=(S,), dtype=bool
    """
    mask = np.zeros(len(symbols), dtype=bool)
    index_until = 0
    for position, symbol in enumerate(symbols):
        if position < index_until:
            continue
        following = index_symbols_after(symbol)
        if following:
            index_until = position + 1 + following
        else:
            mask[position] = symbol not in (".", "[nop]")
    return mask
