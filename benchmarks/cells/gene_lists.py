"""Cells as lists of genes, the highest first: the token ids that the small decoders read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

START, END, PAD = 0, 1, 2
"""Control tokens; genes come after them, then the types."""
CONTROLS = 3


@dataclass(frozen=True, eq=False)
class GeneVocabulary:
    """Ids of controls, genes and types.

    Parameters
    ----------
    genes : int
        Columns of the matrix.
    types : tuple of str
        Labels of the training cells, sorted.
    """

    genes: int
    types: tuple[str, ...]

    def __len__(self) -> int:
        return CONTROLS + self.genes + len(self.types)

    @property
    def first_type(self) -> int:
        """The id of the first type."""
        return CONTROLS + self.genes

    def type_places(self, labels: NDArray[np.str_]) -> NDArray[np.int64]:
        """Return the place of each label among the types; -1 for one that training has not."""
        places = {name: place for place, name in enumerate(self.types)}
        return np.array([places.get(str(label), -1) for label in labels], dtype=np.int64)


def gene_lists(values: NDArray[np.float64], top: int, ties: np.random.Generator | None = None) -> NDArray[np.int64]:
    """Return the ids of the highest genes of each cell, ``int64 [C, top]``, -1 where fewer are detected.

    Of equal values the first gene of the matrix comes first, whatever the order of the cells; with ``ties`` their order
    is drawn. Most genes of a cell are tied, so a fixed order makes a writer learn the order of the matrix, and which
    genes were left out on the way, before it learns which genes go together.
    """
    top = min(top, values.shape[1])
    if ties is None:
        order = np.argsort(-values, axis=1, kind="stable")[:, :top]
    else:
        order = np.lexsort((ties.random(values.shape), -values), axis=1)[:, :top]
    detected = np.take_along_axis(values, order, axis=1) > 0
    return np.where(detected, order + CONTROLS, -1)


def thinned(lists: NDArray[np.int64], least: float, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return lists from which genes are dropped, -1 in their place; what is kept is a share from ``least`` to 1."""
    shares = generator.uniform(least, 1.0, (len(lists), 1))
    return np.where(generator.random(lists.shape) < shares, lists, -1)


def batch_of(lists: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return ids, positions and the place of the end token of a batch of gene lists.

    Returns
    -------
    ids : ndarray, shape=(B, T), dtype=int64
        Start, genes, end, padding.
    positions : ndarray, shape=(B, T), dtype=int64
        0 of the start; of a gene its rank from 1 in the whole list, also where others were dropped; then the end.
    last : ndarray, shape=(B,), dtype=int64
        Where the end stands.
    """
    width = lists.shape[1]
    kept = lists >= 0
    order = np.argsort(~kept, axis=1, kind="stable")
    counts = kept.sum(axis=1)
    longest = int(counts.max())
    order = order[:, :longest]
    genes = np.take_along_axis(lists, order, axis=1)
    inside = np.arange(longest) < counts[:, None]
    ids = np.full((len(lists), longest + 2), PAD, dtype=np.int64)
    positions = np.full(ids.shape, width + 1, dtype=np.int64)
    ids[:, 0], positions[:, 0] = START, 0
    ids[:, 1:-1] = np.where(inside, genes, PAD)
    positions[:, 1:-1] = np.where(inside, order + 1, width + 1)
    ids[np.arange(len(ids)), counts + 1] = END
    return ids, positions, counts + 1
