"""The superposition of aligned pairs that scores best, searched from many fragments at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biomatrix.metrics.tm_align.fits import Array, Mask, Motion, Pairs
from biomatrix.metrics.tm_align.scales import Scale

COARSE, FINE = 40, 1
"""Residues from one starting fragment to the next: while alignments are searched, and for the final score."""
_ROUNDS = 20
_LENGTHS = 6


def best_superposition(moving: Array, fixed: Array, scale: Scale, step: int) -> tuple[float, Motion]:
    """Return the best score that is found and its motion.

    Starts from fragments of the whole, half, quarter and further halves of the pairs, down to four; each is fitted
    again to the pairs that come near until these no longer change.

    Parameters
    ----------
    moving, fixed : ndarray, shape=(n, 3), dtype=float64
        Aligned pairs, at least one.
    scale : Scale
    step : int
        Pairs from one fragment to the next.
    """
    pairs = Pairs(moving, fixed)
    chosen = _starts(len(pairs), step)
    best, motion = -1.0, Motion(np.eye(3), np.zeros(3))
    for round_ in range(_ROUNDS + 1):
        motions, squared = pairs.fit(chosen)
        scores = scored(squared, scale)
        highest = int(scores.argmax())
        if scores[highest] > best:
            best, motion = float(scores[highest]), motions[highest]
        near = nearby(squared, scale.reach + (1.0 if round_ else -1.0))
        # A start whose pairs stay is done, and starts that meet go on as one.
        moved = (near != chosen).any(axis=1) & near.any(axis=1) if round_ else near.any(axis=1)
        if not moved.any():
            break
        chosen = distinct(near[moved])
    return best, motion


def scored(squared: Array, scale: Scale) -> Array:
    """Return the scores, ``float64 [s]``, of squared distances ``float64 [s, n]``."""
    terms = 1.0 / (1.0 + squared / scale.d0**2)
    if np.isfinite(scale.cutoff):
        terms[squared > scale.cutoff**2] = 0.0
    return np.asarray(terms.sum(axis=1) / scale.length)


def nearby(squared: Array, reach: float) -> Mask:
    """Return which pairs are nearer than ``reach``, which grows by half an Angstrom until there are three of them."""
    near = squared < reach**2
    if squared.shape[1] <= 3:
        return near
    few = near.sum(axis=1) < 3
    while few.any():
        reach += 0.5
        near[few] = squared[few] < reach**2
        few = near.sum(axis=1) < 3
    return near


def distinct(masks: Mask) -> Mask:
    """Return each row once."""
    packed = np.packbits(masks, axis=1)
    keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first = np.unique(keys, return_index=True)
    return masks[np.sort(first)]


def _starts(n: int, step: int) -> Mask:
    index = np.arange(n)
    shortest = min(4, n)
    masks = []
    for halvings in range(_LENGTHS):
        size = max(n >> halvings, shortest) if halvings < _LENGTHS - 1 else shortest
        begins: NDArray[np.int64] = np.unique(np.append(np.arange(0, n - size + 1, step), n - size))
        masks.append((index >= begins[:, None]) & (index < begins[:, None] + size))
        if size == shortest:
            break
    return distinct(np.concatenate(masks))
