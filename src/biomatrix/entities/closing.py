"""How far a state of a grammar is from where its segment may end, for free and for exact lengths.

Legend of shapes: C token classes, S grammar states, L the largest length.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

FAR: Final = 1 << 40
"""The distance of what cannot be reached."""


class DistanceTable:
    """The fewest tokens from each state to one where the segment may end; the table grows with the requested lengths.

    Parameters
    ----------
    transitions : ndarray, shape=(S, C), dtype=int64
        The next state, -1 where there is none.
    accepting : ndarray, shape=(S,), dtype=bool
        Where the segment may end.
    counted : ndarray, shape=(C,), dtype=bool
        Classes that count towards a length.

    Attributes
    ----------
    free : ndarray, shape=(S,), dtype=int64
        Tokens before the end token where any length will do; ``FAR`` where there is no way to the end.
    """

    def __init__(
        self, transitions: NDArray[np.int64], accepting: NDArray[np.bool_], counted: NDArray[np.bool_]
    ) -> None:
        ends = np.where(accepting, 0, FAR)
        self._plain = np.where(counted[None, :], -1, transitions)
        self._counting = np.where(counted[None, :], transitions, -1)
        self.free = _relax(transitions, ends)
        self._exact = _relax(self._plain, ends)[None]

    def exact(self, longest: int) -> NDArray[np.int64]:
        """Return the distances for every number of tokens still to count up to ``longest``, ``int64 [>= L + 1, S]``."""
        table = self._exact
        if len(table) <= longest:
            rows = list(table)
            while len(rows) <= longest:
                rows.append(_relax(self._plain, _step(self._counting, rows[-1])))
            table = self._exact = np.stack(rows)
        return table

    def at(self, states: NDArray[np.int64], remaining: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the distance of states that still have ``remaining`` tokens to count, -1 for any number.

        Parameters
        ----------
        states : ndarray, shape=(R, n), dtype=int64
            For state -1 the distance returned is meaningless.
        remaining : ndarray, shape=(R, n) or (R, 1), dtype=int64

        Returns
        -------
        ndarray, shape=(R, n), dtype=int64
        """
        free = self.free[states]
        longest = int(remaining.max(initial=-1))
        if longest < 0:
            return free
        exact = self.exact(longest)[np.maximum(remaining, 0), states]
        return np.where(remaining < 0, free, exact)


def _relax(transitions: NDArray[np.int64], distance: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the distances once no class of token, taken from any state, shortens one, ``int64 [S]``."""
    while True:
        better = np.minimum(distance, _step(transitions, distance))
        if np.array_equal(better, distance):
            return distance
        distance = better


def _step(transitions: NDArray[np.int64], distance: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return one more than the distance of the nearest next state, ``int64 [S]``."""
    reached = np.where(transitions >= 0, distance[transitions], FAR)
    nearest: NDArray[np.int64] = np.minimum(reached.min(axis=1) + 1, FAR)
    return nearest
