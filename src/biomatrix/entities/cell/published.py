"""How published models write a cell, for those who feed them: ids of Geneformer V1, bins of scGPT.

Legend: n genes of a cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.cell.genes.table import gene_table, geneformer_v1
from biomatrix.entities.cell.modalities.expression import GENEFORMER_V1, CellExpression

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.cell.entity import Cell

SCGPT_BINS = 51
"""The bins of its released models, 0 being that a gene is not detected."""


def geneformer_v1_ids(cell: Cell) -> NDArray[np.int64]:
    """Return the ids that Geneformer V1 reads for a cell, ``int64 [at most 2048]``.

    Parameters
    ----------
    cell : Cell
        With its counts over all genes (``total``), by which it scales.
    """
    known = geneformer_v1()
    tokens = CellExpression("genes").encode(cell, style=GENEFORMER_V1)
    return known.token[[known.rows[token[3:-1]] for token in tokens]]


def scgpt_bins(values: NDArray[np.floating], bins: int = SCGPT_BINS) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the bin of each detected gene, 1 to ``bins`` - 1, and the edges, as scGPT's preprocessor makes them.

    Edges are quantiles of the cell's own values. A value that equals several of them may fall into any bin that they
    bound: scGPT draws one at random, here it is the lowest, so that a cell is written in one way.

    Parameters
    ----------
    values : ndarray, shape=(n,), dtype=float
        Above 0, on any scale.
    bins : int

    Returns
    -------
    bins : ndarray, shape=(n,), dtype=int64
    edges : ndarray, shape=(bins,), dtype=float64
        0, then the quantiles.
    """
    if not len(values):
        return np.empty(0, dtype=np.int64), np.zeros(bins)
    edges = np.quantile(values, np.linspace(0, 1, bins - 1))
    highest, below = np.digitize(values, edges), np.digitize(values, edges, right=True)
    return np.minimum(highest, below + 1).astype(np.int64), np.concatenate([[0.0], edges])


def scgpt_spread_bins(
    values: NDArray[np.floating], order: NDArray[np.integer], bins: int = SCGPT_BINS
) -> NDArray[np.int64]:
    """Return the bin of each detected gene, 1 to ``bins`` - 1, ties spread evenly in a given order, ``int64 [n]``.

    Where :func:`scgpt_bins` takes the lowest of the bins that a value bounds, and scGPT draws one, here each of them
    gets the same number of genes, the first of the order the highest: as many genes in each bin as scGPT has in the
    mean, always the same ones.

    Parameters
    ----------
    values : ndarray, shape=(n,), dtype=float
        Above 0, on any scale.
    order : ndarray, shape=(n,), dtype=integer
        The places of all values, descending.
    bins : int
    """
    if not len(values):
        return np.empty(0, dtype=np.int64)
    edges = np.quantile(values, np.linspace(0, 1, bins - 1))
    ordered = values[order]
    highest = np.digitize(ordered, edges)
    lowest = np.minimum(highest, np.digitize(ordered, edges, right=True) + 1)
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    tied = np.diff(np.r_[starts, len(ordered)])
    place = np.arange(len(ordered)) - np.repeat(starts, tied)
    found = np.empty(len(values), dtype=np.int64)
    found[order] = highest - (2 * place + 1) * (highest - lowest + 1) // (2 * np.repeat(tied, tied))
    return found


def scgpt_tokens(
    cell: Cell, vocabulary: Mapping[str, int], bins: int = SCGPT_BINS
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return scGPT's ids of a cell's genes and the bin of each, ``int64 [n]`` each; genes it does not know left out.

    Bins are of all detected genes that it knows, in the order of the cell.

    Parameters
    ----------
    cell : Cell
    vocabulary : mapping of str to int
        The content of its ``vocab.json``: ids by symbol.
    bins : int
    """
    table = gene_table()
    symbols = [table.symbol[table.rows[gene]] if gene in table.rows else "" for gene in cell.genes]
    known = np.array([symbol in vocabulary for symbol in symbols], dtype=np.bool_)
    ids = np.array([vocabulary[symbol] for symbol in symbols if symbol in vocabulary], dtype=np.int64)
    return ids, scgpt_bins(cell.values[known], bins)[0]
