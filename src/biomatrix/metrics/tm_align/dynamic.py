"""Alignments by dynamic programming, as TM-align has it: a gap costs once, after an aligned pair, and ends are free.

Legend: n residues of the moving chain, m of the fixed one, b alignments at once; antidiagonal k holds the cells (i, j)
with i + j = k, both counted from one, which depend on antidiagonals k - 1 and k - 2 alone. Alignments of chains of
several lengths are filled in one table of the greatest: each is read off from its own corner, and no cell depends on
those beyond.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from biomatrix.metrics.tm_align.fits import Array

Map = NDArray[np.int64]
"""For each residue of the fixed chain, its partner in the moving chain, -1 for none."""


class Scores(Protocol):
    """What each pair of residues is worth, in b alignments at once, asked for by antidiagonal."""

    @property
    def sizes(self) -> Sequence[tuple[int, int]]:
        """The lengths (n, m) of each alignment."""

    def antidiagonal(self, k: int, low: int, high: int) -> Array:
        """Return the worth of cells (low, k - low) to (high - 1, k - high + 1), ``float64 [high - low, b]``.

        It is the caller's until the next is asked for.
        """


def align(scores: Scores, gap: float) -> list[Map]:
    """Return the alignments of greatest score, ``int64 [m]`` each.

    Not quite the optimum: as in the original, a cell that ends in a pair forgets the better of its gapped rivals.

    Parameters
    ----------
    scores : Scores
    gap : float
        What opening a gap adds; not positive.
    """
    n, m = (max(lengths) for lengths in zip(*scores.sizes, strict=True))
    b = len(scores.sizes)
    rows, begins = _antidiagonals(n, m)
    paired, leftward = np.empty((n * m, b), dtype=bool), np.empty((n * m, b), dtype=bool)
    values = [np.zeros((n + 1, b)) for _ in range(2)]
    penalised = np.zeros((n + 1, b))
    for k, (low, high) in enumerate(rows[2:], start=2):
        here, above = slice(low, high), slice(low - 1, high - 1)
        cells = slice(begins[k] + low, begins[k] + high)
        diagonal = scores.antidiagonal(k, low, high)
        np.add(diagonal, values[k % 2][above], out=diagonal)
        # Antidiagonal k - 2 is no longer needed: k takes its place. Without a cost of gaps, values are what counts.
        before, value = penalised if gap else values[(k - 1) % 2], values[k % 2][here]
        np.greater_equal(before[here], before[above], out=leftward[cells])
        np.maximum(before[here], before[above], out=value)
        pair = np.greater_equal(diagonal, value, out=paired[cells])
        np.maximum(diagonal, value, out=value)
        if gap:
            np.add(value, np.multiply(pair, gap, out=diagonal), out=penalised[here])
    flat = paired.view(np.uint8).ravel().data, leftward.view(np.uint8).ravel().data
    places = [begin * b for begin in begins]
    return [_trace(*flat, size, places, b, each) for each, size in enumerate(scores.sizes)]


@lru_cache(maxsize=64)
def _antidiagonals(n: int, m: int) -> tuple[list[tuple[int, int]], list[int]]:
    """Return for each antidiagonal its first row, the one after its last, and where its cells lie among all.

    Where they lie is what to add to a row.
    """
    rows = [(max(1, k - m), min(n, k - 1) + 1) for k in range(n + m + 1)]
    begins, total = [], 0
    for low, high in rows:
        begins.append(total - low)
        total += max(high - low, 0)
    return rows, begins


def _trace(
    paired: memoryview, leftward: memoryview, size: tuple[int, int], places: list[int], b: int, each: int
) -> Map:
    """Return the alignment that a table leads to from its corner."""
    i, j = size
    partner = [-1] * j
    while i and j:
        cell = places[i + j] + i * b + each
        if paired[cell]:
            i -= 1
            j -= 1
            partner[j] = i
        elif leftward[cell]:
            j -= 1
        else:
            i -= 1
    return np.array(partner, dtype=np.int64)
