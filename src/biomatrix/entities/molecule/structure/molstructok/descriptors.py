"""Four numbers per atom: distance, polar and azimuthal angle in the frame of its reference atoms, and a sign."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.frames import Array, local_frames

FIRST_ATOMS = (1.2608129506349746, 1.593612854073428, 2.1366727766526967)
"""Stand-ins (r, theta, abs phi) where atoms 0 to 2 have no reference yet: means of the published training data."""


def descriptors(positions: Array, references: NDArray[np.int64], starts: NDArray[np.int64]) -> Array:
    """Return (r, theta, abs phi, sign) of every atom of a batch.

    Parameters
    ----------
    positions : ndarray, shape=(N, 3), dtype=float64
        All atoms of all molecules in Angstrom, molecule after molecule, each in SELFIES order.
    references : ndarray, shape=(N, 3), dtype=int64
        (focal, first, second) within the molecule; -1 for the first three atoms.
    starts : ndarray, shape=(N,), dtype=int64
        Index of the first atom of each atom's molecule.

    Returns
    -------
    descriptors : ndarray, shape=(N, 4), dtype=float64
        r in Angstrom; theta from the normal of the reference plane and abs phi within it, in radian; sign of
        phi, 0 for the first three atoms.
    """
    result = np.empty((len(positions), 4))
    result[:] = (*FIRST_ATOMS, 0.0)
    index = np.arange(len(positions)) - starts
    second = np.flatnonzero(index == 1)
    result[second, 0] = _norm(positions[second] - positions[second - 1])
    third = np.flatnonzero(index == 2)
    result[third, 0] = to_origin = _norm(positions[third] - positions[third - 2])
    result[third, 2] = _angle_at_origin(
        _norm(positions[third - 1] - positions[third - 2]),
        to_origin,
        _norm(positions[third] - positions[third - 1]),
    )
    later = np.flatnonzero(index >= 3)
    focal, first, other = (references[later] + starts[later, None]).T
    origin = positions[focal]
    axes = local_frames(origin, positions[first], positions[other])
    x, y, z = ((axis * (positions[later] - origin)).sum(axis=1) for axis in axes)
    r = np.sqrt(x * x + y * y + z * z)
    phi = np.arctan2(y, x)
    result[later] = np.stack((r, np.arccos(np.clip(z / np.maximum(r, 1e-12), -1, 1)), np.abs(phi), np.sign(phi)), 1)
    return result


def normalise(values: Array) -> NDArray[np.float32]:
    """Return descriptors [N, 4] scaled for the network: (ln(r + 1), theta / pi, abs phi / pi, sign), float32."""
    scaled = np.stack((np.log(values[:, 0] + 1.0), values[:, 1] / np.pi, values[:, 2] / np.pi, values[:, 3]), axis=1)
    return scaled.astype(np.float32)


def denormalise(scaled: Array, sign: Array) -> Array:
    """Return descriptors [N, 4], in Angstrom and radian, from network outputs [N, 3] and signs [N]."""
    r = np.exp(scaled[:, 0]) - 1.0
    return np.stack((r, scaled[:, 1] * np.pi, scaled[:, 2] * np.pi, sign), axis=1)


def _norm(vectors: Array) -> Array:
    return np.asarray(np.sqrt((vectors * vectors).sum(axis=1)))


def _angle_at_origin(d01: Array, d02: Array, d12: Array) -> Array:
    x = (d01**2 + d02**2 - d12**2) / (2.0 * np.maximum(d01, 1e-12))
    return np.asarray(np.arctan2(np.sqrt(np.maximum(d02**2 - x**2, 0.0)), x))
