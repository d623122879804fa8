"""Gapless threadings: one chain slid along the other, each shift judged by three quick fits."""

from __future__ import annotations

import numpy as np

from biomatrix.metrics.tm_align.dynamic import Map
from biomatrix.metrics.tm_align.fits import Array, Mask
from biomatrix.metrics.tm_align.rotations import proper_rotations
from biomatrix.metrics.tm_align.scales import Scale

CHAIN_BREAK = 4.25
"""Angstrom between successive residues, beyond which a chain is taken to be broken."""


def quick_scores(moving: Array, fixed: Array, maps: Map, scale: Scale) -> Array:
    """Return how good alignments look after a fit of all pairs and two of the near ones; not divided by a length.

    Parameters
    ----------
    moving, fixed : ndarray, shape=(n, 3) and (m, 3), dtype=float64
    maps : ndarray, shape=(b, m), dtype=int64
    scale : Scale

    Returns
    -------
    ndarray, shape=(b,), dtype=float64
    """
    fits = _Fits(moving, fixed, maps)
    aligned = maps >= 0
    squared = fits.squared(aligned)
    first = _sums(squared, aligned, scale)
    chosen = _near(squared, aligned, scale.reach**2)
    squared = fits.squared(chosen)
    second = _sums(squared, aligned, scale)
    third = _sums(fits.squared(_near(squared, aligned, scale.reach**2 + 1.0)), aligned, scale)
    all_near = (chosen == aligned).all(axis=1)
    return np.where(all_near, first, np.maximum(first, np.maximum(second, third)))


class _Fits:
    """Superpositions of alignments of two chains, each by its own choice of its pairs.

    Sums over pairs, and what is linear in them, are matrix products with the fixed chain, one for each axis of the
    moving one.

    Parameters
    ----------
    moving, fixed : ndarray, shape=(n, 3) and (m, 3), dtype=float64
    maps : ndarray, shape=(b, m), dtype=int64
        What lies at residues that are not aligned means nothing.
    """

    def __init__(self, moving: Array, fixed: Array, maps: Map) -> None:
        # Centred, so that sums of squares lose no digits far from the origin.
        x, y = moving - moving.mean(axis=0), fixed - fixed.mean(axis=0)
        self._x = np.ascontiguousarray(x.T)[:, maps]  # [3, b, m]
        self._squares = (x**2).sum(axis=1)[maps]
        self._y = np.column_stack([np.ones(len(y)), y, (y**2).sum(axis=1)])

    def squared(self, chosen: Mask) -> Array:
        """Return squared distances ``float64 [b, m]`` once the chosen pairs are fitted."""
        weight = chosen.astype(np.float64)
        sums = weight @ self._y[:, :4]
        total = np.maximum(sums[:, :1], 1.0)
        centre_y = sums[:, 1:] / total
        products = np.stack([(weight * x) @ self._y[:, :4] for x in self._x], axis=2)  # [b, 1 and y, x]
        centre_x = products[:, 0] / total
        rotation = proper_rotations(products[:, 1:] - sums[:, 1:, None] * centre_x[:, None])
        shift = centre_y - np.einsum("bij,bj->bi", rotation, centre_x)
        back = 2.0 * np.einsum("bij,bi->bj", rotation, shift)
        constant = (shift**2).sum(axis=1, keepdims=True)
        squared = np.hstack([constant, -2.0 * shift, np.ones_like(constant)]) @ self._y.T
        squared += self._squares
        for axis, x in enumerate(self._x):
            turned = np.hstack([back[:, axis : axis + 1], -2.0 * rotation[:, :, axis]]) @ self._y[:, :4].T
            turned *= x
            squared += turned
        return np.asarray(np.maximum(squared, 0.0, out=squared))


def _sums(squared: Array, aligned: Mask, scale: Scale) -> Array:
    terms = squared * (1.0 / scale.d0**2)
    terms += 1.0
    np.divide(aligned, terms, out=terms)
    return np.asarray(terms.sum(axis=1))


