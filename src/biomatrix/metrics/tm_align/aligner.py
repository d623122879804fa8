"""The search for the alignment that scores best, from five kinds of start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.errors import UnsupportedError
from biomatrix.metrics.tm_align.dynamic import Map, align
from biomatrix.metrics.tm_align.fits import Array, Motion, Pairs
from biomatrix.metrics.tm_align.scales import final_scale, search_scale
from biomatrix.metrics.tm_align.search import COARSE, FINE, best_superposition
from biomatrix.metrics.tm_align.shapes import secondary_structure
from biomatrix.metrics.tm_align.threading import best_fragment_threading, best_threading, quick_scores

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FEWEST_RESIDUES: Final = 5
GAPS: Final = (-0.6, 0.0)
"""The costs of a gap that alignments are refined with, one after the other."""
_SHAPE_GAP: Final = -1.0
_BATCH: Final = 16


def tm_align(mobile: ArrayLike, target: ArrayLike) -> float:
    """Return the TM-score of the best alignment, divided by the length of ``target``.

    Parameters
    ----------
    mobile, target : array, shape=(n, 3) and (m, 3)
        CA positions in Angstrom; missing (NaN) ones are left out. The length of ``target`` is that of those present.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    UnsupportedError
        A chain has fewer than `FEWEST_RESIDUES` residues.
    """
    moving, fixed = (points[np.isfinite(points).all(axis=1)] for points in (_points(mobile), _points(target)))
    shorter = min(len(moving), len(fixed))
    if shorter < FEWEST_RESIDUES:
        raise UnsupportedError(f"TM-align needs {FEWEST_RESIDUES} residues in each chain; one has {shorter}")
    return _Aligner(moving, fixed).final_score()


def _points(value: ArrayLike) -> Array:
    return np.asarray(value, dtype=np.float64).reshape(-1, 3)


class _Aligner:
    """Two chains and the best alignment of them so far."""

    def __init__(self, moving: Array, fixed: Array) -> None:
        self.moving, self.fixed = moving, fixed
        self.scale = search_scale(min(len(moving), len(fixed)))
        self.best: Map = np.full(len(fixed), -1, dtype=np.int64)
        self.best_score = -1.0
        worth = 0.1 if self.scale.length <= 40 else 0.4
        shapes = secondary_structure(moving), secondary_structure(fixed)
        self.alike = (shapes[0][:, None] == shapes[1]).astype(np.float64)
        self._try(best_threading(moving, fixed, self.scale), worth=-np.inf, rounds=30)
        self._try(align(self.alike[None], _SHAPE_GAP)[0], worth=0.2, rounds=30)
        local = self._local_alignment()
        if local is not None:
            self._try(local, worth=worth, rounds=2)
        self._try(self._shape_and_place(), worth=worth, rounds=30)
        self._try(best_fragment_threading(moving, fixed, self.scale), worth=worth, rounds=2, gaps=GAPS[1:])

    def _try(self, start: Map, worth: float, rounds: int, gaps: tuple[float, ...] = GAPS) -> None:
        """Judge a start, and refine it where it is worth it: where it scores that share of the best so far."""
        score, motion = self._superpose(start)
        self._keep(start, score)
        if score > self.best_score * worth:
            self._refine(motion, rounds, gaps)

    def _refine(self, motion: Motion, rounds: int, gaps: tuple[float, ...]) -> None:
        """Align by distance and superpose by alignment in turn."""
        before = 0.0
        for gap in gaps:
            for round_ in range(rounds):
                found = align(self._closeness(motion, self.scale.d0)[None], gap)[0]
                score, motion = self._superpose(found)
                self._keep(found, score)
                if round_ and abs(score - before) < 1e-6:
                    break
                before = score

    def _keep(self, found: Map, score: float) -> None:
        if score > self.best_score:
            self.best, self.best_score = found, score

    def _superpose(self, found: Map, step: int = COARSE) -> tuple[float, Motion]:
        aligned = found >= 0
        if not aligned.any():
            return -1.0, Motion(np.eye(3), np.zeros(3))
        return best_superposition(self.moving[found[aligned]], self.fixed[aligned], self.scale, step)

    def _closeness(self, motion: Motion, d0: float) -> Array:
        """Return what each pair of residues is worth where they now lie, ``float64 [n, m]``."""
        moved = motion.apply(self.moving)
        squared = sum((moved[:, None, axis] - self.fixed[:, axis]) ** 2 for axis in range(3))
        return np.asarray(1.0 / (1.0 + squared / d0**2))

    def _local_alignment(self) -> Map | None:
        """Return the best alignment by the distances that fits of short pieces leave."""
        best, highest = None, 0.0
        motions = self._fits_of_pieces()
        while batch := [motion for _, motion in zip(range(_BATCH), motions, strict=False)]:
            maps = align(np.stack([self._closeness(motion, self.scale.d0 + 1.5) for motion in batch]), 0.0)
            scores = quick_scores(self.moving, self.fixed, maps, self.scale)
            if scores.max() > highest:
                best, highest = maps[scores.argmax()], float(scores.max())
        return best

    def _fits_of_pieces(self) -> Iterator[Motion]:
        n, m = len(self.moving), len(self.fixed)
        for size in (min(20, min(n, m) // 3), min(100, min(n, m) // 2)):
            for i in range(0, n - size + 1, _jump(n)):
                for j in range(0, m - size + 1, _jump(m)):
                    pairs = Pairs(self.moving[i : i + size], self.fixed[j : j + size])
                    yield pairs.fit(np.ones((1, size), dtype=bool))[0][0]

    def _shape_and_place(self) -> Map:
        """Return the alignment by secondary structure and by where the best one so far puts the chains."""
        aligned = self.best >= 0
        pairs = Pairs(self.moving[self.best[aligned]], self.fixed[aligned])
        motion = pairs.fit(np.ones((1, len(pairs)), dtype=bool))[0][0]
        scores = self._closeness(motion, self.scale.d0 + 1.5) + 0.5 * self.alike
        found: Map = align(scores[None], _SHAPE_GAP)[0]
        return found

    def final_score(self) -> float:
        """Return the score of the best alignment by the length of the fixed chain, far pairs left out."""
        _, motion = self._superpose(self.best, FINE)
        aligned = np.flatnonzero(self.best >= 0)
        moving, fixed = self.moving[self.best[aligned]], self.fixed[aligned]
        near = ((motion.apply(moving) - fixed) ** 2).sum(axis=1) <= self.scale.cutoff**2
        if not near.any():
            return 0.0
        return best_superposition(moving[near], fixed[near], final_scale(len(self.fixed)), FINE)[0]


def _jump(length: int) -> int:
    """Return the residues from one piece to the next, by the length of the chain."""
    wide = 45 if length > 250 else 35 if length > 200 else 25 if length > 150 else 15
    return min(wide, length // 3)
