"""Sequential decoding: which few steps must change for the digits to agree again.

Where a digit disagrees, the code there or one shortly before it is wrong. Every other step is tried at those places,
and what the next digits say decides which hypotheses are followed first, by the metric that Fano gave for tree codes:
each agreeing digit adds, each changed step costs. Hypotheses are followed best first until one reaches the end of the
chain or the allowance is spent.

Shapes: n residues, K bonded steps, M candidates, L residues looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from biomatrix.entities.protein.structure.anchored.reading import Piece

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from biomatrix.entities.protein.structure.anchored.reading import Motion, Reading
    from biomatrix.entities.protein.structure.geometric.codebook import StepCodebook

_ERROR_RATE: Final = 0.01
"""Share of wrong codes that the metric assumes: fewer than there are, so that a wrong way scores well less often."""

_BACK: Final = 10
"""How many residues before a disagreement may be to blame."""

_FIRST_LOOK: Final = 4
_LOOK: Final = 14
_LONG_LOOK: Final = 48
"""Digits looked at for all candidates, for those that pass, and for those that pass again."""

_MOST_PASSING: Final = 3000
_MOST_OPEN: Final = 20_000
"""Candidates that get the long look, and candidates kept."""

_FOLLOWED: Final = 32
_WITHIN: Final = 4.0
"""Most candidates followed at once, and how far below the best metric theirs may be."""

_CROWD: Final = 16
"""With more hypotheses than this, candidates with no agreeing digit after them are dropped."""

_PROGRESS: Final = 4
"""Residues the front must move for the allowance to start anew."""


@dataclass
class _Nodes:
    """Hypotheses followed, one row each; the parent of a root is -1."""

    metric: NDArray[np.float64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    rotation: NDArray[np.float64]
    shift: NDArray[np.float64]
    parent: NDArray[np.int64]


@dataclass
class _Candidates:
    """Changed steps not yet followed."""

    metric: NDArray[np.float64]
    parent: NDArray[np.int64]
    at: NDArray[np.int64]
    step: NDArray[np.int64]
    run: NDArray[np.int64]


Rows = TypeVar("Rows", _Nodes, _Candidates)


def _join(first: Rows, second: Rows) -> Rows:
    parts = [np.concatenate([getattr(first, f.name), getattr(second, f.name)]) for f in fields(first)]
    return type(first)(*parts)


def _take(rows: Rows, index: NDArray[np.int64] | NDArray[np.bool_]) -> Rows:
    return type(rows)(*[getattr(rows, f.name)[index] for f in fields(rows)])


def _leading(agree: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many are true before the first false one along the second axis."""
    return np.asarray(np.where(agree.all(axis=1), agree.shape[1], agree.argmin(axis=1)), dtype=np.int64)


