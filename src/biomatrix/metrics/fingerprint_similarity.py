"""Tanimoto similarity of many Morgan fingerprints at once.

Legend: n molecules on one side, m on the other. A fingerprint is a row of 1,024 bits of radius 2, as MOSES makes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit import Chem

BITS: Final = 1024
RADIUS: Final = 2
_ROWS: Final = 1024
"""Rows of the similarity matrix that are held at once."""


def morgan_bits(mols: Iterable[Chem.Mol]) -> NDArray[np.float32]:
    """Return the Morgan fingerprints of molecules.

    Returns
    -------
    ndarray, shape=(n, 1024), dtype=float32
        Zeros and ones: products of such rows are exact counts.
    """
    from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

    generator = GetMorganGenerator(radius=RADIUS, fpSize=BITS)
    rows = [np.asarray(generator.GetFingerprintAsNumPy(mol), dtype=np.float32) for mol in mols]
    return np.stack(rows) if rows else np.zeros((0, BITS), dtype=np.float32)


def similarity_rows(
    first: NDArray[np.float32], second: NDArray[np.float32], rows: int = _ROWS
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Yield the Tanimoto similarities of ``first`` to ``second`` in blocks of rows.

    Two fingerprints without a bit are equal: their similarity is 1, as MOSES counts them.

    Yields
    ------
    rows : slice
    similarity : ndarray, shape=(rows, m), dtype=float32
    """
    size = second.sum(axis=1)
    for start in range(0, len(first), rows):
        block = first[start : start + rows]
        shared = block @ second.T
        union = block.sum(axis=1)[:, None] + size - shared
        shared[union == 0], union[union == 0] = 1.0, 1.0
        yield slice(start, start + len(block)), np.divide(shared, union, out=shared)


def nearest_similarity(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the greatest similarity of each fingerprint to those of the other side.

    Returns
    -------
    ndarray, shape=(n,), dtype=float64
        NaN where the other side is empty.
    """
    nearest = np.full(len(first), np.nan)
    if len(second):
        for rows, similarity in similarity_rows(first, second):
            nearest[rows] = similarity.max(axis=1)
    return nearest


def mean_similarities(bits: NDArray[np.float32], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, for each fingerprint, the mean similarity to all, itself included, and the root of the mean square.

    Parameters
    ----------
    bits : ndarray, shape=(n, 1024), dtype=float32
    weights : ndarray, shape=(n,), dtype=float64
        How often each occurs.

    Returns
    -------
    ndarray, shape=(2, n), dtype=float64
    """
    sums = np.zeros((2, len(bits)))
    for start in range(0, len(bits), _ROWS):
        # The matrix is symmetric: blocks right of the diagonal are counted for their rows and for their columns.
        for rows, similarity in similarity_rows(bits[start : start + _ROWS], bits[start:]):
            here = slice(start, start + (rows.stop - rows.start))
            for power, values in enumerate((similarity, similarity * similarity)):
                wide = values.astype(np.float64)
                sums[power, here] += wide @ weights[start:]
                beyond = rows.stop - rows.start
                sums[power, here.stop :] += weights[here] @ wide[:, beyond:]
    means = sums / weights.sum()
    return np.stack([means[0], np.sqrt(means[1])])
