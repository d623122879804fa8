"""Alignments by dynamic programming, as TM-align has it: a gap costs once, after an aligned pair, and ends are free.

Legend: n residues of the moving chain, m of the fixed one, b alignments at once; antidiagonal k holds the cells (i, j)
with i + j = k, which depend on antidiagonals k - 1 and k - 2 alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biomatrix.metrics.tm_align.fits import Array

Map = NDArray[np.int64]
"""For each residue of the fixed chain, its partner in the moving chain, -1 for none."""


def align(scores: Array, gap: float) -> Map:
    """Return the alignments of greatest score.

    Not quite the optimum: as in the original, a cell that ends in a pair forgets the better of its gapped rivals.

    Parameters
    ----------
    scores : ndarray, shape=(b, n, m), dtype=float64
        What each pair is worth.
    gap : float
        What opening a gap adds; not positive.

    Returns
    -------
    ndarray, shape=(b, m), dtype=int64
    """
    b, n, m = scores.shape
    diagonals = _antidiagonals(scores)
    paired = np.zeros((n + m + 1, n + 1, b), dtype=bool)
    leftward = np.zeros_like(paired)
    values = [np.zeros((n + 1, b)) for _ in range(3)]
    penalised = [np.zeros((n + 1, b)) for _ in range(2)]
    for k in range(2, n + m + 1):
        low, high = max(1, k - m), min(n, k - 1) + 1
        here, above = slice(low, high), slice(low - 1, high - 1)
        diagonal = values[(k - 2) % 3][above] + diagonals[k, here]
        up, left = penalised[(k - 1) % 2][above], penalised[(k - 1) % 2][here]
        np.greater_equal(left, up, out=leftward[k, here])
        gapped = np.maximum(up, left)
        pair = np.greater_equal(diagonal, gapped, out=paired[k, here])
        value = np.maximum(diagonal, gapped, out=values[k % 3][here])
        np.add(value, gap * pair, out=penalised[k % 2][here])
    return np.stack([_trace(paired[:, :, each], leftward[:, :, each], n, m) for each in range(b)])


def _antidiagonals(scores: Array) -> Array:
    """Return scores by antidiagonal, ``float64 [n + m + 1, n + 1, b]``: ``[k, i]`` is residue i - 1 with k - i - 1."""
    b, n, m = scores.shape
    width = n + m + 1
    padded = np.zeros((n + 1, width, b))
    padded[1:, 1 : m + 1] = np.moveaxis(scores, 0, -1)
    row, column, item = padded.strides
    view = np.lib.stride_tricks.as_strided(padded, (width, n + 1, b), (column, row - column, item), writeable=False)
    return np.ascontiguousarray(view)


def _trace(paired: NDArray[np.bool_], leftward: NDArray[np.bool_], n: int, m: int) -> Map:
    partner = np.full(m, -1, dtype=np.int64)
    i, j = n, m
    while i > 0 and j > 0:
        if paired[i + j, i]:
            i, j = i - 1, j - 1
            partner[j] = i
        elif leftward[i + j, i]:
            j -= 1
        else:
            i -= 1
    return partner
