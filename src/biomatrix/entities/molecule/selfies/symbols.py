"""Which SELFIES symbols are atoms, by the grammar of SELFIES alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_COUNTED = re.compile(r"\[(?:[=#]|[-/\\]{2})?(?:Branch|Ring)([1-3])\]")


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
        SELFIES symbols in brackets; a dot between fragments is not an atom.

    Returns
    -------
    mask : ndarray, shape=(S,), dtype=bool
    """
    size = len(symbols)
    atoms = bytearray(b"\1") * size
    index_until = 0
    for position, following in enumerate(map(index_symbols_after, symbols)):
        if following and position >= index_until:
            index_until = min(position + 1 + following, size)
            atoms[position:index_until] = bytes(index_until - position)
    mask: NDArray[np.bool_] = np.frombuffer(atoms, dtype=np.bool_)
    for blank in (".", "[nop]"):
        if blank in symbols:
            mask[[position for position, symbol in enumerate(symbols) if symbol == blank]] = False
    return mask


def index_owners(symbols: Sequence[str]) -> dict[int, int]:
    """Return, for the position of every index symbol, the position of the branch or ring symbol it belongs to."""
    owners: dict[int, int] = {}
    position = 0
    while position < len(symbols):
        following = index_symbols_after(symbols[position])
        owners.update({position + step: position for step in range(1, following + 1)})
        position += 1 + following
    return owners
