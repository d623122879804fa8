"""Frames of residues, many at once.

Shapes: n residues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biomatrix.metrics.geometry import RESIDUE_TEMPLATE

if TYPE_CHECKING:
    from numpy.typing import NDArray


def fitted_frames(atoms: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the frames that bring the ideal residue closest to each residue, as `kabsch` would, in closed form.

    Three atoms lie in a plane and the ideal residue lies in it too, so only one angle remains to be found.

    Parameters
    ----------
    atoms : ndarray, shape=(n, 3, 3), dtype=float64
        (N, CA, C), not on one line.

    Returns
    -------
    rotations : ndarray, shape=(n, 3, 3), dtype=float64
        Residues lie next to each other in memory: sums over axes are then fastest.
    origins : ndarray, shape=(n, 3), dtype=float64
    """
    n, ca, c = np.ascontiguousarray(atoms.transpose(1, 2, 0))
    middle = (n + ca + c) / 3.0
    x = _unit(c - ca)
    y = n - ca
    y = _unit(y - (y * x).sum(axis=0) * x)
    ideal_middle = RESIDUE_TEMPLATE.mean(axis=0)
    ideal = RESIDUE_TEMPLATE - ideal_middle
    along, across = (
        sum(weight * (atom - middle) for weight, atom in zip(ideal[:, axis], (n, ca, c), strict=True))
        for axis in (0, 1)
    )
    cosine = (along * x + across * y).sum(axis=0)
    sine = (along * y - across * x).sum(axis=0)
    size = np.hypot(cosine, sine)
    cosine, sine = cosine / size, sine / size
    axes = np.empty((3, 3, len(atoms)))
    axes[:, 0], axes[:, 1] = cosine * x + sine * y, cosine * y - sine * x
    axes[:, 2] = x[[1, 2, 0]] * y[[2, 0, 1]] - x[[2, 0, 1]] * y[[1, 2, 0]]
    origins = middle - axes[:, 0] * ideal_middle[0] - axes[:, 1] * ideal_middle[1]
    return axes.transpose(2, 0, 1), origins.T


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns [3, n] scaled to length one."""
    return np.asarray(vectors / np.sqrt((vectors * vectors).sum(axis=0)))


def backbone_of(rotations: NDArray[np.float64], origins: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return (N, CA, C) of ideal residues in frames [..., 3, 3] and [..., 3]: float32 [..., 3, 3]."""
    atoms = RESIDUE_TEMPLATE @ rotations.swapaxes(-1, -2)
    return np.asarray(atoms + origins[..., None, :], dtype=np.float32)
