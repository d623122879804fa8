"""Cells drawn gene by gene from how often a type has each: what a model of cells must be worth more than."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def unigram_cells(
    values: NDArray[np.float64], count: int, generator: np.random.Generator, top: int
) -> NDArray[np.int64]:
    """Return lists of genes of one type, each gene at most once, ``int64 [count, top]``, -1 where a list is shorter.

    The length is that of a drawn training cell; the genes are drawn without replacement by the share of training
    cells that list them. Genes of one cell know nothing of each other.

    Parameters
    ----------
    values : ndarray, shape=(n, G)
        Training cells of the type.
    count : int
    generator : numpy.random.Generator
    top : int
        The most genes of a list.
    """
    order = np.argsort(-values, axis=1, kind="stable")[:, :top]
    listed = np.take_along_axis(values, order, axis=1) > 0
    weights = np.bincount(order[listed], minlength=values.shape[1]).astype(np.float64)
    lengths = generator.choice(listed.sum(axis=1), size=count)
    # Gumbel's trick: the largest of log weights and noise are draws without replacement.
    with np.errstate(divide="ignore"):
        keys = np.log(weights) + generator.gumbel(size=(count, len(weights)))
    places = np.argsort(-keys, axis=1, kind="stable")[:, :top]
    known = np.take_along_axis(np.isfinite(keys), places, axis=1)
    return np.where((np.arange(places.shape[1]) < lengths[:, None]) & known, places, -1)
