"""Steps put one after the other: the chain that codes mean.

Shapes: B chains, T residues, K steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biomatrix.structure.geometry import RESIDUE_TEMPLATE

if TYPE_CHECKING:
    from numpy.typing import NDArray


def compose(
    steps_BT: NDArray[np.int64], rotations_K33: NDArray[np.float64], translations_K3: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Rebuild chains from steps: float32 [B, T, 3, 3], the first residue at the origin of space.

    Parameters
    ----------
    steps_BT : ndarray, shape=(B, T), dtype=int64
        Steps 0 to K - 1; the first of each chain is not used.
    rotations_K33, translations_K3 : ndarray, dtype=float64
        The steps.
    """
    num_chains, length = steps_BT.shape
    rotation = np.broadcast_to(np.eye(3), (num_chains, 3, 3))
    origin = np.zeros((num_chains, 3))
    backbone = np.empty((num_chains, length, 3, 3), dtype=np.float32)
    for t in range(length):
        if t:
            step = steps_BT[:, t]
            origin = origin + (rotation @ translations_K3[step][..., None])[..., 0]
            rotation = rotation @ rotations_K33[step]
        backbone[:, t] = RESIDUE_TEMPLATE @ rotation.swapaxes(-1, -2) + origin[:, None]
    return backbone
