"""Generated cells against real ones: does a classifier of real cells agree, is the mean right, are they cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.metrics.cells.neighbours import majority_of, nearest
from biomatrix.metrics.cells.perturbation import pearson

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

NEIGHBOURS: Final = 15


def knn_agreement(
    generated: NDArray[np.floating],
    asked: ArrayLike,
    real: NDArray[np.floating],
    labels: ArrayLike,
    k: int = NEIGHBOURS,
) -> dict[str, float]:
    """Return the share of generated cells that a kNN of real cells takes for the type that was asked for.

    Parameters
    ----------
    generated : ndarray, shape=(n, d)
    asked : array, shape=(n,), dtype=str
    real : ndarray, shape=(m, d)
        Of the same features.
    labels : array, shape=(m,), dtype=str
    k : int

    Returns
    -------
    mapping of str to float
        ``knn_agreement`` over all cells, then one entry for each type.
    """
    wanted = np.asarray(asked, dtype=np.str_)
    places, _ = nearest(generated, real, min(k, len(real)))
    right = majority_of(np.asarray(labels, dtype=np.str_), places) == wanted
    each = {str(name): float(right[wanted == name].mean()) for name in np.unique(wanted)}
    return {"knn_agreement": float(right.mean()), **each}


def mean_profile_pearson(
    generated: NDArray[np.floating], asked: ArrayLike, real: NDArray[np.floating], labels: ArrayLike
) -> dict[str, float]:
    """Return Pearson's correlation of the mean profiles of generated and real cells, for each type that both have."""
    wanted, true = np.asarray(asked, dtype=np.str_), np.asarray(labels, dtype=np.str_)
    shared = np.intersect1d(wanted, true)
    if not len(shared):
        raise ValueError("generated and real cells share no type")
    return {
        str(name): pearson(generated[wanted == name].mean(axis=0), real[true == name].mean(axis=0)) for name in shared
    }


def validity(cells: Sequence[Sequence[int]], known: int, least: int = 1, most: int | None = None) -> dict[str, float]:
    """Return which share of generated gene lists could be cells.

    Parameters
    ----------
    cells : sequence of sequences of int
        Genes of each, as places in a list of ``known`` genes.
    known : int
    least, most : int
        The range of genes in real cells.

    Returns
    -------
    mapping of str to float
        ``valid`` (all that follows), ``known_genes``, ``no_repeats``, ``size_in_range``.

    Examples
    --------
    >>> validity([[0, 1], [1, 1], [5]], known=3)["valid"].__round__(3)
    0.333
    """
    inside = np.array([all(0 <= gene < known for gene in each) for each in cells], dtype=bool)
    once = np.array([len(set(each)) == len(each) for each in cells], dtype=bool)
    sized = np.array([least <= len(each) <= (len(each) if most is None else most) for each in cells], dtype=bool)
    return {
        "valid": float((inside & once & sized).mean()),
        "known_genes": float(inside.mean()),
        "no_repeats": float(once.mean()),
        "size_in_range": float(sized.mean()),
    }
