"""How far a state of a grammar is from where its segment may end, for free lengths, exact ones and ranges.

Legend of shapes: C token classes, S grammar states, L the largest length, K doublings of a window of lengths.
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
    counted : ndarray, shape=(C,), dtype=bool or integer
        What a token of each class adds to a length.

    Attributes
    ----------
    free : ndarray, shape=(S,), dtype=int64
        Tokens before the end token where any length will do; ``FAR`` where there is no way to the end.
    """

    def __init__(
        self, transitions: NDArray[np.int64], accepting: NDArray[np.bool_], counted: NDArray[np.bool_ | np.integer]
    ) -> None:
        ends = np.where(accepting, 0, FAR)
        weights = counted.astype(np.int64)
        self._plain = np.where(weights == 0, transitions, -1)
        self._counting = [
            (weight, np.where(weights == weight, transitions, -1))
            for weight in np.unique(weights[weights > 0]).tolist()
        ]
        self.free = _relax(transitions, ends)
        self._exact = _relax(self._plain, ends)[None]
        self._at_least = self.free[None]
        self._windows = self._exact[None]

    def exact(self, longest: int) -> NDArray[np.int64]:
        """Return the distances for every number of tokens still to count up to ``longest``, ``int64 [>= L + 1, S]``."""
        self._exact = self._grown(self._exact, longest, np.full_like(self.free, FAR))
        return self._exact

    def at_least(self, longest: int) -> NDArray[np.int64]:
        """Return the same where more may be counted, but not fewer: ``int64 [>= L + 1, S]``; row 0 is ``free``."""
        self._at_least = self._grown(self._at_least, longest, self.free)
        return self._at_least

    def at(self, states: NDArray[np.int64], least: NDArray[np.int64], most: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the distance of states from which ``least`` to ``most`` tokens are still to be counted.

        Parameters
        ----------
        states : ndarray, shape=(R, n), dtype=int64
            For state -1 the distance returned is meaningless.
        least : ndarray, shape=(R, n) or (R, 1), dtype=int64
            At least 0.
        most : ndarray, shape=(R, n) or (R, 1), dtype=int64
            At least ``least``; -1 for any number.

        Returns
        -------
        ndarray, shape=(R, n), dtype=int64
        """
        open_ended = most < 0
        if open_ended.all():
            longest = int(least.max(initial=0))
            unbounded: NDArray[np.int64] = self.at_least(longest)[least, states] if longest else self.free[states]
            return unbounded
        windows = self._doubled(int(most.max(initial=0)))
        first, last = np.where(open_ended, 0, least), np.where(open_ended, 0, most)
        level = np.frexp((last - first + 1).astype(np.float64))[1] - 1  # the largest power of two within the range
        closed: NDArray[np.int64] = np.minimum(
            windows[level, first, states], windows[level, last - (1 << level) + 1, states]
        )
        if not open_ended.any():
            return closed
        return np.where(open_ended, self.at_least(int(least.max(initial=0)))[least, states], closed)

    def _grown(self, table: NDArray[np.int64], longest: int, past: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return a table whose rows follow from one another with at least one row more than ``longest``.

        ``past``, ``int64 [S]``, stands before its first row: what is left where a token counts more than was asked for.
        """
        if len(table) > longest:
            return table
        rows = list(table)
        while len(rows) <= longest:
            left = [rows[-weight] if weight <= len(rows) else past for weight, _ in self._counting]
            steps = [_step(moves, after) for (_, moves), after in zip(self._counting, left, strict=True)]
            rows.append(_relax(self._plain, np.minimum.reduce([np.full_like(past, FAR), *steps])))
        return np.stack(rows)

    def _doubled(self, longest: int) -> NDArray[np.int64]:
        """Return the least distance over 1, 2, 4, ... lengths from each on, ``int64 [K, >= L + 1, S]``."""
        exact = self.exact(longest)
        if self._windows.shape[1] < len(exact):
            levels = [exact]
            while 1 << len(levels) <= len(exact):
                level, half = levels[-1], 1 << (len(levels) - 1)
                shifted = np.full_like(level, FAR)
                shifted[:-half] = level[half:]
                levels.append(np.minimum(level, shifted))
            self._windows = np.stack(levels)
        return self._windows


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