class StepTree:
    """The search over one reading.

    Parameters
    ----------
    reading : Reading
    codebook : StepCodebook
    """

    def __init__(self, reading: Reading, codebook: StepCodebook) -> None:
        self.reading = reading
        bonded = codebook.start_code
        self._rotations, self._translations = codebook.rotations[:bonded], codebook.translations[:bonded]
        self._features_K12 = np.concatenate([self._rotations.reshape(-1, 9), self._translations], axis=1).astype(
            np.float32
        )
        self._gain = agreement_gain(reading)
        self._loss = float(np.log(_ERROR_RATE / bonded))

    def walk(self, roots: Sequence[Piece], allowance: int) -> list[Piece]:
        """Follow hypotheses from the best of some first pieces.

        Parameters
        ----------
        roots : sequence of Piece
            At least one; none reaches the end of the chain.
        allowance : int
            Hypotheses followed without progress before giving up.

        Returns
        -------
        list of Piece
            A root and what follows it. Where the last piece ends before the chain does, the way was lost there.
        """
        nodes = _Nodes(
            np.array([root.metric for root in roots]),
            np.array([root.start for root in roots]),
            np.array([root.end for root in roots]),
            np.stack([root.rotation for root in roots]),
            np.stack([root.shift for root in roots]),
            np.full(len(roots), -1),
        )
        front, spent = int(nodes.end.max()), 0
        newest = np.arange(len(roots))
        candidates = self._candidates(nodes, newest)
        while spent < allowance and len(candidates.metric):
            chosen = self._choose(candidates)
            followed = self._follow(nodes, _take(candidates, chosen))
            newest = len(nodes.metric) + np.arange(len(chosen))
            nodes = _join(nodes, followed)
            finished = newest[followed.end >= len(self.reading)]
            if len(finished):
                return _path(roots, nodes, int(finished[nodes.metric[finished].argmax()]))
            spent += len(chosen)
            if followed.end.max() > front + _PROGRESS:
                front, spent = int(followed.end.max()), 0
            left = np.ones(len(candidates.metric), dtype=bool)
            left[chosen] = False
            candidates = _join(_take(candidates, left), self._candidates(nodes, newest))
            if len(candidates.metric) > _MOST_OPEN:
                best = np.argpartition(-candidates.metric, _MOST_OPEN)[:_MOST_OPEN]
                candidates = _take(candidates, best)
        return _path(roots, nodes, int(nodes.metric.argmax()))

    @staticmethod
    def _choose(candidates: _Candidates) -> NDArray[np.int64]:
        near = np.flatnonzero(candidates.metric >= candidates.metric.max() - _WITHIN)
        return near[np.argsort(-candidates.metric[near], kind="stable")[:_FOLLOWED]]

    def _follow(self, nodes: _Nodes, chosen: _Candidates) -> _Nodes:
        """Make hypotheses of candidates, each with the whole run of digits that agree with it."""
        rotation, origin = self._before(nodes, chosen.parent, chosen.at)
        origin = origin + (rotation @ self._translations[chosen.step][..., None])[..., 0]
        rotation = rotation @ self._rotations[chosen.step] @ self.reading.rotations[chosen.at].swapaxes(-1, -2)
        shift = origin - (rotation @ self.reading.origins[chosen.at][..., None])[..., 0]
        end = chosen.at + 1 + chosen.run
        metric = chosen.metric.copy()
        for row in np.flatnonzero(chosen.run >= _LOOK + _LONG_LOOK):
            further = self.reading.first_wrong((rotation[row], shift[row]), int(end[row]))
            metric[row] += self._gain * (further - end[row])
            end[row] = further
        return _Nodes(metric, chosen.at, np.minimum(end, len(self.reading)), rotation, shift, chosen.parent)

    def _before(self, nodes: _Nodes, node: NDArray[np.int64], at: NDArray[np.int64]) -> Motion:
        """Frames of the residues before ``at``, as hypotheses place them."""
        rotation = nodes.rotation[node] @ self.reading.rotations[at - 1]
        origin = (nodes.rotation[node] @ self.reading.origins[at - 1][..., None])[..., 0] + nodes.shift[node]
        return rotation, origin

    def _candidates(self, nodes: _Nodes, which: NDArray[np.int64]) -> _Candidates:
        """Change every step that may be to blame for where each hypothesis ends."""
        start, end = nodes.start[which], nodes.end[which]
        lowest = np.maximum(np.maximum(start + 1, end - _BACK), 1)
        count = end - lowest + 1
        row = np.repeat(np.arange(len(which)), count)
        at = lowest[row] + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        base = nodes.metric[which][row] - self._gain * (end[row] - at) + self._loss
        run_MK = self._runs(at, self._before(nodes, which[row], at), base)
        fewest = 1 if len(which) > _CROWD else 0
        candidate, step = np.nonzero((run_MK >= fewest) | (at == len(self.reading) - 1)[:, None])
        run = run_MK[candidate, step]
        return _Candidates(base[candidate] + self._gain * run, which[row][candidate], at[candidate], step, run)

    def _runs(self, at: NDArray[np.int64], frames: Motion, base: NDArray[np.float64]) -> NDArray[np.int64]:
        """How many digits after ``at`` agree in a row with each step, int64 [M, K]; at most those looked at."""
        seen = self.reading.look_ahead(at, frames, 1, _LOOK)
        weights, constants, limits = (part[:, :_FIRST_LOOK] for part in seen)
        turns = (weights.reshape(-1, 12) @ self._features_K12.T).reshape(len(at), _FIRST_LOOK, -1)
        turns += constants[:, :, None]
        run = _leading(turns - np.floor(turns) < limits[:, :, None])
        row, step = np.nonzero(run == _FIRST_LOOK)
        run[row, step] += self._runs_of_pairs(row, step, *(part[:, _FIRST_LOOK:] for part in seen))
        row, step = np.nonzero(run == _LOOK)
        if len(row):
            best = np.argsort(-base[row], kind="stable")[:_MOST_PASSING]
            row, step = row[best], step[best]
            seen = self.reading.look_ahead(at, frames, 1 + _LOOK, _LONG_LOOK)
            run[row, step] += self._runs_of_pairs(row, step, *seen)
        return np.minimum(run, (len(self.reading) - 1 - at)[:, None])

    def _runs_of_pairs(
        self,
        row: NDArray[np.int64],
        step: NDArray[np.int64],
        weights: NDArray[np.float32],
        constants: NDArray[np.float32],
        limits: NDArray[np.float32],
    ) -> NDArray[np.int64]:
        """How many digits agree in a row for chosen candidates and steps."""
        turns = (weights[row] @ self._features_K12[step][:, :, None])[..., 0] + constants[row]
        return _leading(turns - np.floor(turns) < limits[row])


def _path(roots: Sequence[Piece], nodes: _Nodes, last: int) -> list[Piece]:
    """The pieces that lead to a hypothesis, the root first and as it was given."""
    pieces = []
    while last >= len(roots):
        start, end, metric = int(nodes.start[last]), int(nodes.end[last]), float(nodes.metric[last])
        pieces.append(Piece(start, end, nodes.rotation[last], nodes.shift[last], metric))
        last = int(nodes.parent[last])
    return [roots[last], *reversed(pieces)]


def agreement_gain(reading: Reading) -> float:
    """What an agreeing digit adds to the metric: the logarithm of how unlikely it is by chance."""
    return float(np.log((1.0 - _ERROR_RATE) / reading.tolerance.mean()))
