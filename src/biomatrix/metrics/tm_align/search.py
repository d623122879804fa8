"""The superposition of aligned pairs that scores best, searched from many fragments at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from biomatrix.metrics.tm_align.fits import Array, Mask, Motion, Motions, Pairs, fit_each
from biomatrix.metrics.tm_align.scales import Scale

COARSE, FINE = 40, 1
"""Residues from one starting fragment to the next: while alignments are searched, and for the final score."""
_ROUNDS = 20
_LENGTHS = 6


@dataclass(frozen=True)
class Superposition:
    """A superposition that is asked for.

    Parameters
    ----------
    moving, fixed : ndarray, shape=(n, 3), dtype=float64
        Aligned pairs, at least one.
    scale : Scale
    step : int
        Pairs from one starting fragment to the next.
    """

    moving: Array
    fixed: Array
    scale: Scale
    step: int


def best_superpositions(asked: Sequence[Superposition]) -> list[tuple[float, Motion]]:
    """Return for each the best score that is found and its motion.

    Starts from fragments of the whole, half, quarter and further halves of the pairs, down to four; each is fitted
    again to the pairs that come near until these no longer change. The rounds of all are gone through in step.
    """
    searches = [_Search(each) for each in asked]
    for round_ in range(_ROUNDS + 1):
        going = [search for search in searches if len(search.chosen)]
        if not going:
            break
        fits = fit_each([search.pairs for search in going], [search.chosen for search in going])
        for search, (motions, squared) in zip(going, fits, strict=True):
            search.take(motions, squared, first=round_ == 0)
    return [(search.best, search.motion) for search in searches]


class _Search:
    """One superposition: the best so far, and the choices of pairs to fit next."""

    def __init__(self, asked: Superposition) -> None:
        self.pairs, self.scale = Pairs(asked.moving, asked.fixed), asked.scale
        self.chosen = _starts(len(self.pairs), asked.step)
        self._seen: set[bytes] = set()
        self.best, self.motion = -1.0, Motion(np.eye(3), np.zeros(3))

    def take(self, motions: Motions, squared: Array, first: bool) -> None:
        """Judge the fits of the chosen pairs, and choose those that came near."""
        near = nearby(squared, self.scale.reach + (-1.0 if first else 1.0))
        scores = scored(squared, self.scale)
        highest = int(scores.argmax())
        if scores[highest] > self.best:
            self.best, self.motion = float(scores[highest]), motions[highest]
        # A start whose pairs stay is done, and one that meets what another went through goes on as that one did.
        self.chosen = unseen(near, self._seen)


def scored(squared: Array, scale: Scale) -> Array:
    """Return the scores, ``float64 [s]``, of squared distances ``float64 [s, n]``, which are overwritten."""
    far = squared > scale.cutoff**2 if np.isfinite(scale.cutoff) else None
    squared *= 1.0 / scale.d0**2
    squared += 1.0
    terms = np.divide(1.0, squared, out=squared)
    if far is not None:
        terms[far] = 0.0
    return np.asarray(terms.sum(axis=1) / scale.length)


def nearby(squared: Array, reach: float) -> Mask:
    """Return which pairs are nearer than ``reach``, which grows by half an Angstrom until there are three of them."""
    near = squared < reach**2
    if squared.shape[1] <= 3:
        return near
    few = np.count_nonzero(near, axis=1) < 3
    if few.any():
        third = np.sqrt(np.partition(squared[few], 2, axis=1)[:, 2])
        grown = reach + 0.5 * (np.floor((third - reach) / 0.5) + 1.0)
        reaches = np.maximum(grown, np.nextafter(third, np.inf))
        near[few] = squared[few] < reaches[:, None] ** 2
    return near


def unseen(masks: Mask, seen: set[bytes]) -> Mask:
    """Return each row that chooses anything and has not been seen, once, and note it as seen."""
    packed = np.packbits(masks, axis=1)
    rows = packed.view(np.dtype((np.void, packed.shape[1]))).ravel().tolist()
    first = dict(zip(reversed(rows), range(len(rows) - 1, -1, -1), strict=True))
    new = sorted(place for row, place in first.items() if row not in seen)
    seen.update(first)
    chosen = masks[new]
    return chosen[chosen.any(axis=1)]


@lru_cache(maxsize=32)
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
    return unseen(np.concatenate(masks), set())
