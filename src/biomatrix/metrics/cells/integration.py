"""The parts of scIB's score of integration: what is kept of biology, what is left of batches.

``theislab/scib`` ``scib/metrics`` and ``YosefLab/scib-metrics``. Batch scores alone are won by noise: random vectors
mix batches perfectly. They stand beside the biological ones or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.metrics.cells.clustering import NEIGHBOURS, Graph, ari, best_clusters, nmi
from biomatrix.metrics.cells.neighbours import nearest, squared_distances

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

BIO_SHARE: Final = 0.6
LISI_NEIGHBOURS: Final = 90
_BISECTIONS: Final = 60


def silhouettes(vectors: NDArray[np.floating], labels: ArrayLike) -> NDArray[np.float64]:
    """Return the silhouette of each item, Euclidean; 0 for an item that is alone in its class.

    Raises
    ------
    ValueError
        There are fewer than two classes.
    """
    names, codes = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        raise ValueError("a silhouette needs at least two classes")
    counts = np.bincount(codes)
    member = np.zeros((len(codes), len(names)))
    member[np.arange(len(codes)), codes] = 1.0
    sums = np.concatenate(
        [np.sqrt(squared_distances(vectors[at : at + 1024], vectors)) @ member for at in range(0, len(codes), 1024)]
    )
    own = np.arange(len(codes)), codes
    inside = sums[own] / np.maximum(counts[codes] - 1, 1)
    means = sums / counts
    means[own] = np.inf
    outside = means.min(axis=1)
    width = (outside - inside) / np.maximum(np.maximum(inside, outside), 1e-300)
    return np.where(counts[codes] == 1, 0.0, width)


def label_silhouette(vectors: NDArray[np.floating], labels: ArrayLike) -> float:
    """Return (mean silhouette + 1) / 2 of the types: 1 where they lie apart."""
    return float((silhouettes(vectors, labels).mean() + 1) / 2)


def batch_silhouette(
    vectors: NDArray[np.floating], labels: ArrayLike, batches: ArrayLike, *, each_cell: bool = True
) -> float:
    """Return 1 - abs(silhouette of the batches) within each type, averaged over types: 1 where batches are mixed.

    The absolute value is of each cell, as in scIB, or of the type's mean, which forgives more.

    A type that only one batch has, or of which each cell is a batch, is left out; NaN where none is left.
    """
    types, origin = np.asarray(labels), np.asarray(batches)
    found = []
    for name in np.unique(types):
        inside = types == name
        count = len(np.unique(origin[inside]))
        if 1 < count < inside.sum():
            widths = silhouettes(vectors[inside], origin[inside])
            found.append(1 - (np.abs(widths).mean() if each_cell else abs(widths.mean())))
    return float(np.mean(found)) if found else float("nan")


def graph_connectivity(vectors: NDArray[np.floating], labels: ArrayLike, k: int = NEIGHBOURS) -> float:
    """Return the share of each type's cells in its largest connected part of the kNN graph, averaged over types."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    types = np.asarray(labels)
    places, _ = nearest(vectors, vectors, k - 1, skip_self=True)
    rows = np.repeat(np.arange(len(types)), k - 1)
    graph = csr_matrix((np.ones(len(rows)), (rows, places.ravel())), shape=(len(types), len(types)))
    graph = graph + graph.T
    shares = []
    for name in np.unique(types):
        inside = np.flatnonzero(types == name)
        _, parts = connected_components(graph[inside][:, inside], directed=False)
        shares.append(np.bincount(parts).max() / len(inside))
    return float(np.mean(shares))


def ilisi(
    vectors: NDArray[np.floating], batches: ArrayLike, k: int = LISI_NEIGHBOURS, *, weighted: bool = True
) -> float:
    """Return the median inverse Simpson index of batches around each cell, scaled: 0 for one batch, 1 for all evenly.

    Neighbours are weighed by a Gaussian of perplexity k / 3, as ``lisi`` of Korsunsky 2019 with 90 of them; or all k
    alike.
    """
    names, codes = np.unique(batches, return_inverse=True)
    if len(names) < 2:
        raise ValueError("iLISI needs at least two batches")
    places, lengths = nearest(vectors, vectors, min(k, len(codes) - 1), skip_self=True)
    chance = _perplexity_weights(lengths, k / 3) if weighted else np.full(lengths.shape, 1 / lengths.shape[1])
    around = codes[places]
    shares = np.stack([(chance * (around == code)).sum(axis=1) for code in range(len(names))], axis=1)
    index = 1 / (shares**2).sum(axis=1)
    return float((np.median(index) - 1) / (len(names) - 1))


