"""Tanimoto similarity of many Morgan fingerprints at once.

Legend: n molecules on one side, m on the other. A fingerprint has 1,024 bits of radius 2, as MOSES makes them, and is
held as a row of 128 bytes, written in hexadecimal digits where it goes from one process to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit import Chem

    from biomatrix.metrics.teams import Team

BITS: Final = 1024
RADIUS: Final = 2
_ROWS: Final = 512
"""Rows of the similarity matrix that are held at once."""


def written_bits(mol: Chem.Mol) -> str:
    """Return the Morgan fingerprint of a molecule, written."""
    return _written(np.packbits(_generator().GetFingerprintAsNumPy(mol)))


def packed_bits(written: Iterable[str]) -> NDArray[np.uint8]:
    """Return fingerprints, ``uint8 [n, 128]``."""
    return _read("".join(written))


def nearest_similarity(first: NDArray[np.uint8], second: NDArray[np.uint8], team: Team) -> NDArray[np.float64]:
    """Return the greatest similarity of each fingerprint to those of the other side.

    Parameters
    ----------
    first, second : ndarray, shape=(n, 128) and (m, 128), dtype=uint8
    team : Team
        The processes that share the work.

    Returns
    -------
    ndarray, shape=(n,), dtype=float64
        NaN where the other side is empty.
    """
    if not len(second):
        return np.full(len(first), np.nan)
    others = _written(second)
    blocks = [[_written(first[start : start + _ROWS]), others] for start in range(0, len(first), _ROWS)]
    return np.array([each for block in team.map(nearest_of, blocks, 1) for each in block], dtype=np.float64)


def nearest_of(blocks: Sequence[Sequence[str]]) -> list[list[float]]:
    """Return for each two written sides the greatest similarity of each row of the first to the second."""
    return [_similarities(*map(_floats, block)).max(axis=1).tolist() for block in blocks]


def mean_similarities(bits: NDArray[np.uint8], weights: NDArray[np.float64], team: Team) -> NDArray[np.float64]:
    """Return, for each fingerprint, the mean similarity to all, itself included, and the root of the mean square.

    Parameters
    ----------
    bits : ndarray, shape=(n, 128), dtype=uint8
    weights : ndarray, shape=(n,), dtype=float64
        How often each occurs.
    team : Team
        The processes that share the work.

    Returns
    -------
    ndarray, shape=(2, n), dtype=float64
    """
    starts = range(0, len(bits), _ROWS)
    # The matrix is symmetric: blocks right of the diagonal are counted for their rows and for their columns.
    blocks = [[_written(bits[start:]), weights[start:].tolist()] for start in starts]
    sums = np.zeros((2, len(bits)))
    for start, block in zip(starts, team.map(sums_of, blocks, 1), strict=True):
        sums[:, start:] += block
    means = sums / weights.sum()
    return np.stack([means[0], np.sqrt(means[1])])


def sums_of(blocks: Sequence[Sequence[Any]]) -> list[list[list[float]]]:
    """Return for each written matrix what its first rows add to the sums of similarities and of their squares."""
    return [_sums(_floats(written), np.array(weights)) for written, weights in blocks]


def _sums(bits: NDArray[np.float32], weights: NDArray[np.float64]) -> list[list[float]]:
    sums = np.zeros((2, len(bits)))
    similarity = _similarities(bits[:_ROWS], bits)
    for power, values in enumerate((similarity, similarity * similarity)):
        wide = values.astype(np.float64)
        sums[power, :_ROWS] += wide @ weights
        sums[power, _ROWS:] += weights[:_ROWS] @ wide[:, _ROWS:]
    return sums.tolist()


def _similarities(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return Tanimoto similarities, ``float32 [n, m]``; two without a bit are equal: 1, as MOSES counts them."""
    shared = first @ second.T  # products of zeros and ones are exact counts
    union = first.sum(axis=1)[:, None] + second.sum(axis=1) - shared
    empty = union == 0
    if empty.any():
        shared[empty], union[empty] = 1.0, 1.0
    return np.asarray(np.divide(shared, union, out=shared))


def _floats(written: str) -> NDArray[np.float32]:
    return np.unpackbits(_read(written), axis=1).astype(np.float32)


def _written(bits: NDArray[np.uint8]) -> str:
    return bits.tobytes().hex()


def _read(written: str) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex(written), dtype=np.uint8).reshape(-1, BITS // 8)


@cache
def _generator() -> Any:
    from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

    return GetMorganGenerator(radius=RADIUS, fpSize=BITS)
