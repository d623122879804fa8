"""The geometry of protein backbones as numbers: bonds, angles, torsions, contacts.

Backbones are ``[L, 3, 3]``: residue, (N, CA, C), xyz in Angstrom; NaN where an atom is missing, and in whatever is
measured from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.metrics.geometry import C_N_LENGTH, CA_C_LENGTH, N_CA_LENGTH, angle, dihedral

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

IDEAL_LENGTHS = {"N-CA": N_CA_LENGTH, "CA-C": CA_C_LENGTH, "C-N": C_N_LENGTH}
"""Bonds of a backbone and their ideal lengths in Angstrom (Engh and Huber)."""


def bond_lengths(backbone: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Return the lengths in Angstrom of the bonds of a backbone, by name.

    Returns
    -------
    dict of str to ndarray
        "N-CA" and "CA-C", ``float64 [L]``, and "C-N" to the next residue, ``float64 [L - 1]``, bonded or not.
    """
    n, ca, c = _atoms(backbone)
    return {
        "N-CA": np.linalg.norm(ca - n, axis=1),
        "CA-C": np.linalg.norm(c - ca, axis=1),
        "C-N": np.linalg.norm(n[1:] - c[:-1], axis=1),
    }


def bond_angles(backbone: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Return the angles in degrees between the bonds of a backbone, by name.

    Returns
    -------
    dict of str to ndarray
        "N-CA-C", ``float64 [L]``; "CA-C-N" and "C-N-CA" across the step to the next residue, ``float64 [L - 1]``.
    """
    n, ca, c = _atoms(backbone)
    return {
        "N-CA-C": np.degrees(angle(n, ca, c)),
        "CA-C-N": np.degrees(angle(ca[:-1], c[:-1], n[1:])),
        "C-N-CA": np.degrees(angle(c[:-1], n[1:], ca[1:])),
    }


def ca_distances(backbone: ArrayLike) -> NDArray[np.float64]:
    """Return the distance in Angstrom from each CA to the next, ``float64 [L - 1]``."""
    ca = _atoms(backbone)[1]
    return np.asarray(np.linalg.norm(ca[1:] - ca[:-1], axis=1))


@dataclass(frozen=True)
class Torsions:
    """Backbone torsions in degrees, NaN where an atom is missing or the chain is broken.

    Parameters
    ----------
    phi, psi : ndarray, shape=(L,), dtype=float64
    omega : ndarray, shape=(L-1,), dtype=float64
        About the bond from each residue to the next.
    linked : ndarray, shape=(L-1,), dtype=bool
        Whether each residue is bonded to the next.
    """

    phi: NDArray[np.float64]
    psi: NDArray[np.float64]
    omega: NDArray[np.float64]
    linked: NDArray[np.bool_]


def torsions(backbone: ArrayLike, link_limit: float = np.inf) -> Torsions:
    """Return the torsions of a backbone.

    Parameters
    ----------
    backbone : array, shape=(L, 3, 3)
    link_limit : float
        Angstrom from C to the next N beyond which the chain is broken.
    """
    n, ca, c = _atoms(backbone)
    with np.errstate(invalid="ignore"):
        linked = np.linalg.norm(c[:-1] - n[1:], axis=1) < link_limit
        phi, psi = np.full(len(n), np.nan), np.full(len(n), np.nan)
        omega = np.degrees(dihedral(ca[:-1], c[:-1], n[1:], ca[1:]))
        phi[1:] = np.where(linked, np.degrees(dihedral(c[:-1], n[1:], ca[1:], c[1:])), np.nan)
        psi[:-1] = np.where(linked, np.degrees(dihedral(n[:-1], ca[:-1], c[:-1], n[1:])), np.nan)
    return Torsions(phi, psi, np.where(linked, omega, np.nan), linked)


def close_pairs(points: ArrayLike, radius: float, separation: int) -> NDArray[np.int64]:
    """Return the pairs of points of a chain that are near in space and not along the chain.

    Parameters
    ----------
    points : array, shape=(L, 3)
        Angstrom; points with NaN are in no pair.
    radius : float
        The largest distance of a pair.
    separation : int
        The least distance along the chain.

    Returns
    -------
    ndarray, shape=(P, 2), dtype=int64
        Indices, the lower first, in ascending order.
    """
    from biotite.structure import CellList

    array = np.asarray(points, dtype=np.float32)
    resolved = np.flatnonzero(np.isfinite(array).all(axis=1))
    if len(resolved) < 2:
        return np.zeros((0, 2), dtype=np.int64)
    near = CellList(array[resolved], cell_size=radius).get_atoms(array[resolved], radius)
    first, column = np.nonzero(near >= 0)
    pairs = np.stack((resolved[first], resolved[near[first, column]]), axis=1)
    return np.asarray(pairs[pairs[:, 1] - pairs[:, 0] >= separation], dtype=np.int64)


def _atoms(backbone: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """Return N, CA and C, ``float64 [L, 3]`` each."""
    array = np.asarray(backbone, dtype=np.float64)
    return array[:, 0], array[:, 1], array[:, 2]
