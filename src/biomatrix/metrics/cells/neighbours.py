"""Nearest cells by Euclidean distance, exact, in blocks of bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 1024


def nearest(
    queries: NDArray[np.floating], points: NDArray[np.floating], k: int, *, skip_self: bool = False
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the k nearest points of each query and their distances, nearest first; of equals the first comes first.

    Parameters
    ----------
    queries : ndarray, shape=(n, d)
    points : ndarray, shape=(m, d)
    k : int
    skip_self : bool
        The queries are the points, and none is its own neighbour.

    Returns
    -------
    indices : ndarray, shape=(n, k)
    distances : ndarray, shape=(n, k), dtype=float64

    Raises
    ------
    ValueError
        There are fewer than k points to choose from.
    """
    if k < 1 or k > len(points) - skip_self:
        raise ValueError(f"{k} neighbours of {len(points)} points; ask for fewer, at least 1")
    places, lengths = np.empty((len(queries), k), dtype=np.intp), np.empty((len(queries), k))
    for first in range(0, len(queries), _BLOCK):
        block = slice(first, first + _BLOCK)
        squared = squared_distances(queries[block], points)
        if skip_self:
            squared[np.arange(len(squared)), first + np.arange(len(squared))] = np.inf
        order = np.argsort(squared, axis=1, kind="stable")[:, :k]
        places[block] = order
        lengths[block] = np.sqrt(np.take_along_axis(squared, order, axis=1))
    return places, lengths


def squared_distances(queries: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return squared Euclidean distances, ``float64 [n, m]``, never below 0."""
    a, b = np.asarray(queries, dtype=np.float64), np.asarray(points, dtype=np.float64)
    found = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2 * (a @ b.T)
    return np.asarray(np.maximum(found, 0.0), dtype=np.float64)


def majority_of(labels: NDArray[np.str_], neighbours: NDArray[np.intp]) -> NDArray[np.str_]:
    """Return the most frequent label among each row's neighbours; of equals that of the nearest.

    Parameters
    ----------
    labels : ndarray, shape=(m,), dtype=str
    neighbours : ndarray, shape=(n, k), dtype=int
    """
    names, codes = np.unique(labels, return_inverse=True)
    around = codes[neighbours]
    votes = np.zeros((len(around), len(names)))
    for column in range(around.shape[1]):
        np.add.at(votes, (np.arange(len(around)), around[:, column]), 1.0)
    best = votes.max(axis=1, keepdims=True)
    tied = np.take_along_axis(votes, around, axis=1) == best
    return np.asarray(names[around[np.arange(len(around)), tied.argmax(axis=1)]])
