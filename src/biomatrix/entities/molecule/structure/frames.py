"""Local frames on three reference atoms, and points written in them (float64 throughout).

Legend: A focal atom, B and C its references; u along A to B, v towards C and orthogonal to u, w = u x v.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LINEAR_LIMIT = 1e-7
"""References whose angle has a smaller sine count as exactly linear; the coordinates of any file are coarser."""


def local_frames(focal: Array, first: Array, second: Array) -> tuple[Array, Array, Array]:
    """Return the axes (u, v, w) of the frames on A = focal, B = first, C = second.

    Linear or coinciding references get a perpendicular chosen by a fixed rule, the same for encoding and
    decoding, so that no frame is ever undefined.

    Parameters
    ----------
    focal, first, second : ndarray, shape=(N, 3), dtype=float64
        Positions in Angstrom.

    Returns
    -------
    u, v, w : ndarray, shape=(N, 3), dtype=float64
        Orthonormal and right-handed.
    """
    towards = first - focal
    length = np.sqrt(dot(towards, towards))
    u = towards / np.where(length > 0.0, length, 1.0)[:, None]
    u[length == 0.0] = (1.0, 0.0, 0.0)
    across = second - focal
    rest = across - dot(across, u)[:, None] * u
    norm = np.sqrt(dot(rest, rest))
    linear = norm <= LINEAR_LIMIT * np.sqrt(dot(across, across))
    if linear.any():
        rest[linear] = perpendicular(u[linear])
        norm[linear] = 1.0
    v = rest / norm[:, None]
    return u, v, cross(u, v)


def perpendicular(u: Array) -> Array:
    """Return unit vectors orthogonal to the unit vectors u [N, 3], from the axis each is least along."""
    axis = np.eye(3)[np.argmin(np.abs(u), axis=1)]
    rest = axis - dot(axis, u)[:, None] * u
    return np.asarray(rest / np.sqrt(dot(rest, rest))[:, None])


def cross(a: Array, b: Array) -> Array:
    """Return the cross products of [N, 3] and [N, 3], written out: several times faster than numpy.cross."""
    return np.stack(
        (
            a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1],
            a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2],
            a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0],
        ),
        axis=1,
    )


def local_points(descriptors: Array) -> Array:
    """Return the points [N, 3], in Angstrom and in their frames, of descriptors (r, theta, abs phi, sign) [N, 4]."""
    r, theta, phi = descriptors[:, 0], descriptors[:, 1], descriptors[:, 2] * descriptors[:, 3]
    ring = r * np.sin(theta)
    return np.stack((ring * np.cos(phi), ring * np.sin(phi), r * np.cos(theta)), axis=1)


def dot(a: Array, b: Array) -> Array:
    """Return the dot products of [N, 3] and [N, 3], written out: each row is the same to the bit in any batch."""
    return np.asarray(a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1] + a[:, 2] * b[:, 2])
