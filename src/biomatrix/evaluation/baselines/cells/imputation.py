"""Hidden values filled in by means, neighbours or components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biomatrix.metrics.cells.neighbours import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def gene_mean(known: Floats) -> Floats:
    """Return the mean of each gene over all cells, zeros included, for every cell: ``float64 [C, G]``."""
    return np.broadcast_to(known.mean(axis=0), known.shape)


def mean_of_detected(known: Floats) -> Floats:
    """Return the mean of each gene over the cells in which it is detected; 0 for one that is in none."""
    detected = known > 0
    return np.broadcast_to(known.sum(axis=0) / np.maximum(detected.sum(axis=0), 1), known.shape)


def neighbours(known: Floats, k: int = 15) -> Floats:
    """Return the mean of each gene over the k nearest other cells by what is left of them."""
    places, _ = nearest(known, known, k, skip_self=True)
    return np.asarray(known[places].mean(axis=1))


def components(known: Floats, count: int = 30) -> Floats:
    """Return the cells as their first principal components rebuild them."""
    mean = known.mean(axis=0)
    left, scale, right = np.linalg.svd(known - mean, full_matrices=False)
    return np.asarray((left[:, :count] * scale[:count]) @ right[:count] + mean)
