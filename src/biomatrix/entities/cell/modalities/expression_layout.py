"""A cell's ranked genes, their levels and its read depth as one row of tokens, by layout.

Legend: n genes that are written, C cells, k places.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.modalities.expression_grammar import Layout

NOTHING: Final = -1
"""The read depth of a cell that tells none."""


def laid_out(
    genes: NDArray[np.int32], levels: NDArray[np.int32] | None, layout: Layout, depth: int
) -> NDArray[np.int32]:
    """Return the tokens of one cell, ``int32``; none of a cell without genes.

    Parameters
    ----------
    genes : ndarray, shape=(n,), dtype=int32
        The token of each gene, in order.
    levels : ndarray, shape=(n,), dtype=int32, optional
        The token of each gene's level; not for ``genes`` alone.
    layout : {"genes", "pairs", "runs"}
    depth : int
        The token of the read depth, -1 for none.
    """
    count = len(genes)
    first = int(depth != NOTHING and count > 0)
    if levels is None:
        marked, places = np.zeros(count, dtype=np.bool_), first + np.arange(count)
    elif layout == "pairs":
        marked, places = np.ones(count, dtype=np.bool_), first + 2 * np.arange(count)
    else:
        marked = np.ones(count, dtype=np.bool_)
        marked[1:] = levels[1:] != levels[:-1]
        places = first + np.arange(count) + marked.cumsum()
    written = np.empty(first + count + int(marked.sum()), dtype=np.int32)
    written[places] = genes
    if levels is not None:
        written[places[marked] + (1 if layout == "pairs" else -1)] = levels[marked]
    if first:
        written[0] = depth
    return written


def laid_out_alone(
    of_column: NDArray[np.int32], ranked: NDArray[np.intp], counts: NDArray[np.intp], depths: Sequence[int]
) -> list[NDArray[np.int32]]:
    """Return the tokens of cells that are written without levels, each a part of one array.

    Parameters
    ----------
    of_column : ndarray, shape=(G,), dtype=int32
        The token of each column of a matrix.
    ranked : ndarray, shape=(C, k), dtype=int64
        The columns of each cell, in order.
    counts : ndarray, shape=(C,), dtype=int64
        How many of them there are.
    depths : sequence of int
        The token of each cell's read depth, -1 for none.
    """
    written = np.empty((len(ranked), ranked.shape[1] + 1), dtype=np.int32)
    written[:, 0] = depths
    of_column.take(ranked, out=written[:, 1:], mode="clip")
    ends: list[int] = counts.tolist()
    begins = [int(depth == NOTHING or not end) for depth, end in zip(depths, ends, strict=True)]
    return [row[begin : end + 1] for row, begin, end in zip(written, begins, ends, strict=True)]
