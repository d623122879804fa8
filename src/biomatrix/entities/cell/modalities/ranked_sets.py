"""Many cells ranked at once: what is done to every value is done to many cells together, only the ranking one by one.

Legend: C cells, G columns of a matrix, n genes of a cell that are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.modalities.ranking import low_bits, packed, whole_order
from biomatrix.entities.cell.scale import Scale, exact_sum
from biomatrix.errors import UnsupportedError

if TYPE_CHECKING:
    from biomatrix.entities.cell.cell_set import CellSet

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


@dataclass(frozen=True, eq=False)
class Scaled:
    """Some cells of a set, their values scaled.

    Parameters
    ----------
    rows : range
        Which cells.
    bounds : list of int
        Where the values of each begin, and where the last end.
    columns : ndarray, shape=(n,), dtype=int64
    values : ndarray, shape=(n,), dtype=float32
        As they stand in the matrix.
    scaled : ndarray, shape=(n,), dtype=float64
        By the median of the gene; 0 for a column without a token.
    """

    rows: range
    bounds: list[int]
    columns: NDArray[np.intp]
    values: NDArray[np.float32]
    scaled: NDArray[np.float64]

    @property
    def parts(self) -> list[slice]:
        """The values of each cell."""
        return [slice(*pair) for pair in pairwise(self.bounds)]


def scaled_parts(cells: CellSet, inverse: NDArray[np.float64], *, ranks: bool) -> Iterator[Scaled]:
    """Yield the cells of a set in order, some at a time.

    Parameters
    ----------
    cells : CellSet
    inverse : ndarray, shape=(G,), dtype=float64
        What scales each column; 0 for one without a token.
    ranks : bool
        Whether values may be ranks.
    """
    matrix = cells.matrix
    for first, stop in _chunks(matrix.indptr):
        begin, end = int(matrix.indptr[first]), int(matrix.indptr[stop])
        # Cast once: both what looks up a scale and what is packed with it need places of this width.
        columns, values = matrix.indices[begin:end].astype(np.intp), matrix.data[begin:end]
        scaled = linear(values, cells.scale, ranks=ranks)
        scaled *= inverse.take(columns, mode="clip")
        bounds: list[int] = (matrix.indptr[first : stop + 1] - begin).tolist()
        yield Scaled(range(first, stop), bounds, columns, values, scaled)


def ranked_columns(
    some: Scaled, codes: NDArray[np.int64], k: int, width: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the columns of the first k genes of each cell by median-scaled value, and how many these are.

    Parameters
    ----------
    some : Scaled
    codes : ndarray, shape=(G,), dtype=int64
        The gene of each column, which decides ties.
    k : int
    width : int
        G.

    Returns
    -------
    columns : ndarray, shape=(len(rows), at most k), dtype=int64
        In order; anything behind the last one of a cell.
    counts : ndarray, shape=(len(rows),), dtype=int64
    """
    low = low_bits(width)
    bits = some.scaled.view(np.uint64)
    keys = packed(bits, some.columns.view(np.uint64), low)
    most = min(k, max((part.stop - part.start for part in some.parts), default=0))
    # One more than is wanted, for a tie with it; what a short cell leaves is 0, which comes first in ascending order.
    first = np.zeros((len(some.rows), most + 1), dtype=np.uint64)
    for row, part in zip(first, some.parts, strict=True):
        one = keys[part]
        spare = len(one) - most - 1
        if spare > 0:
            one.partition(spare)  # in place: of the keys no other order is needed
            row[:] = one[spare:]
        else:
            row[: len(one)] = one
    first.sort(axis=1)
    counts = np.minimum((first > low).sum(axis=1), most)
    tied = ((first[:, 1:] ^ first[:, :-1]) <= low) & (first[:, :-1] > low)
    columns = (first[:, :0:-1] & low).view(np.intp)
    for row in np.flatnonzero(tied.any(axis=1)).tolist():
        part = some.parts[row]
        held = some.columns[part]
        order = whole_order(bits[part], codes[held], most)
        columns[row, : len(order)] = held[order]
    return columns, counts


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
