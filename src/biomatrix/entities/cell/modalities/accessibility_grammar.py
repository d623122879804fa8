"""Which token of open chromatin may follow which."""

from __future__ import annotations

from typing import Final

import numpy as np

from biomatrix.entities.grammar import Grammar

_CHROMOSOME, _TILE, _REGION, _LEVEL = range(4)
_CLASSES: Final = {"C": _CHROMOSOME, "T": _TILE, "N": _LEVEL}
"""By the first letter of a token; every other one is a bin or a region of a list."""


def accessibility_grammar(*, listed: bool, levels: bool) -> Grammar:
    """Return which class may follow which; that regions only rise is left to the automaton.

    States: 0 before any, 1 after a region, 2 while its level is owed; of bins 3 after a chromosome, 4 after a tile.
    Classes: 0 chromosome, 1 tile, 2 bin or region of a list, 3 level.

    Parameters
    ----------
    listed : bool
        Whether regions are those of a list, else bins.
    levels : bool
        Whether a level follows every region.
    """
    after = 2 if levels else 1
    if listed:
        rows = [[-1, -1, after, -1], [-1, -1, after, -1], [-1, -1, -1, 1]]
    else:
        rows = [[3, -1, -1, -1], [3, 4, after, -1], [-1, -1, -1, 1], [-1, 4, -1, -1], [-1, -1, after, -1]]
    return Grammar(
        transitions=np.array(rows, dtype=np.int16),
        accepting=np.arange(len(rows)) == 1,
        counted=np.arange(len(rows[0])) == _REGION,
    )


def accessibility_class(token: str) -> int:
    """Return the class of a token by its first letter."""
    return _CLASSES.get(token[1:2], _REGION)
