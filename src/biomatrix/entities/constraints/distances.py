"""How far every position and state of a constrained segment is from where the segment may end.

Legend of shapes: R rows, N ids, C columns (ids that nothing tells apart), S states, T positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.constraints.language import Language
from biomatrix.errors import ConfigurationError

FAR: Final = 1 << 30
"""The distance of what cannot be reached."""
MOST_CELLS: Final = 100_000_000
"""The most entries of one table of distances (int32)."""


@dataclass(frozen=True, eq=False)
class PositionTable:
    """A language, sets at positions and a range of lengths, with the distance to the end everywhere.

    Parameters
    ----------
    columns : ndarray, shape=(N,), dtype=int64
        The column of each id.
    transitions : ndarray, shape=(S, C), dtype=int64
        The next state, -1 where there is none.
    counted : ndarray, shape=(C,), dtype=bool
        Columns that fill a position.
    places : ndarray, shape=(T + 1, C), dtype=bool
        Which columns may fill each position. The last row stands for every later position where the length has no
        upper limit; where it has one, nothing may stand there.
    ends : ndarray, shape=(T + 1, S), dtype=bool
        Where the segment may end, after that many positions.
    distance : ndarray, shape=(T + 1, S), dtype=int32
        Tokens before the end token; ``FAR`` where there is no way to the end.
    start : int
        The first state.
    """

    columns: NDArray[np.int64]
    transitions: NDArray[np.int64]
    counted: NDArray[np.bool_]
    places: NDArray[np.bool_]
    ends: NDArray[np.bool_]
    distance: NDArray[np.int32]
    start: int

    @classmethod
    def build(
        cls,
        language: Language,
        counted: NDArray[np.bool_],
        sets: Mapping[int, NDArray[np.bool_]],
        least: int,
        most: int | None,
    ) -> PositionTable:
        """Lay a language over positions.

        Parameters
        ----------
        language : Language
        counted : ndarray, shape=(N,), dtype=bool
            The ids that fill a position.
        sets : mapping of int to ndarray, shape=(N,), dtype=bool
            The ids that may fill a position; any may fill those it does not name.
        least, most : int
            The lengths there may be; no upper limit where ``most`` is None.

        Raises
        ------
        ConfigurationError
            The table would have more than :data:`MOST_CELLS` entries.
        """
        last = least if most is None else most
        if (last + 1) * len(language.transitions) > MOST_CELLS:
            raise ConfigurationError(
                f"{len(language.transitions):,} states at {last:,} positions are too many to look ahead over; count "
                "fewer letters, give smaller numbers, or ask for a shorter answer"
            )
        keys, columns = np.unique(
            np.stack([language.columns, counted, *sets.values()]).astype(np.int64), axis=1, return_inverse=True
        )
        places = np.ones((last + 1, keys.shape[1]), dtype=bool)
        for number, position in enumerate(sets, start=2):
            places[position] = keys[number] > 0
        if most is not None:
            places[most] = keys[1] == 0
        ends = np.array(np.broadcast_to(language.accepting, (last + 1, language.accepting.shape[1])))
        ends[:least] = False
        transitions = language.transitions[:, keys[0]].astype(np.int64)
        fills = keys[1] > 0
        distance = _distances(transitions, fills, places | ~fills, ends, loops=most is None)
        return cls(columns.astype(np.int64), transitions, fills, places | ~fills, ends, distance, language.start)

    def options(
        self, position: NDArray[np.int64], state: NDArray[np.int64], budget: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which columns may come next, ``bool [R, C]``, and whether the end may, ``bool [R]``."""
        following = self.transitions[state]
        later = np.minimum(position[:, None] + self.counted, len(self.places) - 1)
        cost = np.where(following >= 0, self.distance[later, following], FAR)
        fits = self.places[position] & (cost < FAR) & (cost + 2 <= budget[:, None])
        return fits, self.ends[position, state]

    def step(self, position: NDArray[np.int64], state: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return position and state, ``int64 [R, 2]``, after one allowed id per row, by its index among the ids."""
        columns = self.columns[ids]
        later = np.minimum(position + self.counted[columns], len(self.places) - 1)
        return np.stack([later, self.transitions[state, columns]], axis=1)


def _distances(
    transitions: NDArray[np.int64],
    counted: NDArray[np.bool_],
    places: NDArray[np.bool_],
    ends: NDArray[np.bool_],
    *,
    loops: bool,
) -> NDArray[np.int32]:
    """Return the fewest tokens to the end from every position and state, ``int32 [T + 1, S]``, the last one first."""
    distance = np.full(ends.shape, FAR, dtype=np.int32)
    for position in range(len(ends) - 1, -1, -1):
        here = np.where(ends[position], 0, FAR).astype(np.int32)
        staying = ~counted
        if position + 1 < len(ends):
            here = np.minimum(here, _nearest(transitions, counted & places[position], distance[position + 1]))
        elif loops:
            staying = places[position]
        while staying.any():
            better = np.minimum(here, _nearest(transitions, staying, here))
            if np.array_equal(better, here):
                break
            here = better
        distance[position] = here
    return distance


def _nearest(
    transitions: NDArray[np.int64], columns: NDArray[np.bool_], distance: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return one more than the distance of the nearest state that some columns lead to, ``int32 [S]``."""
    following = transitions[:, columns]
    reached = np.where(following >= 0, distance[following], FAR).min(axis=1, initial=FAR)
    nearest: NDArray[np.int32] = np.minimum(reached + 1, FAR).astype(np.int32)
    return nearest
