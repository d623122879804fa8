"""The local distance difference test: how many distances are kept, without a superposition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

INCLUSION_RADIUS: Final = 15.0
"""Angstrom: the distances of the true structure that count."""
TOLERANCES: Final = (0.5, 1.0, 2.0, 4.0)
"""Angstrom: a distance is kept within each of these; the score is the mean over the four."""

_ROWS: Final = 512


def lddt(mobile: ArrayLike, target: ArrayLike) -> float:
    """Return the lDDT of points, such as CA, of one structure against another (Mariani and others 2013).

    Parameters
    ----------
    mobile, target : array, shape=(n, 3)
        Positions in Angstrom, point i against point i; distances are chosen in ``target``. A point missing (NaN) in
        ``target`` is left out; the distances of one missing in ``mobile`` are not kept.

    Returns
    -------
    float
        From 0 to 1; NaN where no two points of ``target`` are within `INCLUSION_RADIUS`.
    """
    moving, fixed = np.asarray(mobile, dtype=np.float64), np.asarray(target, dtype=np.float64)
    resolved = np.isfinite(fixed).all(axis=-1)
    moving, fixed = moving[resolved], fixed[resolved]
    kept = total = 0
    for start in range(0, len(fixed), _ROWS):
        reference, measured = (_distances(points, start) for points in (fixed, moving))
        row, column = np.indices(reference.shape)
        chosen = (reference < INCLUSION_RADIUS) & (column > row + start)
        error = np.abs(measured - reference)[chosen]
        kept += sum(int((error < tolerance).sum()) for tolerance in TOLERANCES)
        total += int(chosen.sum())
    return kept / (total * len(TOLERANCES)) if total else float("nan")


def residue_lddt(mobile: ArrayLike, target: ArrayLike) -> NDArray[np.float64]:
    """Return the lDDT of each point: of the distances from it to the others, the share that is kept.

    Parameters
    ----------
    mobile, target : array, shape=(n, 3)
        As for :func:`lddt`, which is the mean over distances; the mean over points is the other usual one.

    Returns
    -------
    ndarray, shape=(n,), dtype=float64
        NaN where a point is missing in ``target`` or has no other within `INCLUSION_RADIUS`.
    """
    moving, fixed = np.asarray(mobile, dtype=np.float64), np.asarray(target, dtype=np.float64)
    scores = np.full(len(fixed), np.nan)
    for start in range(0, len(fixed), _ROWS):
        reference, measured = (_distances(points, start) for points in (fixed, moving))
        row, column = np.indices(reference.shape)
        with np.errstate(invalid="ignore"):
            chosen = (reference < INCLUSION_RADIUS) & (column != row + start)
            error = np.abs(measured - reference)
            kept = sum(((error < tolerance) & chosen).sum(axis=1) for tolerance in TOLERANCES)
            total = chosen.sum(axis=1) * len(TOLERANCES)
            scores[start : start + _ROWS] = np.where(total > 0, kept / np.maximum(total, 1), np.nan)
    return scores


def _distances(points: NDArray[np.float64], start: int) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(points[start : start + _ROWS, None] - points, axis=-1))
