"""Agreement of two partitions (NMI, ARI), and Leiden clusters of a graph of nearest neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from biomatrix.errors import ConfigurationError
from biomatrix.metrics.cells.neighbours import nearest

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

RESOLUTIONS: Final = tuple(round(0.2 * step, 1) for step in range(1, 11))
"""Resolutions of Leiden that are scanned: 0.2 to 2.0."""
NEIGHBOURS: Final = 15
SHARED_NEIGHBOURS: Final = 30
_BISECTIONS: Final = 64
Graph = Literal["umap", "shared"]
"""Which graph is clustered: UMAP's fuzzy one of 15 neighbours, as in scIB, or that of shared neighbours of 30."""


def contingency(one: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """Return how many items fall into each pair of classes, ``float64 [a, b]``."""
    a, b = np.unique(one, return_inverse=True)[1], np.unique(other, return_inverse=True)[1]
    if a.shape != b.shape or not len(a):
        raise ValueError(f"partitions of {len(a)} and {len(b)} items; give the same items, at least one")
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1.0)
    return table


def nmi(one: ArrayLike, other: ArrayLike) -> float:
    """Return mutual information over the mean of both entropies, as scIB takes it (``arithmetic``).

    Examples
    --------
    >>> nmi([0, 0, 1, 1], ["b", "b", "a", "a"]), nmi([0, 0, 1, 1], [0, 1, 0, 1])
    (1.0, 0.0)
    """
    table = contingency(one, other)
    joint = table / table.sum()
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    entropies = -(rows @ np.log(rows)) - (columns @ np.log(columns))
    if entropies <= 0:
        return 1.0
    seen = joint > 0
    information = float((joint[seen] * np.log(joint[seen] / np.outer(rows, columns)[seen])).sum())
    return float(np.clip(2 * information / entropies, 0.0, 1.0))


def ari(one: ArrayLike, other: ArrayLike) -> float:
    """Return the Rand index adjusted for chance (Hubert and Arabie).

    Examples
    --------
    >>> ari([0, 0, 1, 1], [1, 1, 0, 0]), round(ari([0, 0, 1, 1], [0, 1, 0, 1]), 6)
    (1.0, -0.5)
    """
    table = contingency(one, other)
    pairs, rows, columns = (_pairs(each) for each in (table, table.sum(axis=1), table.sum(axis=0)))
    chance = rows * columns / max(_pairs(table.sum(keepdims=True)), 1.0)
    most = (rows + columns) / 2
    return 1.0 if most == chance else float((pairs - chance) / (most - chance))


def _pairs(counts: NDArray[np.float64]) -> float:
    return float((counts * (counts - 1) / 2).sum())


def neighbour_graph(
    vectors: NDArray[np.floating], k: int = NEIGHBOURS
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return the edges of UMAP's fuzzy graph, as ``scanpy.pp.neighbors`` makes it, each pair once.

    Parameters
    ----------
    vectors : ndarray, shape=(n, d)
    k : int
        Neighbours of each, itself counted as scanpy does.

    Returns
    -------
    sources, targets : ndarray, shape=(e,), dtype=int
        Each source below its target.
    weights : ndarray, shape=(e,), dtype=float64
        Above 0, at most 1.
    """
    places, lengths = nearest(vectors, vectors, k - 1, skip_self=True)
    weights = _memberships(lengths, k)
    count = len(vectors)
    directed = np.zeros((count, count))
    np.put_along_axis(directed, places, weights, axis=1)
    union = directed + directed.T - directed * directed.T
    sources, targets = np.nonzero(np.triu(union, 1))
    return sources, targets, union[sources, targets]


def _memberships(lengths: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Return exp(-(d - nearest) / width), where the width of each row makes their sum log2 of k."""
    above = lengths - lengths[:, :1]
    low, high = np.zeros(len(lengths)), np.full(len(lengths), np.inf)
    width = np.ones(len(lengths))
    for _ in range(_BISECTIONS):
        too_wide = np.exp(-above / width[:, None]).sum(axis=1) > np.log2(k)
        high, low = np.where(too_wide, width, high), np.where(too_wide, low, width)
        width = np.where(np.isinf(high), width * 2, (low + high) / 2)
    width = np.maximum(width, 1e-3 * lengths.mean(axis=1))
    return np.asarray(np.exp(-above / np.maximum(width, 1e-12)[:, None]))


def shared_neighbour_graph(
    vectors: NDArray[np.floating], k: int = SHARED_NEIGHBOURS
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return the edges of neighbours, either way, weighted by the share of neighbours that both have (Jaccard)."""
    places, _ = nearest(vectors, vectors, k, skip_self=True)
    directed = np.zeros((len(vectors), len(vectors)))
    np.put_along_axis(directed, places, 1.0, axis=1)
    both = directed @ directed.T
    weights = both / (2 * k - both) * ((directed + directed.T) > 0)
    sources, targets = np.nonzero(np.triu(weights, 1))
    return sources, targets, weights[sources, targets]


def leiden(
    graph: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]], count: int, resolution: float, seed: int = 0
) -> NDArray[np.int64]:
    """Return the cluster of each node, by modularity with a resolution.

    Raises
    ------
    ConfigurationError
        The igraph package is not installed.
    """
    try:
        import igraph
    except ImportError:
        raise ConfigurationError("Leiden clusters need igraph: pip install 'biomatrix[integration]'") from None
    import random

    sources, targets, weights = graph
    net = igraph.Graph(count, list(zip(sources.tolist(), targets.tolist(), strict=True)))
    igraph.set_random_number_generator(random.Random(seed))
    try:
        found = net.community_leiden(
            objective_function="modularity", weights=weights.tolist(), resolution=resolution, n_iterations=-1
        )
    finally:
        igraph.set_random_number_generator(random)
    return np.asarray(found.membership, dtype=np.int64)


def best_clusters(
    vectors: NDArray[np.floating],
    truth: ArrayLike,
    resolutions: Sequence[float] = RESOLUTIONS,
    graph: Graph = "umap",
    seed: int = 0,
) -> tuple[NDArray[np.int64], float]:
    """Return the Leiden clusters that agree best with the truth by NMI, and their resolution, as scIB scans them."""
    edges = neighbour_graph(vectors) if graph == "umap" else shared_neighbour_graph(vectors)
    found = [(leiden(edges, len(vectors), each, seed), each) for each in resolutions]
    return max(found, key=lambda clusters: nmi(truth, clusters[0]))
