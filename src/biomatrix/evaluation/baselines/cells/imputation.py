"""Hidden values filled in by means, neighbours or components of training cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.metrics.cells.neighbours import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def gene_mean(train: Floats, asked: Floats) -> Floats:
    """Return the mean of each gene over the training cells, zeros included, for every cell: ``float64 [m, G]``."""
    return np.broadcast_to(train.mean(axis=0), asked.shape)


def mean_of_detected(train: Floats, asked: Floats) -> Floats:
    """Return the mean of each gene over the training cells in which it is detected; 0 for one that is in none."""
    return np.broadcast_to(train.sum(axis=0) / np.maximum((train > 0).sum(axis=0), 1), asked.shape)


def neighbours(train: Floats, asked: Floats, k: int = 15) -> Floats:
    """Return the mean of each gene over the k training cells that correlate best with what is left of a cell."""
    places, _ = nearest(_standard(asked), _standard(train), k)
    return np.asarray(train[places].mean(axis=1))


def components(train: Floats, asked: Floats, count: int = 30) -> Floats:
    """Return the cells as the first principal components of the training cells rebuild them."""
    mean = train.mean(axis=0)
    directions = np.linalg.svd(train - mean, full_matrices=False)[2][:count]
    return np.asarray((asked - mean) @ directions.T @ directions + mean)


def _standard(values: Floats) -> Floats:
    centred = values - values.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12))


FILLERS: Final = {
    "gene mean": gene_mean,
    "mean of detected": mean_of_detected,
    "kNN15": neighbours,
    "PCA30": components,
}
"""By name; they stand beside every model."""
