"""Every chain turned the same way before it is encoded, so that codes can say where a residue stands.

Invariant codes leave it to the decoder to find out how far-apart pieces lie to each other, and errors add up along the
chain. In the axes of the chain itself a residue has coordinates that depend on no rotation, and a code can carry them,
roughly; neighbours' codes make them precise. Legend: L residues.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from biomatrix.entities.protein.structure.gcp_vqvae.decoder import frame_of

POSE_FEATURES = 47
_POSITION_UNIT = 10.0
_STEP_UNIT = 3.8


def in_pose(backbone: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the backbone about its centroid along its principal axes, float32 [L, 3, 3], NaN where it was.

    Axes are ordered by the spread of the CA atoms, widest first. The first two point the way in which the chain on the
    whole runs from its first to its last residue, the third makes them right-handed: a mirror image stays one.

    Examples
    --------
    >>> chain = np.random.default_rng(0).normal(size=(30, 3, 3))
    >>> turned = chain @ np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]) + 7
    >>> bool(np.allclose(in_pose(chain), in_pose(turned), atol=1e-5))
    True
    """
    resolved = np.isfinite(backbone).all(axis=(1, 2))
    if not resolved.any():
        return np.asarray(backbone, dtype=np.float32)
    alpha = np.asarray(backbone[resolved, 1], dtype=np.float64)
    centre = alpha.mean(axis=0)
    _, axes = np.linalg.eigh((alpha - centre).T @ (alpha - centre))
    order = np.flatnonzero(resolved)
    course = (order - order.mean()) @ (alpha - centre)
    first, second = (axis if axis @ course >= 0 else -axis for axis in (axes[:, 2], axes[:, 1]))
    turned = (backbone - centre) @ np.stack([first, second, np.cross(first, second)], axis=1)
    return np.asarray(turned, dtype=np.float32)


def pose_features(backbone: Tensor, bonded: Tensor) -> Tensor:
    """Describe residues of a chain in its pose: where each stands, how it is turned, where its neighbours are.

    Parameters
    ----------
    backbone : Tensor, shape=(L, 3, 3), dtype=float32
        (N, CA, C) of each node, finite, in the pose of the whole chain.
    bonded : Tensor, shape=(L - 1,), dtype=bool
        Whether a node and the next one are neighbours in the chain.

    Returns
    -------
    Tensor, shape=(L, 47)
        CA (3), own N and C (6), the three atoms of the previous and of the next residue (18), all along the pose's
        axes; those 18 again along the residue's own axes; whether there is a previous and a next residue (2).
    """
    n, alpha, c = backbone.unbind(dim=1)
    own = torch.cat([n - alpha, c - alpha], dim=-1)
    steps = torch.stack([backbone[:-1] - alpha[1:, None], backbone[1:] - alpha[:-1, None]]) / _STEP_UNIT
    steps = steps * bonded[None, :, None, None]
    around = torch.cat([F.pad(steps[0], (0, 0, 0, 0, 1, 0)), F.pad(steps[1], (0, 0, 0, 0, 0, 1))], dim=1)
    local = around @ frame_of(alpha - c, n - alpha)
    flags = torch.stack([F.pad(bonded, (1, 0)), F.pad(bonded, (0, 1))], dim=-1).to(backbone.dtype)
    return torch.cat([alpha / _POSITION_UNIT, own, around.flatten(1), local.flatten(1), flags], dim=-1)
