"""How far two frames are from each other, as the squared distance of twelve numbers.

A probe is a point and three levers fixed to a residue. What the closed loop cannot mend at the next residue (where
the bond to it points) has a long lever; what the next torsion mends anyway (the turn about that bond) a short one.

The search walks in frames whose origin is the probe's point. There the distance of two frames is linear in one of
them, given what `distance_rows` makes of the other, so that one small product compares a frame with many codes.

Shapes: three axes x (point, lever, lever, lever) = 12; a frame as a matrix [4, 4] acting on (1, x, y, z) = 16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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


def frame_matrices(
    rotation: NDArray[np.float64], origin: NDArray[np.float64], probe: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return frames, each seen from another, as matrices between frames with their origin at the probe's point.

    Parameters
    ----------
    rotation, origin : ndarray, shape=(..., 3, 3) and (..., 3), dtype=float64
    probe : ndarray, shape=(3, 4), dtype=float64

    Returns
    -------
    ndarray, shape=(..., 4, 4), dtype=float64
        Acting on (1, x, y, z), so the first row is (1, 0, 0, 0).
    """
    matrices = np.zeros((*origin.shape[:-1], 4, 4))
    matrices[..., 0, 0] = 1.0
    matrices[..., 1:, 1:] = rotation
    matrices[..., 1:, 0] = origin + rotation @ probe[:, 0] - probe[:, 0]
    return matrices


def inverse_matrices(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverses of `frame_matrices`, [..., 4, 4]."""
    inverse = matrices.copy()
    inverse[..., 1:, 1:] = matrices[..., 1:, 1:].swapaxes(-1, -2)
    inverse[..., 1:, 0] = -(inverse[..., 1:, 1:] @ matrices[..., 1:, :1])[..., 0]
    return inverse


def steps_between(
    rotations: NDArray[np.float64], origins: NDArray[np.float64], probe: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return `frame_matrices` of each residue seen from the one before: float32 [n, 4, 4], zeros for the first."""
    axes, points = rotations.transpose(1, 2, 0), origins.T
    points = points + sum(axes[:, k] * probe[k, 0] for k in range(3))
    steps = np.zeros((len(rotations), 4, 4), dtype=np.float32)
    steps[1:, 0, 0] = 1.0
    move = points[:, 1:] - points[:, :-1]
    for i in range(3):
        before = axes[:, i, :-1]
        steps[1:, 1 + i, 0] = (before * move).sum(axis=0)
        for j in range(3):
            steps[1:, 1 + i, 1 + j] = (before * axes[:, j, 1:]).sum(axis=0)
    return steps


def distance_rows(features: NDArray[np.float64], probe: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return what turns a frame into its squared distance from other frames.

    Parameters
    ----------
    features : ndarray, shape=(n, 12), dtype=float64
        Placed probes of those frames, or means of such.
    probe : ndarray, shape=(3, 4), dtype=float64

    Returns
    -------
    ndarray, shape=(n, 16), dtype=float32
        Multiplied by a frame matrix of `frame_matrices`, flattened, whose element [0, 1], zero by itself, holds the
        square of its translation and whatever else is to be added, it gives the squared distance.
    """
    placed, levers = features.reshape(-1, 3, 4), probe[:, 1:]
    shift = placed[:, :, 0] - probe[:, 0]
    rows = np.zeros((len(placed), 4, 4))
    rows[:, 0, 0] = (shift**2).sum(axis=1) + (placed[:, :, 1:] ** 2).sum(axis=(1, 2)) + (levers**2).sum()
    rows[:, 0, 1] = 1.0
    rows[:, 1:, 0] = -2.0 * shift
    rows[:, 1:, 1:] = -2.0 * placed[:, :, 1:] @ levers.T
    return rows.reshape(-1, 16).astype(np.float32)


def split_order(points: NDArray[np.float64], unit: int) -> NDArray[np.int64]:
    """Return the order of points by halving along the widest direction, in groups of ``unit`` where possible."""
    if len(points) <= 1:
        return np.arange(len(points))
    centred = points - points.mean(axis=0)
    axis = np.linalg.svd(centred.T @ centred)[0][:, 0]
    axis = axis * (1.0 if axis[np.abs(axis).argmax()] > 0 else -1.0)
    order = (centred @ axis).argsort(kind="stable")
    grain = unit if len(points) > unit else 1
    middle = max(grain, len(points) // grain // 2 * grain)
    return np.concatenate([half[split_order(points[half], unit)] for half in (order[:middle], order[middle:])])


def packed_places(values: NDArray[np.float32]) -> tuple[NDArray[np.int32], int]:
    """Return values and their places in the row as one whole number each; ``values`` is overwritten.

    Positive floats are ordered as the integers of the same bits, and the last bits of a distance do not matter. So
    it is enough to sort these numbers, several times faster than sorting places, and ties are broken alike everywhere.

    Parameters
    ----------
    values : ndarray, shape=(n, size), dtype=float32
        Negative ones count as zero.

    Returns
    -------
    packed : ndarray, shape=(n, size), dtype=int32
    mask : int
        ``packed & mask`` is the place.
    """
    mask = (1 << (values.shape[1] - 1).bit_length()) - 1
    np.maximum(values, 0.0, out=values)
    packed = values.view(np.int32)
    packed &= ~mask
    packed |= np.arange(values.shape[1], dtype=np.int32)
    return packed, mask


def turns_by(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotations about vectors [n, 3] by their lengths in radians: float64 [n, 3, 3]."""
    angle = np.linalg.norm(vectors, axis=1)[:, None, None]
    x, y, z = (vectors / np.maximum(angle[:, 0], 1e-12)).T
    none = np.zeros_like(x)
    cross = np.stack([none, -z, y, z, none, -x, -y, x, none], axis=1).reshape(-1, 3, 3)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross))
