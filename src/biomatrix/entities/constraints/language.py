"""A regular language over the ids of a modality, as a table: what of a constraint an automaton can keep exactly.

Legend of shapes: N ids, C columns (sets of ids that the language does not tell apart), S states, T lengths.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError

MOST_STATES = 1 << 20
"""The most states of a product; further ones would not fit in memory beside a length."""


@dataclass(frozen=True, eq=False)
class Language:
    """Which sequences of ids are kept.

    Parameters
    ----------
    columns : ndarray, shape=(N,), dtype=int64
        The column of each id.
    transitions : ndarray, shape=(S, C), dtype=int32
        The next state; -1 where the language is left for good.
    accepting : ndarray, shape=(1, S) or (T + 1, S), dtype=bool
        The states in which a sequence may end: at any length, or one row for each length from 0 to T.
    start : int
        The state before the first id.
    """

    columns: NDArray[np.int64]
    transitions: NDArray[np.int32]
    accepting: NDArray[np.bool_]
    start: int = 0

    def within(self, other: Language) -> Language:
        """Return the sequences that both keep.

        Raises
        ------
        ConfigurationError
            Together they have more than :data:`MOST_STATES` states.
        """
        mine, theirs = len(self.transitions), len(other.transitions)
        if mine * theirs > MOST_STATES:
            raise ConfigurationError(
                f"these constraints need {mine * theirs:,} states together, more than {MOST_STATES:,}; count fewer "
                "letters, or give smaller numbers"
            )
        pairs, columns = np.unique(np.stack([self.columns, other.columns]), axis=1, return_inverse=True)
        first = self.transitions[:, pairs[0]][:, None]
        second = other.transitions[:, pairs[1]][None]
        both = np.where((first >= 0) & (second >= 0), first * theirs + second, -1)
        accepting = self.accepting[:, :, None] & other.accepting[:, None]
        return Language(
            columns.astype(np.int64),
            both.reshape(mine * theirs, -1).astype(np.int32),
            accepting.reshape(len(accepting), -1),
            self.start * theirs + other.start,
        ).trimmed()

    def trimmed(self) -> Language:
        """Return the same language without the states that no sequence reaches."""
        reached = np.zeros(len(self.transitions), dtype=bool)
        reached[self.start] = True
        front = np.array([self.start])
        while len(front):
            following = self.transitions[front]
            front = np.unique(following[following >= 0])
            front = front[~reached[front]]
            reached[front] = True
        renumbered = np.append(np.where(reached, np.cumsum(reached) - 1, -1), -1)
        return Language(
            self.columns,
            renumbered[self.transitions[reached]].astype(np.int32),
            self.accepting[:, reached],
            int(renumbered[self.start]),
        )


def every(size: int) -> Language:
    """Return the language of all sequences of ``size`` ids."""
    return Language(np.zeros(size, dtype=np.int64), np.zeros((1, 1), dtype=np.int32), np.ones((1, 1), dtype=bool))


def counting(members: NDArray[np.bool_], least: NDArray[np.int64], most: NDArray[np.int64] | None) -> Language:
    """Return the sequences with neither too few nor too many of a set of ids.

    Parameters
    ----------
    members : ndarray, shape=(N,), dtype=bool
        The ids that count.
    least, most : ndarray, shape=(1,) or (T + 1,), dtype=int64
        At any length, or for each length from 0 to T; ``most`` is None where any number will do.

    Examples
    --------
    >>> twice = counting(np.array([True, False]), np.array([1]), np.array([2]))
    >>> twice.transitions.tolist(), twice.accepting.tolist()
    ([[1, 0], [2, 1], [-1, 2]], [[False, True, True]])
    """
    highest = int(least.max() if most is None else most.max())
    counts = np.arange(highest + 1)
    raised = np.append(counts[1:], highest if most is None else -1)
    accepting = counts >= least[:, None]
    if most is not None:
        accepting = accepting & (counts <= most[:, None])
    return Language(
        np.where(members, 0, 1).astype(np.int64), np.stack([raised, counts], axis=1).astype(np.int32), accepting
    )
