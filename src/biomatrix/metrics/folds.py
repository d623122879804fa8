"""The course of a whole chain as numbers: how compact it is, and which way its helices wind.

Legend: L residues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.metrics.geometry import dihedral

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

HELIX_TURN: Final = (30.0, 75.0)
"""Degrees between the planes of four successive CA of an alpha or 3-10 helix, right-handed; ideal alpha helices: 50."""
HELIX_RISE: Final = (4.5, 6.2)
"""Angstrom from a CA to the third after it in such a helix; 8 and more in strands."""
HELIX_STEPS: Final = 3
"""The fewest successive turns of one hand that count as a helix: six residues."""


def radius_of_gyration(points: ArrayLike) -> float:
    """Return the root mean square distance of points from their centre, in their unit; NaN points are left out.

    Parameters
    ----------
    points : array, shape=(n, 3)
    """
    array = np.asarray(points, dtype=np.float64)
    kept = array[np.isfinite(array).all(axis=1)]
    if not len(kept):
        return float("nan")
    return float(np.sqrt(((kept - kept.mean(axis=0)) ** 2).sum(axis=1).mean()))


def helix_counts(ca: ArrayLike) -> tuple[int, int]:
    """Return how many helices wind to the right and how many to the left, by their CA alone.

    Parameters
    ----------
    ca : array, shape=(L, 3)
        Angstrom; NaN where unresolved.
    """
    points = np.asarray(ca, dtype=np.float64)
    if len(points) < HELIX_STEPS + 3:
        return 0, 0
    with np.errstate(invalid="ignore"):
        turn = np.degrees(dihedral(points[:-3], points[1:-2], points[2:-1], points[3:]))
        rise = np.linalg.norm(points[3:] - points[:-3], axis=1)
        helical = (np.abs(turn) > HELIX_TURN[0]) & (np.abs(turn) < HELIX_TURN[1])
        helical &= (rise > HELIX_RISE[0]) & (rise < HELIX_RISE[1])
    return _runs(helical & (turn > 0)), _runs(helical & (turn < 0))


def _runs(marked: NDArray[np.bool_]) -> int:
    """Return the number of stretches of at least ``HELIX_STEPS`` marked places."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], marked, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2] >= HELIX_STEPS).sum())


def chiral_volumes(n: ArrayLike, ca: ArrayLike, c: ArrayLike, cb: ArrayLike) -> NDArray[np.float64]:
    """Return the volume that N, C and CB span about each CA, in cubic Angstrom: about +2.5 in L residues, -2.5 in D.

    Parameters
    ----------
    n, ca, c, cb : array, shape=(L, 3)

    Returns
    -------
    ndarray, shape=(L,), dtype=float64
        NaN where an atom is missing.
    """
    centre = np.asarray(ca, dtype=np.float64)
    arms = [np.asarray(atom, dtype=np.float64) - centre for atom in (n, c, cb)]
    return np.asarray((np.cross(arms[0], arms[1]) * arms[2]).sum(axis=-1))
