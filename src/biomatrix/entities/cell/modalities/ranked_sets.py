"""Many cells ranked at once: what is done to every value is done to many cells together, only the ranking one by one.

Legend: C cells, G columns of a matrix, n genes of a cell that are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.modalities.levels import Levels
from biomatrix.entities.cell.modalities.ranking import by_level, first_packed, low_bits, packed, whole_order
from biomatrix.entities.cell.scale import Scale, exact_sum
from biomatrix.errors import UnsupportedError

if TYPE_CHECKING:
    from biomatrix.entities.cell.cell_set import CellSet

Ranked: TypeAlias = tuple[NDArray[np.intp], NDArray[np.int64] | None]
"""The columns, or places, of the genes that are written, in order, and their levels."""
_CHUNK: Final = 1 << 16
"""About so many values of a matrix are scaled at once: they stay in the cache of a core."""


def linear(values: NDArray[np.float32], scale: Scale, *, ranks: bool) -> NDArray[np.float64]:
    """Return values as they may be divided by medians, ``float64 [n]``; ranks as they are.

    Raises
    ------
    UnsupportedError
        They say nothing about counts, or are ranks where ``ranks`` is False.
    """
    if scale == "other" or (scale == "rank" and not ranks):
        raise UnsupportedError(
            f"values that are {scale} say nothing about counts; say what they are (values=), or give counts"
            + (" or write genes alone (layout='genes')" if scale == "rank" else "")
        )
    made = values.astype(np.float64)
    return np.expm1(made, out=made) if scale == "log1p_cp10k" else made


def ranked_columns(
    cells: CellSet,
    codes: NDArray[np.int64],
    inverse: NDArray[np.float64],
    k: int,
    levels: Levels | None,
    totals: NDArray[np.float64] | None,
) -> Iterator[Ranked]:
    """Yield the columns of the first k genes of each cell, and their levels where there are any.

    Parameters
    ----------
    cells : CellSet
    codes : ndarray, shape=(G,), dtype=int64
        The gene of each column, which decides ties; -1 for none.
    inverse : ndarray, shape=(G,), dtype=float64
        What scales each column; 0 for one without a token.
    k : int
    levels : Levels, optional
        Genes stand by median-scaled value alone where not given.
    totals : ndarray, shape=(C,), dtype=float64, optional
        Counts of each cell.
    """
    matrix = cells.matrix
    low = low_bits(matrix.shape[1])
    for first, stop in _chunks(matrix.indptr):
        begin, end = int(matrix.indptr[first]), int(matrix.indptr[stop])
        columns, values = matrix.indices[begin:end], matrix.data[begin:end]
        scaled = linear(values, cells.scale, ranks=levels is None)
        scaled *= inverse.take(columns, mode="clip")
        bits = scaled.view(np.uint64)
        bounds: list[int] = (matrix.indptr[first : stop + 1] - begin).tolist()
        keys = packed(bits, columns.astype(np.uint64), low) if levels is None else bits
        for row in range(first, stop):
            part = slice(bounds[row - first], bounds[row - first + 1])
            one = columns[part]
            if levels is not None:
                edges = levels.edges_of(cells.scale, None if totals is None else float(totals[row]))
                places, each = by_level(values[part], scaled[part], partial(codes.take, one), k, edges)
                yield one[places], each
                continue
            order = first_packed(keys[part], low, k)
            yield one[whole_order(bits[part], codes[one], k)] if order is None else order, None


def totals_of(cells: CellSet) -> NDArray[np.float64] | None:
    """Return the counts of each cell over all genes; None where the values are no counts and nothing tells them."""
    if cells.totals is not None or cells.scale != "counts":
        return cells.totals
    matrix = cells.matrix
    return np.array([exact_sum(matrix.data[a:b]) for a, b in pairwise(matrix.indptr)])


def _chunks(indptr: NDArray[np.integer]) -> list[tuple[int, int]]:
    """Return ranges of rows that hold so many values, or are one row."""
    rows = len(indptr) - 1
    cuts = np.searchsorted(indptr, np.arange(_CHUNK, max(int(indptr[-1]), 1), _CHUNK))
    edges = np.unique(np.clip([0, *cuts.tolist(), rows], 0, rows)).tolist()
    return list(pairwise(edges))
