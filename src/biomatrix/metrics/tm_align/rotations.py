"""The rotations that fit best, of many covariances at once, without a singular value decomposition of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[np.float64]"

_NEWTON_STEPS: Final = 16
_AXES: Final = np.arange(3)
_TURNED, _TURNED_TWICE = np.array([1, 2, 0]), np.array([2, 0, 1])
_PRECISE: Final = 0.03
"""The least product of the sums of two singular values, of a covariance of norm 1, for which the closed form is right
to about 1e-14: its error grows with the inverse."""
_CLOSE: Final = 1e-6
"""The least for which it is right to what one step of Newton's method on the rotation itself makes good."""


def proper_rotations(covariance: Array) -> Array:
    """Return the rotations R, no mirror images, of greatest ``trace(R.T @ covariance)``.

    By the closed form of Markley (1993), "Attitude determination using vector observations: a fast optimal matrix
    algorithm": the greatest trace is the greatest root of a quartic, and R a cubic in the covariance. Where points lie
    near a line, the root is nearly double: the result is polished. On a line, singular values decide.

    Parameters
    ----------
    covariance : ndarray, shape=(s, 3, 3), dtype=float64
        Sums of ``fixed[:, None] * moving[None, :]``.

    Returns
    -------
    ndarray, shape=(s, 3, 3), dtype=float64
    """
    # Laid out by component, [3, 3, s]: every operation below is one over contiguous numbers of all matrices.
    parts = np.ascontiguousarray(covariance.reshape(-1, 9).T)
    norm = np.sqrt((parts * parts).sum(axis=0))
    scaled = (parts / np.where(norm > 0.0, norm, 1.0)).reshape(3, 3, -1)
    cofactors = _cofactors(scaled)
    determinant = (scaled[0] * cofactors[0]).sum(axis=0)
    trace = _greatest_root(determinant, (cofactors * cofactors).sum(axis=(0, 1)))
    half = 0.5 * (trace * trace - 1.0)
    condition = half * trace - determinant
    sound = condition > _CLOSE
    cube = _product(scaled, _product(scaled, scaled, transposed=True))
    rotation = ((half + 1.0) * scaled + trace * cofactors - cube) / np.where(sound, condition, 1.0)
    rough = np.flatnonzero(condition < _PRECISE)
    if len(rough):
        rotation[:, :, rough] = _polished(rotation[:, :, rough], scaled[:, :, rough])
    rotations = np.ascontiguousarray(rotation.reshape(9, -1).T).reshape(-1, 3, 3)
    if not sound.all():
        rotations[~sound] = _by_singular_values(covariance[~sound])
    return rotations


def _greatest_root(determinant: Array, cofactors: Array) -> Array:
    """Return the greatest sum of the singular values of matrices of norm 1, the least signed as the determinant.

    Newton's method descends to it from above, where the quartic is convex: from the bound of Cauchy and Schwarz on the
    sum of three products of two singular values by that of their squares, the squared norm of the cofactors.
    """
    root = np.sqrt(1.0 + 2.0 * np.sqrt(3.0 * cofactors))
    for _ in range(_NEWTON_STEPS):
        rest = root * root - 1.0
        value = rest * rest - 8.0 * determinant * root - 4.0 * cofactors
        slope = 4.0 * root * rest - 8.0 * determinant
        step = value / np.where(slope > 0.0, slope, np.inf)
        root = root - step
        if np.abs(step).max(initial=0.0) < 1e-15:
            break
    return root


def _polished(rotation: Array, covariance: Array) -> Array:
    """Return rotations ``[3, 3, s]`` after a step of Newton's method towards the greatest trace, made orthonormal."""
    traced = _product(rotation, covariance, transposed=True)
    slope = np.stack([traced[2, 1] - traced[1, 2], traced[0, 2] - traced[2, 0], traced[1, 0] - traced[0, 1]])
    bend = -0.5 * (traced + np.swapaxes(traced, 0, 1))
    bend[_AXES, _AXES] += traced[_AXES, _AXES].sum(axis=0)
    cofactors = _cofactors(bend)
    determinant = (bend[0] * cofactors[0]).sum(axis=0)
    x, y, z = (cofactors * slope).sum(axis=1) / np.where(determinant > 0.0, determinant, np.inf)
    turn = np.zeros_like(rotation)
    turn[2, 1], turn[0, 2], turn[1, 0] = x, y, z
    rotation = rotation + _product(rotation, turn - np.swapaxes(turn, 0, 1))
    return np.asarray(1.5 * rotation - 0.5 * _product(rotation, _product(rotation, rotation, transposed=True)))


def _cofactors(matrices: Array) -> Array:
    once, twice = matrices[_TURNED], matrices[_TURNED_TWICE]
    return np.asarray(once[:, _TURNED] * twice[:, _TURNED_TWICE] - once[:, _TURNED_TWICE] * twice[:, _TURNED])


def _product(left: Array, right: Array, transposed: bool = False) -> Array:
    """Return ``left @ right``, or ``left.T @ right``, of matrices ``[3, 3, s]``."""
    columns = left if transposed else np.swapaxes(left, 0, 1)
    products = [column[:, None] * row for column, row in zip(columns, right, strict=True)]
    return np.asarray(products[0] + products[1] + products[2])


def _by_singular_values(covariance: Array) -> Array:
    left, _, right = np.linalg.svd(covariance)
    mirrored = np.linalg.det(left @ right) < 0
    left[mirrored, :, 2] *= -1.0
    return np.asarray(left @ right)
