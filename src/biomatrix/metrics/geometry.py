"""Points, torsions and frames in three dimensions, as arrays over atoms and residues.

Lengths are in Angstrom and angles in radians. Every function takes leading batch axes (written ``...``) and
works in float64 whatever it is given, so that a result does not depend on the type or the batch of the input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Mean values of Engh and Huber (International Tables for Crystallography, vol. F, 2001, table 18.3.2.1).
N_CA_LENGTH = 1.458
CA_C_LENGTH = 1.525
C_N_LENGTH = 1.329
N_CA_C_ANGLE = np.deg2rad(111.0)
CA_C_N_ANGLE = np.deg2rad(117.2)
C_N_CA_ANGLE = np.deg2rad(121.7)

RESIDUE_TEMPLATE: NDArray[np.float64] = np.array(
    [
        [N_CA_LENGTH * np.cos(N_CA_C_ANGLE), N_CA_LENGTH * np.sin(N_CA_C_ANGLE), 0.0],
        [0.0, 0.0, 0.0],
        [CA_C_LENGTH, 0.0, 0.0],
    ]
)
"""Ideal (N, CA, C) in the frame of their own residue, ``float64 [3, 3]``, as `backbone_frames` defines it."""


def unit(vectors: ArrayLike) -> NDArray[np.float64]:
    """Scale vectors to length one; the zero vector becomes NaN.

    Parameters
    ----------
    vectors : array, shape=(..., 3)

    Returns
    -------
    ndarray, shape=(..., 3), dtype=float64
    """
    array = np.asarray(vectors, dtype=np.float64)
    length = np.linalg.norm(array, axis=-1, keepdims=True)
    scaled: NDArray[np.float64] = np.divide(array, length, out=np.full_like(array, np.nan), where=length > 0)
    return scaled


def angle(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> NDArray[np.float64]:
    """Angle at ``b`` between the directions to ``a`` and to ``c``.

    Parameters
    ----------
    a, b, c : array, shape=(..., 3)

    Returns
    -------
    ndarray, shape=(...), dtype=float64
        From 0 to pi.
    """
    b = np.asarray(b, dtype=np.float64)
    cosine = (unit(np.asarray(a) - b) * unit(np.asarray(c) - b)).sum(axis=-1)
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)))


def dihedral(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> NDArray[np.float64]:
    """Torsion about the bond b-c, with the sign of IUPAC (clockwise positive, seen from b to c).

    Parameters
    ----------
    a, b, c, d : array, shape=(..., 3)

    Returns
    -------
    ndarray, shape=(...), dtype=float64
        From -pi to pi.
    """
    a, b, c, d = (np.asarray(point, dtype=np.float64) for point in (a, b, c, d))
    axis = unit(c - b)
    before, after = a - b, d - c
    before = before - (before * axis).sum(axis=-1, keepdims=True) * axis
    after = after - (after * axis).sum(axis=-1, keepdims=True) * axis
    return np.asarray(np.arctan2((np.cross(axis, before) * after).sum(axis=-1), (before * after).sum(axis=-1)))


def place_atom(
    a: ArrayLike, b: ArrayLike, c: ArrayLike, length: ArrayLike, bend: ArrayLike, torsion: ArrayLike
) -> NDArray[np.float64]:
    """Place an atom d bonded to c, given three atoms before it and its internal coordinates.

    Parameters
    ----------
    a, b, c : array, shape=(..., 3)
    length : array, shape=(...)
        Distance c-d.
    bend : array, shape=(...)
        Angle b-c-d.
    torsion : array, shape=(...)
        Dihedral a-b-c-d.

    Returns
    -------
    ndarray, shape=(..., 3), dtype=float64
    """
    a, b, c = (np.asarray(point, dtype=np.float64) for point in (a, b, c))
    length, bend, torsion = (np.asarray(value, dtype=np.float64)[..., None] for value in (length, bend, torsion))
    along = unit(c - b)
    normal = unit(np.cross(b - a, along))
    side = np.cross(normal, along)
    return np.asarray(
        c + length * (-np.cos(bend) * along + np.sin(bend) * (np.cos(torsion) * side + np.sin(torsion) * normal))
    )


def backbone_frames(backbone: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Right-handed frames of residues: origin at CA, x towards C, N in the xy plane with y positive.

    Parameters
    ----------
    backbone : array, shape=(..., 3, 3)
        (N, CA, C) of each residue.

    Returns
    -------
    rotations : ndarray, shape=(..., 3, 3), dtype=float64
        The axes are the columns: ``rotations @ local + origins`` is a point in space. NaN where an atom is
        missing or the three atoms lie on one line.
    origins : ndarray, shape=(..., 3), dtype=float64
        CA.
    """
    atoms = np.asarray(backbone, dtype=np.float64)
    ca = atoms[..., 1, :]
    x = unit(atoms[..., 2, :] - ca)
    towards_n = atoms[..., 0, :] - ca
    y = unit(towards_n - (towards_n * x).sum(axis=-1, keepdims=True) * x)
    return np.stack([x, y, np.cross(x, y)], axis=-1), ca
