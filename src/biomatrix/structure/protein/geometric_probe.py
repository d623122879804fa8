"""How far two frames are from each other, as the squared distance of twelve numbers.

A probe is a point and three levers fixed to a residue. What the closed loop cannot mend at the next residue (where
the bond to it points) has a long lever; what the next torsion mends anyway (the turn about that bond) a short one.

Shapes: three axes x (point, lever, lever, lever) = 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biomatrix.structure.geometry import RESIDUE_TEMPLATE, backbone_frames

if TYPE_CHECKING:
    from numpy.typing import NDArray


def probe_features(
    rotation: NDArray[np.float64], origin: NDArray[np.float64], probe: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Place a probe by frames.

    Parameters
    ----------
    rotation : ndarray, shape=(..., 3, 3), dtype=float64
    origin : ndarray, shape=(..., 3), dtype=float64
    probe : ndarray, shape=(3, 4), dtype=float64
        The point, then the levers, as columns, in Angstrom.

    Returns
    -------
    ndarray, shape=(..., 3, 4), dtype=float64
        The distance of two frames is that of these.
    """
    placed = rotation @ probe
    placed[..., 0] += origin
    return np.asarray(placed)


def fitted_frames(atoms: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frames that bring the ideal residue closest to given ones, as `kabsch` would, in closed form.

    Three atoms lie in a plane and the ideal residue lies in it too, so what is left to find is one angle.

    Parameters
    ----------
    atoms : ndarray, shape=(n, 3, 3), dtype=float64
        (N, CA, C), not on one line.

    Returns
    -------
    rotations : ndarray, shape=(n, 3, 3), dtype=float64
    origins : ndarray, shape=(n, 3), dtype=float64
    """
    axes, _ = backbone_frames(atoms)
    middle = (atoms[:, 0] + atoms[:, 1] + atoms[:, 2]) / 3.0
    flat = (atoms - middle[:, None]) @ axes[:, :, :2]
    ideal_middle = RESIDUE_TEMPLATE.mean(axis=0)
    ideal = (RESIDUE_TEMPLATE - ideal_middle)[:, :2]
    cosine = _three(flat[..., 0] * ideal[:, 0] + flat[..., 1] * ideal[:, 1])
    sine = _three(flat[..., 1] * ideal[:, 0] - flat[..., 0] * ideal[:, 1])
    size = np.hypot(cosine, sine)
    cosine, sine = (cosine / size)[:, None], (sine / size)[:, None]
    x, y, z = axes[:, :, 0], axes[:, :, 1], axes[:, :, 2]
    rotations = np.stack([cosine * x + sine * y, cosine * y - sine * x, z], axis=-1)
    return rotations, middle - rotations @ ideal_middle


def _three(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over three columns."""
    return np.asarray(values[:, 0] + values[:, 1] + values[:, 2])
