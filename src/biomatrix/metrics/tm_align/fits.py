"""Many superpositions of the same paired points at once, each by its own choice of pairs.

Legend: n pairs, s superpositions. The squared distances after a rigid motion are linear in seventeen numbers of the
motion, so that those of all superpositions are one matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from biomatrix.metrics.tm_align.rotations import proper_rotations

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

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rotations)

    def apply(self, points: Array) -> Array:
        """Return points moved by each, shapes (n, 3) or (s, n, 3) to ``float64 [s, n, 3]``."""
        return np.asarray(points @ np.swapaxes(self.rotations, 1, 2) + self.translations[:, None])


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
        self.centre_moving, self.centre_fixed = moving.mean(axis=0), fixed.mean(axis=0)
        x, y = moving - self.centre_moving, fixed - self.centre_fixed
        ones = np.ones((len(moving), 1))
        outer = (y[:, :, None] * x[:, None, :]).reshape(-1, 9)
        self.sums = np.hstack([ones, x, y, outer])
        squares = (x**2).sum(axis=1) + (y**2).sum(axis=1)
        self.terms = np.ascontiguousarray(np.hstack([squares[:, None], ones, -2 * outer, 2 * x, -2 * y]).T)

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.sums)

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
        return fit_each([self], [chosen])[0]


def fit_each(pairs: Sequence[Pairs], chosen: Sequence[Mask]) -> list[tuple[Motions, Array]]:
    """Return what :meth:`Pairs.fit` does of several sets of pairs, their rotations found together."""
    sums = np.concatenate([mask.astype(np.float64) @ each.sums for each, mask in zip(pairs, chosen, strict=True)])
    total, x, y = sums[:, :1], sums[:, 1:4] / sums[:, :1], sums[:, 4:7] / sums[:, :1]
    covariance = sums[:, 7:].reshape(-1, 3, 3) - total[..., None] * y[:, :, None] * x[:, None, :]
    rotation = proper_rotations(covariance)
    shift = y - np.einsum("sij,sj->si", rotation, x)
    back = np.einsum("sij,si->sj", rotation, shift)
    squares = np.einsum("si,si->s", shift, shift)[:, None]
    factors = np.hstack([np.ones_like(total), squares, rotation.reshape(-1, 9), back, shift])
    found, begin = [], 0
    for each, mask in zip(pairs, chosen, strict=True):
        own = slice(begin, begin + len(mask))
        squared = factors[own] @ each.terms
        np.maximum(squared, 0.0, out=squared)
        translation = shift[own] + each.centre_fixed - rotation[own] @ each.centre_moving
        found.append((Motions(rotation[own], translation), squared))
        begin = own.stop
    return found
