"""K-means of many points, in float32 and in blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def clusters(points: NDArray[np.float32], count: int, rounds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the number of each point's cluster by Lloyd's k-means, ``int64 [n]``.

    Raises
    ------
    ConfigurationError
        Fewer points than clusters.
    """
    if len(points) < count:
        raise ConfigurationError(f"{len(points)} steps cannot make {count} codes: give more chains")
    means = points[rng.choice(len(points), count, replace=False)]
    for round_number in range(rounds + 1):
        nearest = nearest_means(points, means)
        if round_number < rounds:
            used = np.bincount(nearest, minlength=count) > 0
            means = means_of(points, nearest, count).astype(np.float32)
            means[~used] = points[rng.integers(len(points), size=int((~used).sum()))]
    return nearest


def nearest_means(points: NDArray[np.float32], means: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the number of the mean nearest to each point, ``int64 [n]``."""
    table, norms = np.ascontiguousarray(-2.0 * means.T), (means**2).sum(axis=1)
    parts = [(points[start : start + 1024] @ table + norms).argmin(axis=1) for start in range(0, len(points), 1024)]
    return np.concatenate(parts)


def means_of(values: NDArray[np.floating], cluster: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Return the mean of the rows of each cluster, float64 [count, d]; an empty cluster gets some row of the values."""
    size = np.bincount(cluster, minlength=count)
    sums = np.stack([np.bincount(cluster, weights=column, minlength=count) for column in values.T], axis=1)
    means = sums / np.maximum(size, 1)[:, None]
    empty = np.flatnonzero(size == 0)
    means[empty] = values[empty % len(values)]
    return means
