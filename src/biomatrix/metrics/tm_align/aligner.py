"""The search for the alignment that scores best, from five kinds of start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.errors import UnsupportedError
from biomatrix.metrics.teams import Team
from biomatrix.metrics.tm_align.closeness import Chains
from biomatrix.metrics.tm_align.dynamic import Map
from biomatrix.metrics.tm_align.fits import Array, Motion, Pairs
from biomatrix.metrics.tm_align.in_step import Alignment, Search, run
from biomatrix.metrics.tm_align.pieces import alignment_by_pieces
from biomatrix.metrics.tm_align.scales import final_scale, search_scale
from biomatrix.metrics.tm_align.search import COARSE, FINE, Superposition
from biomatrix.metrics.tm_align.shapes import secondary_structure
from biomatrix.metrics.tm_align.threading import best_fragment_threading, best_threading

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FEWEST_RESIDUES: Final = 5
GAPS: Final = (-0.6, 0.0)
"""The costs of a gap that alignments are refined with, one after the other."""
_SHAPE_GAP: Final = -1.0
_AT_ONCE: Final = 32
"""Pairs that are aligned in step."""
_LEAST: Final = 2_000_000
"""Pairs of residues for each further process: some four seconds of work."""


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
    return tm_align_each([(mobile, target)])[0]


def tm_align_each(pairs: Sequence[tuple[ArrayLike, ArrayLike]], workers: int | None = None) -> list[float]:
    """Return what :func:`tm_align` does of each (mobile, target), several times as fast as one by one.

    Parameters
    ----------
    pairs : sequence of (array, array), shape=(n, 3) and (m, 3)
        Lengths may differ from pair to pair: pairs of like lengths are worked on together.
    workers : int, optional
        The most processes that share the work where there are many; values do not depend on it.

    Raises
    ------
    UnsupportedError
        A chain has fewer than `FEWEST_RESIDUES` residues.
    """
    chains = [(_points(mobile), _points(target)) for mobile, target in pairs]
    for pair in chains:
        shorter = min(map(len, pair))
        if shorter < FEWEST_RESIDUES:
            raise UnsupportedError(f"TM-align needs {FEWEST_RESIDUES} residues in each chain; one has {shorter}")
    order = sorted(range(len(chains)), key=lambda place: (len(chains[place][0]), len(chains[place][1])))
    written = [[points.tobytes().hex() for points in chains[place]] for place in order]
    with Team(sum(len(one) * len(other) for one, other in chains), _LEAST, workers) as team:
        scores = team.map(align_written, written, _AT_ONCE)
    return [score for _, score in sorted(zip(order, scores, strict=True))]


def align_written(pairs: Sequence[Sequence[str]]) -> list[float]:
    """Return the scores of pairs of CA positions, each the hexadecimal digits of ``float64 [n, 3]``."""
    chains = [[np.frombuffer(bytes.fromhex(each)).reshape(-1, 3) for each in pair] for pair in pairs]
    return [float(score) for score in run(_Aligner(moving, fixed).search() for moving, fixed in chains)]


def _points(value: ArrayLike) -> Array:
    points = np.asarray(value, dtype=np.float64).reshape(-1, 3)
    return points[np.isfinite(points).all(axis=1)]


class _Aligner:
    """Two chains and the best alignment of them so far."""

    def __init__(self, moving: Array, fixed: Array) -> None:
        self.chains = Chains(moving, fixed, (secondary_structure(moving), secondary_structure(fixed)))
        self.scale = search_scale(min(len(moving), len(fixed)))
        self.best: Map = np.full(len(fixed), -1, dtype=np.int64)
        self.best_score = -1.0
        # Starts lead to the same alignments again and again: what follows from one is found once.
        self._superposed: dict[bytes, tuple[float, Motion]] = {}
        self._realigned: dict[tuple[bytes, float], Map] = {}

    def search(self) -> Search[float]:
        """Try all starts, and return the score of the best alignment by the length of the fixed chain."""
        chains, scale = self.chains, self.scale
        worth = 0.1 if scale.length <= 40 else 0.4
        yield from self._try(best_threading(chains.moving, chains.fixed, scale), worth=-np.inf, rounds=30)
        yield from self._try((yield Alignment(chains, None, 1.0, 1.0, _SHAPE_GAP)), worth=0.2, rounds=30)
        local = alignment_by_pieces(chains, scale)
        if local is not None:
            yield from self._try(local, worth=worth, rounds=2)
        yield from self._try((yield self._shape_and_place()), worth=worth, rounds=30)
        pieces = best_fragment_threading(chains.moving, chains.fixed, scale)
        yield from self._try(pieces, worth=worth, rounds=2, gaps=GAPS[1:])
        return (yield from self._final_score())

    def _try(self, start: Map, worth: float, rounds: int, gaps: tuple[float, ...] = GAPS) -> Search[None]:
        """Judge a start, and refine it where it is worth it: where it scores that share of the best so far."""
        score, _ = yield from self._superpose(start)
        self._keep(start, score)
        if score > self.best_score * worth:
            yield from self._refine(start, rounds, gaps)

    def _refine(self, found: Map, rounds: int, gaps: tuple[float, ...]) -> Search[None]:
        """Align by distance and superpose by alignment in turn."""
        before = 0.0
        for gap in gaps:
            for round_ in range(rounds):
                found = yield from self._realign(found, gap)
                score, _ = yield from self._superpose(found)
                self._keep(found, score)
                if round_ and abs(score - before) < 1e-6:
                    break
                before = score

    def _keep(self, found: Map, score: float) -> None:
        if score > self.best_score:
            self.best, self.best_score = found, score

    def _superpose(self, found: Map) -> Search[tuple[float, Motion]]:
        """Return the score of an alignment, and the motion that gives it."""
        key = found.tobytes()
        if key not in self._superposed:
            if (found >= 0).any():
                self._superposed[key] = yield Superposition(*self._aligned(found), self.scale, COARSE)
            else:
                self._superposed[key] = -1.0, Motion(np.eye(3), np.zeros(3))
        return self._superposed[key]

    def _realign(self, found: Map, gap: float) -> Search[Map]:
        """Return the alignment by distance where an alignment puts the chains."""
        key = found.tobytes(), gap
        if key not in self._realigned:
            _, motion = yield from self._superpose(found)
            moved = motion.apply(self.chains.moving)
            self._realigned[key] = yield Alignment(self.chains, moved, self.scale.d0, 0.0, gap)
        return self._realigned[key]

    def _aligned(self, found: Map) -> tuple[Array, Array]:
        aligned = found >= 0
        return self.chains.moving[found[aligned]], self.chains.fixed[aligned]

    def _shape_and_place(self) -> Alignment:
        """Return the alignment by secondary structure and by where the best one so far puts the chains, to be found."""
        pairs = Pairs(*self._aligned(self.best))
        motion = pairs.fit(np.ones((1, len(pairs)), dtype=bool))[0][0]
        return Alignment(self.chains, motion.apply(self.chains.moving), self.scale.d0 + 1.5, 0.5, _SHAPE_GAP)

    def _final_score(self) -> Search[float]:
        """Return the score of the best alignment, far pairs left out."""
        moving, fixed = self._aligned(self.best)
        _, motion = yield Superposition(moving, fixed, self.scale, FINE)
        near = ((motion.apply(moving) - fixed) ** 2).sum(axis=1) <= self.scale.cutoff**2
        if not near.any():
            return 0.0
        score, _ = yield Superposition(moving[near], fixed[near], final_scale(len(self.chains.fixed)), FINE)
        return float(score)