def _perplexity_weights(lengths: NDArray[np.float64], perplexity: float) -> NDArray[np.float64]:
    low, high = np.zeros(len(lengths)), np.full(len(lengths), np.inf)
    beta = 1 / np.maximum(lengths.mean(axis=1), 1e-12)
    above = lengths - lengths[:, :1]
    chance = np.empty_like(lengths)
    for _ in range(_BISECTIONS):
        chance = np.exp(-above * beta[:, None])
        chance /= chance.sum(axis=1, keepdims=True)
        entropy = -(chance * np.log(np.maximum(chance, 1e-300))).sum(axis=1)
        flat = entropy > np.log(perplexity)
        low, high = np.where(flat, beta, low), np.where(flat, high, beta)
        beta = np.where(np.isinf(high), beta * 2, (low + high) / 2)
    return chance


def kbet(vectors: NDArray[np.floating], batches: ArrayLike, k: int = 50, alpha: float = 0.05) -> float:
    """Return the share of cells around which batches are mixed as in the whole, by a chi-squared test.

    As ``scib_metrics.kbet``: what is expected are the batches' shares of all cells.
    """
    from scipy.special import gammaincc

    names, codes = np.unique(batches, return_inverse=True)
    places, _ = nearest(vectors, vectors, min(k, len(codes) - 1), skip_self=True)
    around = codes[places]
    seen = np.stack([(around == code).sum(axis=1) for code in range(len(names))], axis=1)
    expected = np.bincount(codes) / len(codes) * around.shape[1]
    statistic = ((seen - expected) ** 2 / expected).sum(axis=1)
    return float(np.mean(gammaincc((len(names) - 1) / 2, statistic / 2) >= alpha))


def pc_regression(vectors: NDArray[np.floating], batches: ArrayLike) -> float:
    """Return the share of the vectors' variance that the batches explain, over their principal components."""
    centred = np.asarray(vectors, dtype=np.float64) - np.mean(vectors, axis=0)
    codes = np.unique(batches, return_inverse=True)[1]
    means = np.stack([centred[codes == code].mean(axis=0) for code in range(codes.max() + 1)])
    # The variance-weighted R2 of all components is the share between groups, in whatever rotation.
    total = float((centred**2).sum())
    return float((means[codes] ** 2).sum() / total) if total else 0.0


def pcr_comparison(before: NDArray[np.floating], after: NDArray[np.floating], batches: ArrayLike) -> float:
    """Return by which share the variance that batches explain fell, between 0 and 1."""
    first = pc_regression(before, batches)
    return max(0.0, (first - pc_regression(after, batches)) / first) if first else 0.0


def integration_scores(
    vectors: NDArray[np.floating],
    labels: ArrayLike,
    batches: ArrayLike,
    before: NDArray[np.floating] | None = None,
    graph: Graph = "umap",
    seed: int = 0,
) -> dict[str, float]:
    """Return scIB's parts for vectors of cells, their means, and ``overall``.

    Parameters
    ----------
    vectors : ndarray, shape=(C, d)
        The embedding.
    labels, batches : array, shape=(C,)
    before : ndarray, shape=(C, e), optional
        Vectors without integration, for ``pcr_comparison``, which is left out where they are not given.
    graph : {"umap", "shared"}
        That Leiden clusters.
    seed : int
        Of Leiden.

    Returns
    -------
    mapping of str to float
        ``nmi``, ``ari``, ``asw_label`` and their mean ``avg_bio``; ``asw_batch``, ``graph_connectivity``, ``ilisi``,
        ``kbet``, perhaps ``pcr_comparison``, and their mean ``avg_batch``; ``overall`` = 0.6 bio + 0.4 batch.
    """
    clusters, resolution = best_clusters(vectors, labels, graph=graph, seed=seed)
    bio = {"nmi": nmi(labels, clusters), "ari": ari(labels, clusters), "asw_label": label_silhouette(vectors, labels)}
    batch = {
        "asw_batch": batch_silhouette(vectors, labels, batches),
        "graph_connectivity": graph_connectivity(vectors, labels),
        "ilisi": ilisi(vectors, batches),
        "kbet": kbet(vectors, batches),
    }
    if before is not None:
        batch["pcr_comparison"] = pcr_comparison(before, vectors, batches)
    means = {"avg_bio": float(np.mean(list(bio.values()))), "avg_batch": float(np.mean(list(batch.values())))}
    overall = BIO_SHARE * means["avg_bio"] + (1 - BIO_SHARE) * means["avg_batch"]
    return {**bio, **batch, **means, "overall": overall, "resolution": resolution}
