"""Chains longer than the network was made for: overlapping windows, and how their pieces are joined again.

Which residue takes its code from which window depends on the chain's length alone, so a list of codes can be decoded
without knowing how it came about.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from biomatrix.metrics.superposition import kabsch

_LEAST_SHARED = 3


def windows(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Return half-open ranges that cover a chain: one if it fits, else all ``size`` long, sharing ``overlap`` or more.

    Examples
    --------
    >>> windows(10, 20, 5)
    [(0, 10)]
    >>> windows(50, 20, 5)
    [(0, 20), (15, 35), (30, 50)]
    """
    if length <= size:
        return [(0, length)]
    count = -(-(length - overlap) // (size - overlap))
    starts = [round(i * (length - size) / (count - 1)) for i in range(count)]
    return [(start, start + size) for start in starts]


def join_codes(pieces: Sequence[NDArray[np.int16]], ranges: Sequence[tuple[int, int]]) -> NDArray[np.int16]:
    """Join the windows' codes, int16 [L]: each residue's code comes from the window in which it stands deeper."""
    codes = np.full(ranges[-1][1], -1, dtype=np.int16)
    for piece, (start, _), (low, high) in zip(pieces, ranges, _territories(ranges), strict=True):
        codes[low:high] = piece[low - start : high - start]
    return codes


def join_backbones(
    pieces: Sequence[NDArray[np.float32]], ranges: Sequence[tuple[int, int]], *, lay: bool = True
) -> NDArray[np.float32]:
    """Join decoded windows, float32 [L, 3, 3]: each is laid onto what is there by the residues both have.

    Without ``lay`` they stay put, as all stand in the pose of the whole chain. Within an overlap, coordinates pass from
    one window's to the next one's linearly.
    """
    joined = np.full((ranges[-1][1], 3, 3), np.nan, dtype=np.float32)
    joined[: ranges[0][1]] = pieces[0]
    for piece, (_, previous_end), (start, end) in zip(pieces[1:], ranges[:-1], ranges[1:], strict=True):
        shared = previous_end - start
        there, new = joined[start:previous_end], piece[:shared]
        placed = _lay_onto(piece, new, there) if lay else piece
        share = (np.arange(1, shared + 1, dtype=np.float32) / (shared + 1))[:, None, None]
        joined[start:previous_end] = there + share * (placed[:shared] - there)
        joined[previous_end:end] = placed[shared:]
    return joined


def _lay_onto(piece: NDArray[np.float32], new: NDArray[np.float32], there: NDArray[np.float32]) -> NDArray[np.float32]:
    """Move a whole piece so that its part ``new`` lies on ``there``; a piece that shares too little stays put."""
    if (np.isfinite(new).all(axis=(1, 2)) & np.isfinite(there).all(axis=(1, 2))).sum() < _LEAST_SHARED:
        return piece
    rotation, translation = kabsch(new.reshape(-1, 3), there.reshape(-1, 3))
    return np.asarray(piece @ rotation.T + translation, dtype=np.float32)


def _territories(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The residues each window answers for: overlaps are cut in the middle."""
    cuts = [0, *((second[0] + first[1]) // 2 for first, second in pairwise(ranges)), ranges[-1][1]]
    return list(pairwise(cuts))