def _near(squared: Array, aligned: Mask, reach: float) -> Mask:
    """Return which aligned pairs have squared distances within reach, which grows by halves until there are three."""
    near = (squared <= reach) & aligned
    many = np.count_nonzero(aligned, axis=1) > 3
    few = many & (np.count_nonzero(near, axis=1) < 3)
    if few.any():
        third = np.partition(np.where(aligned[few], squared[few], np.inf), 2, axis=1)[:, 2]
        reaches = np.maximum(reach + 0.5 * np.ceil((third - reach) / 0.5), third)
        near[few] = (squared[few] <= reaches[:, None]) & aligned[few]
    return near


def best_threading(moving: Array, fixed: Array, scale: Scale) -> Map:
    """Return the best alignment without gaps that overlaps by half the shorter chain."""
    n, m = len(moving), len(fixed)
    overlap = max(min(n, m) // 2, 5)
    maps = _slide(np.arange(n), m, np.arange(overlap - m, n - overlap + 1))
    return _last_best(maps, quick_scores(moving, fixed, maps, scale))[0]


def best_fragment_threading(moving: Array, fixed: Array, scale: Scale) -> Map:
    """Return the best alignment without gaps of the longest unbroken piece of one chain with the other chain."""
    n, m = len(moving), len(fixed)
    pieces = longest_piece(moving), longest_piece(fixed)
    lengths = tuple(len(piece) for piece in pieces)
    if (lengths[0], n) == (lengths[1], m):  # both ways, lest the result depend on which chain comes first
        options = [_thread_moving(moving, fixed, pieces[0], scale), _thread_fixed(moving, fixed, pieces[1], scale)]
        return max(reversed(options), key=lambda option: option[1])[0]
    if lengths[0] < lengths[1] or (lengths[0] == lengths[1] and n < m):
        return _thread_moving(moving, fixed, pieces[0], scale)[0]
    return _thread_fixed(moving, fixed, pieces[1], scale)[0]


def _thread_moving(moving: Array, fixed: Array, piece: Map, scale: Scale) -> tuple[Map, float]:
    m = len(fixed)
    piece = _inner(piece, min(len(moving), m))
    overlap = _overlap(len(piece), m)
    maps = _slide(piece, m, np.arange(overlap - m, len(piece) - overlap + 1))
    return _last_best(maps, quick_scores(moving, fixed, maps, scale))


def _thread_fixed(moving: Array, fixed: Array, piece: Map, scale: Scale) -> tuple[Map, float]:
    n, m = len(moving), len(fixed)
    piece = _inner(piece, min(n, m))
    overlap = _overlap(len(piece), n)
    slid = _slide(np.arange(n), len(piece), np.arange(overlap - len(piece), n - overlap + 1))
    maps = np.full((len(slid), m), -1, dtype=np.int64)
    maps[:, piece] = slid
    return _last_best(maps, quick_scores(moving, fixed, maps, scale))


def _overlap(piece: int, other: int) -> int:
    return max(int(min(piece, other) / 2.5), 3)


def _inner(piece: Map, shorter: int) -> Map:
    """Return the middle of a piece that is a whole chain: the whole has been threaded before."""
    return piece[int(shorter * 0.1) : int(shorter * 0.89) + 1] if len(piece) == shorter else piece


def _slide(residues: Map, m: int, shifts: Map) -> Map:
    """Return, for each shift, the alignment of residue j with ``residues[j + shift]``, ``int64 [shifts, m]``."""
    index = np.arange(m) + shifts[:, None]
    inside = (index >= 0) & (index < len(residues))
    return np.where(inside, residues[np.where(inside, index, 0)], -1)


def _last_best(maps: Map, scores: Array) -> tuple[Map, float]:
    best = len(scores) - 1 - int(scores[::-1].argmax())
    return maps[best], float(scores[best])


def longest_piece(points: Array) -> Map:
    """Return the residues of the longest stretch without a chain break, the first of equal ones.

    Where no stretch has four residues (or a third of a short chain), a break is taken to be ten percent longer, and so
    on until one has.
    """
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    least, limit = min(len(points) // 3, 4), CHAIN_BREAK
    while True:
        breaks = np.flatnonzero(steps >= limit) + 1
        begins, ends = np.append(0, breaks), np.append(breaks, len(points))
        longest = int((ends - begins).argmax())
        if ends[longest] - begins[longest] >= least:
            return np.arange(begins[longest], ends[longest])
        limit *= 1.1
