"""Superpositions of point sets, and how far apart they then are.

Lengths are in Angstrom. Every function takes leading batch axes (written ``...``) and works in float64 whatever it is
given, so that a result does not depend on the type or the batch of the input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biomatrix.errors import UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def kabsch(
    mobile: ArrayLike, target: ArrayLike, mask: ArrayLike | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Proper rotation and translation that bring ``mobile`` closest to ``target`` (never a mirror image).

    Parameters
    ----------
    mobile, target : array, shape=(..., n, 3)
        Points; a point that is NaN in either is left out.
    mask : array of bool, shape=(..., n), optional
        Points to use; all by default.

    Returns
    -------
    rotation : ndarray, shape=(..., 3, 3), dtype=float64
        ``mobile @ rotation.T + translation`` is the superimposed set.
    translation : ndarray, shape=(..., 3), dtype=float64

    Raises
    ------
    UnsupportedError
        No point is usable.
    """
    moving, fixed, weight = _paired(mobile, target, mask)
    total = weight.sum(axis=-1)[..., None]
    centre_moving = (moving * weight[..., None]).sum(axis=-2) / total
    centre_fixed = (fixed * weight[..., None]).sum(axis=-2) / total
    a = (moving - centre_moving[..., None, :]) * weight[..., None]
    b = fixed - centre_fixed[..., None, :]
    left, _, right = np.linalg.svd(np.swapaxes(a, -1, -2) @ b)
    handedness = np.linalg.det(left @ right)
    flip = np.ones((*handedness.shape, 3))
    flip[..., 2] = np.where(handedness < 0, -1.0, 1.0)
    rotation = np.swapaxes(right, -1, -2) @ (flip[..., None] * np.swapaxes(left, -1, -2))
    translation = centre_fixed - (rotation @ centre_moving[..., None])[..., 0]
    return rotation, translation


def superimpose(mobile: ArrayLike, target: ArrayLike, mask: ArrayLike | None = None) -> NDArray[np.float64]:
    """Return ``mobile`` superimposed onto ``target``; shapes as `kabsch`, missing points stay NaN."""
    rotation, translation = kabsch(mobile, target, mask)
    moved = np.asarray(mobile, dtype=np.float64) @ np.swapaxes(rotation, -1, -2)
    return np.asarray(moved + translation[..., None, :])


def rmsd(
    mobile: ArrayLike, target: ArrayLike, mask: ArrayLike | None = None, *, superposed: bool = True
) -> NDArray[np.float64]:
    """Root mean square distance between paired points, after the best superposition by default.

    Parameters
    ----------
    mobile, target : array, shape=(..., n, 3)
        Points; a point that is NaN in either is left out.
    mask : array of bool, shape=(..., n), optional
        Points to use; all by default.
    superposed : bool
        Superimpose first; otherwise compare the points where they are.

    Returns
    -------
    ndarray, shape=(...), dtype=float64

    Raises
    ------
    UnsupportedError
        No point is usable.
    """
    placed = superimpose(mobile, target, mask) if superposed else np.asarray(mobile, dtype=np.float64)
    moving, fixed, weight = _paired(placed, target, mask)
    square = ((moving - fixed) ** 2).sum(axis=-1) * weight
    return np.asarray(np.sqrt(square.sum(axis=-1) / weight.sum(axis=-1)))


def tm_score(mobile: ArrayLike, target: ArrayLike) -> float:
    """TM-score of two CA traces of equal length, residue i against residue i.

    Equation 1 of Zhang and Skolnick (2004), normalised by the length of ``target``. The superposition is
    searched as they do: from fragments of the whole, half and quarter length, refitted to the pairs that come
    close until these no longer change.

    Parameters
    ----------
    mobile, target : array, shape=(n, 3)
        CA positions; residues missing in ``mobile`` count as zero, those missing in ``target`` are left out.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    UnsupportedError
        No residue has coordinates in both.
    """
    moving, fixed = np.asarray(mobile, dtype=np.float64), np.asarray(target, dtype=np.float64)
    length = int(np.isfinite(fixed).all(axis=-1).sum())
    both = np.isfinite(moving).all(axis=-1) & np.isfinite(fixed).all(axis=-1)
    if not both.any():
        raise UnsupportedError("no residue has coordinates in both structures: nothing to superimpose")
    moving, fixed = moving[both], fixed[both]
    scale = max(1.24 * np.cbrt(length - 15) - 1.8, 0.5) if length > 15 else 0.5
    reach = max(scale, 4.5)
    chosen = _fragments(len(fixed))
    best = 0.0
    for _ in range(20):
        placed = superimpose(moving, fixed, chosen)
        distance = np.linalg.norm(placed - fixed, axis=-1)
        best = max(best, float((1.0 / (1.0 + (distance / scale) ** 2)).sum(axis=-1).max() / length))
        near = distance < reach
        near = np.where(near.sum(axis=-1, keepdims=True) >= min(3, len(fixed)), near, chosen)
        if (near == chosen).all():
            break
        chosen = near
    return best


def _fragments(n: int) -> NDArray[np.bool_]:
    """Return masks of the whole, the halves and the quarters of n points, each overlapping the next by half."""
    index = np.arange(n)
    masks = [np.ones(n, dtype=bool)]
    for size in sorted({max(n // 2, 4), max(n // 4, 4)}):
        for start in range(0, n - size + 1, max(size // 2, 1)):
            masks.append((index >= start) & (index < start + size))
    return np.stack(masks)


def _paired(
    mobile: ArrayLike, target: ArrayLike, mask: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return both point sets with zeros in place of unusable points, and the weight (0 or 1) of each point."""
    moving, fixed = np.broadcast_arrays(np.asarray(mobile, dtype=np.float64), np.asarray(target, dtype=np.float64))
    usable = np.isfinite(moving).all(axis=-1) & np.isfinite(fixed).all(axis=-1)
    if mask is not None:
        usable = usable & np.asarray(mask, dtype=bool)
    if not usable.any(axis=-1).all():
        raise UnsupportedError("no point has coordinates in both sets: nothing to superimpose")
    return (
        np.where(usable[..., None], moving, 0.0),
        np.where(usable[..., None], fixed, 0.0),
        usable.astype(np.float64),
    )
