"""Atoms of nucleotides in rebuilt frames, with the bond from each O3' to the next P.

Shapes: n nucleotides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.nucleic.structure.nucleotide.beads import ATOMS, C3, C5, O3, O5, P
from biomatrix.entities.nucleic.structure.nucleotide.bonds import C3_O3_LENGTH, LENGTHS, O3_P_LENGTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

FARTHEST_P: Final = 2.8
"""Angstrom from C3' to the next P, at which the angle at O3' between them is 135 degrees; 2.6 is usual."""

_AT_ONCE: Final = 1024
"""Nucleotides placed together: as many as stay in the processor's cache."""

_SMALLEST: Final = np.float32(1e-6)


def placed_atoms(
    shapes_K3A: NDArray[np.float32],
    codes: NDArray[np.int64],
    rotations: NDArray[np.float32],
    origins: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return the atoms of nucleotides in space.

    Parameters
    ----------
    shapes_K3A : ndarray, shape=(K, 3, 15), dtype=float32
        The atoms of each code seen from their own frame.
    codes : ndarray, shape=(n,), dtype=int64
    rotations, origins : ndarray, shape=(n, 3, 3) and (n, 3), dtype=float32

    Returns
    -------
    ndarray, shape=(n, 15, 3), dtype=float32
    """
    atoms = np.empty((len(codes), ATOMS, 3), dtype=np.float32)
    for start in range(0, len(codes), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        shapes, turns = shapes_K3A.take(codes[part], axis=0), rotations[part]
        for axis in range(3):
            row = shapes[:, 0] * turns[:, axis, :1]
            row += shapes[:, 1] * turns[:, axis, 1:2]
            row += shapes[:, 2] * turns[:, axis, 2:]
            row += origins[part, axis, None]
            atoms[part, :, axis] = row
    return atoms


def close_links(atoms: NDArray[np.float32], joined: NDArray[np.bool_]) -> None:
    """Bond each O3' to its own C3' and to the next P, as near as possible to where it is.

    Where that P is farther from C3' than `FARTHEST_P`, the phosphate moves towards it, and its O5' is bonded anew.

    Parameters
    ----------
    atoms : ndarray, shape=(n, 15, 3), dtype=float32
        Changed in place.
    joined : ndarray, shape=(n,), dtype=bool
        Which nucleotides are bonded to the one before.
    """
    after = np.flatnonzero(joined)
    c3 = atoms[after - 1, C3]
    apart = atoms[after, P] - c3
    distance = np.sqrt((apart * apart).sum(axis=1))
    far = np.flatnonzero(distance > FARTHEST_P)
    if far.size:
        moved = after[far]
        atoms[moved, P:O5] -= (apart[far] * (1.0 - FARTHEST_P / distance[far])[:, None])[:, None]
        atoms[moved, O5] = bonded_between(
            atoms[moved, P], atoms[moved, O5], atoms[moved, C5], LENGTHS[P, O5], LENGTHS[O5, C5]
        )
    atoms[after - 1, O3] = bonded_between(c3, atoms[after - 1, O3], atoms[after, P], C3_O3_LENGTH, O3_P_LENGTH)


def bonded_between(
    first: NDArray[np.float32],
    middle: NDArray[np.float32],
    last: NDArray[np.float32],
    first_length: float,
    last_length: float,
) -> NDArray[np.float32]:
    """Move atoms so that they are bonded to two others, as little as needed.

    They go to the circle of right bond lengths about the line between the two. Where these are too far apart or too
    close for both bonds, they go onto that line, and the errors of the two bonds are the same.

    Parameters
    ----------
    first, middle, last : ndarray, shape=(n, 3), dtype=float32
    first_length, last_length : float
        Of the bonds, in Angstrom.

    Returns
    -------
    ndarray, shape=(n, 3), dtype=float32
    """
    start, here, end = (np.ascontiguousarray(points.T) for points in (first, middle, last))
    axis = end - start
    distance = np.sqrt((axis * axis).sum(axis=0)) + _SMALLEST
    axis /= distance
    along = 0.5 * (distance + np.float32(first_length**2 - last_length**2) / distance)
    square = np.float32(first_length**2) - along * along
    reached = square > 0.0
    along = np.where(reached, along, 0.5 * (distance + np.float32(first_length - last_length)))
    aside = here - start
    aside -= (aside * axis).sum(axis=0) * axis
    aside *= np.sqrt(np.where(reached, square, 0.0)) / (np.sqrt((aside * aside).sum(axis=0)) + _SMALLEST)
    return np.asarray((start + along * axis + aside).T, dtype=np.float32)
