"""A grammar as a table: which class of token may follow which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Grammar:
    """Which token may follow which, as a finite automaton over classes of tokens.

    Legend: S states, C token classes.

    Parameters
    ----------
    transitions : ndarray, shape=(S, C), dtype=int16
        The next state, or -1 where a token of that class may not come.
    accepting : ndarray, shape=(S,), dtype=bool
        The states in which the segment may end.
    counted : ndarray, shape=(C,), dtype=bool
        The classes that count towards a requested length (residues; atoms).
    start : int
        The state after the start token.
    """

    transitions: NDArray[np.int16]
    accepting: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    start: int = 0


def one_or_more(*, counted: bool) -> Grammar:
    """Return the grammar of one or more tokens of a single class.

    Parameters
    ----------
    counted : bool
        Whether each of them counts towards a length; pieces of free text do not.
    """
    return Grammar(
        transitions=np.array([[1], [1]], dtype=np.int16),
        accepting=np.array([False, True]),
        counted=np.array([counted]),
    )
