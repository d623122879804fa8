"""Rows filled with whole documents: a window of them at a time, best fit, and nothing kept between windows.

What stands in a row depends on the lengths of the documents of its window alone, so the same order packs the same rows
wherever it is entered. One row of a window is not filled in general: a window of many rows makes up for it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

ROWS_TOGETHER: Final = 512
"""Rows that a window fills at least: one half-empty row among them costs a tenth of a percent."""


def pack(lengths: Sequence[int] | NDArray[Any], capacity: int) -> list[list[int]]:
    """Fill rows with pieces, the longest first, each into the fullest row that has room.

    Parameters
    ----------
    lengths : sequence of int
        Tokens of each piece, at most ``capacity``.
    capacity : int
        Tokens of a row.

    Returns
    -------
    list of list of int
        Indices of the pieces of each row.
    """
    rows: list[list[int]] = []
    room: list[tuple[int, int]] = []
    sizes = np.asarray(lengths)
    order = np.argsort(-sizes.astype(np.int64), kind="stable")
    for piece, length in zip(order.tolist(), sizes[order].tolist(), strict=True):
        place = bisect_left(room, (length, -1))
        if place == len(room):
            rows.append([])
            free, row = capacity, len(rows) - 1
        else:
            free, row = room.pop(place)
        rows[row].append(piece)
        if free > length:
            insort(room, (free - length, row))
    return rows


def packing_window(lengths: NDArray[Any], capacity: int, least: int = 1) -> int:
    """Return how many documents to pack together so that they fill `ROWS_TOGETHER` rows, at least ``least``.

    Parameters
    ----------
    lengths : ndarray, shape=(D,), dtype=int
        Tokens of every document; they may be mapped from disk.
    capacity : int
        Tokens of a row.
    least : int
        The smallest window.
    """
    mean = max(float(np.mean(lengths, dtype=np.float64)), 1.0) if len(lengths) else 1.0
    return max(least, -(-ROWS_TOGETHER * capacity // int(mean)))


def fill(lengths: NDArray[Any], rows: Sequence[Sequence[int]], capacity: int) -> float:
    """Return the share of the rows' tokens that hold a document, in [0, 1]."""
    return int(np.sum(lengths, dtype=np.int64)) / (len(rows) * capacity) if rows else 1.0
