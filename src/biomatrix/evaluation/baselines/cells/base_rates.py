"""How often a gene changes in training: the floor of questions about pairs of genes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def base_rates(genes: ArrayLike, labels: ArrayLike, asked: ArrayLike, prior: float = 1.0) -> NDArray[np.float64]:
    """Return the share of positive training pairs of each asked gene, whatever the perturbation.

    Parameters
    ----------
    genes, labels : array, shape=(n,)
        The measured gene of each training pair, and whether it is positive.
    asked : array, shape=(m,)
        The gene of each asked pair.
    prior : float
        Pairs at the overall rate that are added to each gene; a gene without pairs has that rate.
    """
    names, places = np.unique(genes, return_inverse=True)
    positive = np.asarray(labels, dtype=np.float64)
    overall = float(positive.mean())
    counts = np.bincount(places, minlength=len(names))
    rates = (np.bincount(places, positive, minlength=len(names)) + prior * overall) / (counts + prior)
    wanted = np.asarray(asked)
    at = np.minimum(np.searchsorted(names, wanted), len(names) - 1)
    return np.where(names[at] == wanted, rates[at], overall)
