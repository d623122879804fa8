"""Fronts of what is judged by several numbers at once: no weights, only who is beaten by whom.

Legend: N candidates, M objectives, of which less is better; turn the sign where more is.

Source: Deb et al., IEEE Transactions on Evolutionary Computation 6 (2002) 182 (NSGA-II).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROWS = 256
"""Candidates compared with all others at once: memory stays flat."""


def front(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the indices, in order, of the candidates that no other beats: ``int64 [front]``.

    Parameters
    ----------
    values : ndarray, shape=(N, M), dtype=float64
        Less is better. A candidate with a NaN is left out; equal ones stay together.

    Examples
    --------
    >>> front(np.array([[1.0, 5.0], [2.0, 2.0], [3.0, 3.0]])).tolist()
    [0, 1]
    """
    known = np.flatnonzero(~np.isnan(values).any(axis=1))
    rows = values[known]
    beaten = np.zeros(len(known), dtype=bool)
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS, None]
        beaten[start : start + _ROWS] = ((rows <= part).all(-1) & (rows < part).any(-1)).any(-1)
    return known[~beaten]


def ranks(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number of the front of each candidate: 0 unbeaten, 1 unbeaten once those are gone, and so on, ``[N]``.

    Candidates with a NaN come after all others.
    """
    found = np.full(len(values), -1, dtype=np.int64)
    rank = 0
    while True:
        left = np.flatnonzero(found < 0)
        best = left[front(values[left])]
        if not len(best):
            found[left] = rank
            return found
        found[best] = rank
        rank += 1


def crowding(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each candidate of a front lies from its neighbours, ``float64 [N]``; ends are infinite."""
    count, objectives = values.shape
    distance = np.zeros(count)
    for column in range(objectives):
        order = np.argsort(values[:, column], kind="stable")
        along = values[order, column]
        width = along[-1] - along[0] if count else 0.0
        distance[order[:1]] = distance[order[-1:]] = np.inf
        if width > 0:
            distance[order[1:-1]] += (along[2:] - along[:-2]) / width
    return distance


def chosen(values: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return the indices of so many candidates: front by front, of the last that fits in part the least crowded."""
    rank, kept = ranks(values), list[int]()
    for number in range(int(rank.max(initial=-1)) + 1):
        members = np.flatnonzero(rank == number)
        room = count - len(kept)
        if len(members) > room:
            members = members[np.argsort(-crowding(np.nan_to_num(values[members])), kind="stable")[:room]]
        kept += members.tolist()
        if len(kept) >= count:
            break
    return np.array(kept, dtype=np.int64)
