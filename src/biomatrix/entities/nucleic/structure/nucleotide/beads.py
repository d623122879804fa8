"""The three beads of a nucleotide (P, C4' and the glycosidic N), the frame they span, and where a strand is broken.

Shapes: n nucleotides, L of them with unresolved ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.nucleic.thresholds import LONGEST_STEP

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

P, O5, C5, C4, C3, O3, N = 0, 3, 4, 5, 7, 8, 12
"""Places of some atoms among the fifteen of `NucleicAcid.ATOMS`."""
BEADS: Final = (P, C4, N)

ATOMS: Final = 15

_SMALLEST_AREA: Final = 1e-3


def bead_frames(beads: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Right-handed frames of nucleotides: origin at C4', x towards N, P in the xy plane with y positive.

    Parameters
    ----------
    beads : array, shape=(..., 3, 3)
        P, C4' and N, not on one line.

    Returns
    -------
    rotations : ndarray, shape=(..., 3, 3), dtype=float64
        The axes as columns: ``rotations @ local + origins`` is a point in space.
    origins : ndarray, shape=(..., 3), dtype=float64
        C4'.
    """
    p, c4, n = np.moveaxis(np.asarray(beads, dtype=np.float64), -2, 0)
    x = _unit(n - c4)
    y = p - c4
    y = _unit(y - (y * x).sum(axis=-1, keepdims=True) * x)
    return np.stack([x, y, np.cross(x, y)], axis=-1), c4


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True)))


def resolved_nucleotides(backbone: ArrayLike) -> NDArray[np.bool_]:
    """Return which nucleotides have a frame: three beads with finite coordinates, not on one line.

    Parameters
    ----------
    backbone : array, shape=(L, 15, 3)

    Returns
    -------
    ndarray, shape=(L,), dtype=bool
    """
    beads = np.asarray(backbone, dtype=np.float64)[:, BEADS]
    complete: NDArray[np.bool_] = np.asarray(np.isfinite(beads).all(axis=(1, 2)))
    sides = beads[complete][:, (0, 2)] - beads[complete][:, 1:2]
    complete[complete] = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=-1) > _SMALLEST_AREA
    return complete


def joined_to_previous(beads: ArrayLike, places: ArrayLike) -> NDArray[np.bool_]:
    """Return which resolved nucleotides are bonded to the one before.

    Parameters
    ----------
    beads : array, shape=(n, 3, 3)
        P, C4' and N of the resolved nucleotides, in order.
    places : int array, shape=(n,)
        Their places in the strand: over a place left out there is no bond.

    Returns
    -------
    ndarray, shape=(n,), dtype=bool
        False for the first.
    """
    positions = np.asarray(beads, dtype=np.float64)
    joined = np.zeros(len(positions), dtype=bool)
    links = np.linalg.norm(positions[1:, 0] - positions[:-1, 1], axis=-1)
    joined[1:] = (links <= LONGEST_STEP) & (np.diff(np.asarray(places)) == 1)
    return joined
