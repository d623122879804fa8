"""Many superpositions of the same paired points at once, each by its own choice of pairs.

Legend: n pairs, s superpositions. The squared distances after a rigid motion are linear in sixteen numbers of the
motion, so that those of all superpositions are one matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[np.float64]"
Mask: TypeAlias = "NDArray[np.bool_]"


@dataclass(frozen=True)
class Motions:
    """Rigid motions: ``rotations[k] @ point + translations[k]``.

    Parameters
    ----------
    rotations : ndarray, shape=(s, 3, 3), dtype=float64
    translations : ndarray, shape=(s, 3), dtype=float64
        Angstrom.
    """

    rotations: Array
    translations: Array

    def __getitem__(self, index: int) -> Motion:
        """Return one of them."""
        return Motion(self.rotations[index], self.translations[index])


@dataclass(frozen=True)
class Motion:
    """One rigid motion, shapes (3, 3) and (3,)."""

    rotation: Array
    translation: Array

    def apply(self, points: Array) -> Array:
        """Return points moved, ``float64 [n, 3]``."""
        return np.asarray(points @ self.rotation.T + self.translation)


class Pairs:
    """Paired points, prepared for many superpositions.

    Parameters
    ----------
    moving, fixed : ndarray, shape=(n, 3), dtype=float64
        Angstrom, no point missing.
    """

    def __init__(self, moving: Array, fixed: Array) -> None:
        # Centred, so that sums of squares lose no digits far from the origin.
        self._centre_moving, self._centre_fixed = moving.mean(axis=0), fixed.mean(axis=0)
        self._x, self._y = moving - self._centre_moving, fixed - self._centre_fixed
        outer = (self._y[:, :, None] * self._x[:, None, :]).reshape(-1, 9)
        self._sums = np.hstack([np.ones((len(moving), 1)), self._x, self._y, outer])
        squares = (self._x**2).sum(axis=1) + (self._y**2).sum(axis=1)
        self._terms = np.hstack([squares[:, None], np.ones((len(moving), 1)), -2 * outer, 2 * self._x, -2 * self._y]).T

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self._x)

    def fit(self, chosen: Mask) -> tuple[Motions, Array]:
        """Return the motions that fit the chosen pairs best, and the squared distances of all pairs then.

        Parameters
        ----------
        chosen : ndarray, shape=(s, n), dtype=bool
            At least one pair each.

        Returns
        -------
        motions : Motions
        squared : ndarray, shape=(s, n), dtype=float64
        """
        sums = chosen.astype(np.float64) @ self._sums
        total, x, y = sums[:, :1], sums[:, 1:4] / sums[:, :1], sums[:, 4:7] / sums[:, :1]
        covariance = sums[:, 7:].reshape(-1, 3, 3) - total[..., None] * y[:, :, None] * x[:, None, :]
        rotation = proper_rotations(covariance)
        shift = y - (rotation @ x[..., None])[..., 0]
        back = (np.swapaxes(rotation, -1, -2) @ shift[..., None])[..., 0]
        factors = np.hstack(
            [np.ones_like(total), (shift**2).sum(axis=1, keepdims=True), rotation.reshape(-1, 9), back, shift]
        )
        squared = np.maximum(factors @ self._terms, 0.0)
        translation = shift + self._centre_fixed - (rotation @ self._centre_moving)
        return Motions(rotation, translation), squared


def proper_rotations(covariance: Array) -> Array:
    """Return the rotations R, no mirror images, of greatest ``trace(R.T @ covariance)``.

    Parameters
    ----------
    covariance : ndarray, shape=(s, 3, 3), dtype=float64
        Sums of ``fixed[:, None] * moving[None, :]``.
    """
    left, _, right = np.linalg.svd(covariance)
    mirrored = np.linalg.det(left @ right) < 0
    left[mirrored, :, 2] *= -1.0
    return np.asarray(left @ right)
