"""A grammar as a table: which class of token may follow which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError


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
    counted : ndarray, shape=(C,), dtype=bool or integer
        What a token of each class adds to a requested length: a residue or nothing; the six bases of a 6-mer.
    start : int
        The state after the start token.
    once : ndarray, shape=(C,), dtype=bool, optional
        The classes of which no token may be written twice in a segment (genes of a cell); none where not given. They
        are the classes that count, and one of them may stand wherever another may.
    """

    transitions: NDArray[np.int16]
    accepting: NDArray[np.bool_]
    counted: NDArray[np.bool_ | np.integer]
    start: int = 0
    once: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if self.once is None:
            return
        columns = self.transitions[:, self.once]
        if not columns.shape[1] or (self.once != self.counted).any() or (columns != columns[:, :1]).any():
            raise ConfigurationError(
                "the classes that a grammar writes once are those that count, and their columns are alike"
            )


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
