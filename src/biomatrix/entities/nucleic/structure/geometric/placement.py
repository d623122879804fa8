"""Atoms of nucleotides in rebuilt frames, with the bond from each O3' to the next P.

Shapes: n nucleotides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.nucleic.structure.geometric.beads import ATOMS, O3, P
from biomatrix.entities.nucleic.structure.geometric.bonds import C3_O3_LENGTH, O3_P_LENGTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

C3: Final = 7

_SMALLEST: Final = 1e-6


def placed_atoms(
    shapes: NDArray[np.float32], rotations: NDArray[np.float32], origins: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the atoms of nucleotides in space.

    Parameters
    ----------
    shapes : ndarray, shape=(n, 15, 3), dtype=float32
        Seen from their own frames.
    rotations, origins : ndarray, shape=(n, 3, 3) and (n, 3), dtype=float32

    Returns
    -------
    ndarray, shape=(n, 15, 3), dtype=float32
    """
    atoms = np.empty((len(shapes), ATOMS, 3), dtype=np.float32)
    x, y, z = (shapes[:, :, axis] for axis in range(3))
    for axis in range(3):
        row = rotations[:, axis, :, None]
        atoms[:, :, axis] = x * row[:, 0] + y * row[:, 1] + z * row[:, 2] + origins[:, axis, None]
    return atoms


def close_links(atoms: NDArray[np.float32], joined: NDArray[np.bool_]) -> None:
    """Move each O3' so that it is bonded to its own C3' and to the next P, as near as possible to where it is.

    It goes to the circle of right bond lengths about the line from C3' to that P. Where they are too far apart or too
    close for both bonds, it goes onto that line, and the errors of the two bonds are the same.

    Parameters
    ----------
    atoms : ndarray, shape=(n, 15, 3), dtype=float32
        Changed in place.
    joined : ndarray, shape=(n,), dtype=bool
        Which nucleotides are bonded to the one before.
    """
    after = np.flatnonzero(joined)
    c3, o3 = (np.ascontiguousarray(atoms[after - 1, place].T) for place in (C3, O3))
    p = np.ascontiguousarray(atoms[after, P].T)
    axis = p - c3
    distance = np.sqrt((axis * axis).sum(axis=0)) + _SMALLEST
    axis /= distance
    along = 0.5 * (distance + (C3_O3_LENGTH**2 - O3_P_LENGTH**2) / distance)
    radius_squared = C3_O3_LENGTH**2 - along * along
    reached = radius_squared > 0.0
    shared = 0.5 * (distance + C3_O3_LENGTH - O3_P_LENGTH)
    along = np.where(reached, along, shared)
    radius = np.sqrt(np.where(reached, radius_squared, 0.0))
    aside = o3 - c3
    aside -= (aside * axis).sum(axis=0) * axis
    aside *= radius / (np.sqrt((aside * aside).sum(axis=0)) + _SMALLEST)
    atoms[after - 1, O3] = (c3 + along * axis + aside).T
