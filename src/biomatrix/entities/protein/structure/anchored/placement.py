"""Where a piece of a chain lies, from nothing but its shape and its digits.

A window of residues is turned in all directions; for each, every digit votes for the shifts along its axis that it
agrees with. The best turns are refined by small ones. What agrees over a long enough run is a placement.

Shapes: n residues, T turns, W residues of the window.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.protein.structure.anchored.reading import Piece

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.protein.structure.anchored.reading import Motion, Reading

_WINDOW: Final = 16
_WINDOWS: Final = 12
_STRIDE: Final = 4
"""Residues of a window, windows tried, and residues from the start of one to that of the next."""

_TURNS: Final = 20_000
"""Turns tried at first, seven degrees from one to the next."""

_COARSE_BINS: Final = 1
_FINE_BINS: Final = 2
"""Shifts tried per Angstrom."""

_REFINEMENTS: Final = ((0.12, 100), (0.06, 60), (0.03, 40), (0.015, 30))
"""Size in radians of the small turns of each round, and how many of the best turns they start from."""

_SMALL_TURNS: Final = 12
_KEPT: Final = 12
"""Small turns tried around each turn; motions per window, and ways, that are followed further."""

_SHORTEST_RUN: Final = 8
_LONG_RUN: Final = 14
"""Agreeing residues a placement must have, and those after which no further window is tried."""

_REACH: Final = 3.9
_REACH_SLACK: Final = 4.0
"""Largest advance of a chain in Angstrom per residue, and how much farther a placement may lie."""

_COMBINED: Final = 40
"""Most runs considered for ways; the longest are taken."""

_CHANCE_DIGITS: Final = 8.0
"""How many digits agree with some placement by chance."""

_LATE: Final = 0.25
"""A placement loses the worth of this many digits for each residue that is left out before it."""


def routes(reading: Reading, known: Piece, gain: float) -> list[list[Piece]]:
    """Find ways on from a piece: placements of what follows it, the best way first.

    Parameters
    ----------
    reading : Reading
        With slack: placements are within an Angstrom or so.
    known : Piece
        The last one that is placed. What follows is within reach of its end.
    gain : float
        What an agreeing digit adds to the metric.

    Returns
    -------
    list of list of Piece
        Each a sequence of pieces, with gaps between; empty where no window is free enough of wrong codes.
    """
    placements: list[Piece] = []
    first = known.end + 1
    for start in range(first, min(len(reading) - _WINDOW + 1, first + _STRIDE * _WINDOWS), _STRIDE):
        runs = [_longest_run(reading, motion, start) for motion in _motions(reading, np.arange(start, start + _WINDOW))]
        placements += [run for run in runs if run.end - run.start >= _SHORTEST_RUN]
        if any(piece.end - piece.start >= _LONG_RUN for piece in placements):
            break
    placements = sorted(placements, key=lambda piece: piece.start - piece.end)[:_COMBINED]
    ways: list[list[Piece]] = []
    for piece in sorted(placements, key=lambda piece: piece.start):
        before: list[list[Piece]] = [[], *(way for way in ways if way[-1].end <= piece.start)]
        continuations = [
            [*way, placed]
            for way in before
            if (placed := _continue(reading, way[-1] if way else replace(known, metric=0.0), piece, gain)) is not None
        ]
        if continuations:
            ways.append(max(continuations, key=lambda way: way[-1].metric))
    return sorted(ways, key=lambda way: -way[-1].metric)[:_KEPT]


def _longest_run(reading: Reading, motion: Motion, start: int) -> Piece:
    """The longest run of residues that agree with a motion, in a window and shortly after it."""
    index = np.arange(start, min(start + 2 * _WINDOW, len(reading)))
    wrong = np.flatnonzero(~np.concatenate([[False], reading.agree(index, motion), [False]]))
    gap = int(np.diff(wrong).argmax())
    return Piece(start + int(wrong[gap]), start + int(wrong[gap + 1]) - 1, *motion)


def _continue(reading: Reading, before: Piece, piece: Piece, gain: float) -> Piece | None:
    """Move a piece by whole periods to near where the one before it ends; None where that is out of reach."""
    last = before.end - 1
    here = before.rotation @ reading.origins[last] + before.shift
    period = reading.slabs.period
    there = piece.rotation @ reading.origins[piece.start] + piece.shift
    moved = period * np.round((here - there) / period)
    if np.linalg.norm(there + moved - here) > _REACH * (piece.start - last) + _REACH_SLACK:
        return None
    worth = piece.end - piece.start - _LATE * (piece.start - last - 1) - _CHANCE_DIGITS
    return replace(piece, shift=piece.shift + moved, metric=before.metric + gain * worth)


def _motions(reading: Reading, index: NDArray[np.int64]) -> list[Motion]:
    """Motions that many digits of a window agree with."""
    middle = reading.origins[index[len(index) // 2]]
    local = reading.origins[index] - middle
    turns = _all_turns()
    _, votes = _vote(reading, turns, local, index, _COARSE_BINS)
    for number, (_, count) in enumerate(_REFINEMENTS):
        turns = turns[np.argsort(-votes, kind="stable")[:count]]
        near = _small_turns()[number] @ turns[:, None]
        turns = np.concatenate([turns, near.reshape(-1, 3, 3)])
        shifts, votes = _vote(reading, turns, local, index, _FINE_BINS)
    best = np.argsort(-votes, kind="stable")[:_KEPT]
    return [(turns[row], shifts[row] - turns[row] @ middle) for row in best]


def _vote(
    reading: Reading, turns_T33: NDArray[np.float64], local_W3: NDArray[np.float64], index: NDArray[np.int64], bins: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The shift that most digits agree with after each turn, [T, 3], and how many do, [T]."""
    slabs = reading.slabs
    num_turns, size = len(turns_T33), round(slabs.period * bins)
    shifts, votes = np.empty((num_turns, 3)), np.zeros(num_turns, dtype=np.int64)
    widths = slabs.width_of(index)
    first_bin = (np.arange(num_turns) * size)[:, None]
    for axis in range(3):
        count = np.zeros(num_turns * size, dtype=np.int64)
        for width in sorted(set(slabs.widths)):
            mine = (index % 3 == axis) & (widths == width)
            low = width * reading.digits[index[mine]] - turns_T33[:, axis] @ local_W3[mine].T
            lowest = np.ceil(low * bins).astype(np.int64)
            repeat = round(width * slabs.levels * bins)
            for turn in range(round(slabs.period / (width * slabs.levels))):
                for offset in range(max(1, round(width * bins))):
                    place = (lowest + turn * repeat + offset) % size
                    count += np.bincount((first_bin + place).ravel(), minlength=len(count))
        table = count.reshape(num_turns, size)
        best = table.argmax(axis=1)
        # The lower end of a bin agrees; its middle stays clear of rounding.
        shifts[:, axis] = (best + 0.5) / bins
        votes += table[np.arange(num_turns), best]
    return shifts, votes


@cache
def _all_turns() -> NDArray[np.float64]:
    """Rotations spread evenly, [T, 3, 3]: a super-Fibonacci spiral of quaternions (Alexa, CVPR 2022)."""
    number = np.arange(_TURNS) + 0.5
    inner, outer = np.sqrt(number / _TURNS), np.sqrt(1.0 - number / _TURNS)
    alpha, beta = 2.0 * np.pi * number / np.sqrt(2.0), 2.0 * np.pi * number / 1.533751168755204288118041
    return _of_quaternions(
        np.stack([inner * np.sin(alpha), inner * np.cos(alpha), outer * np.sin(beta), outer * np.cos(beta)], axis=1)
    )


@cache
def _small_turns() -> list[NDArray[np.float64]]:
    """Small rotations of each round of refinement, [`_SMALL_TURNS`, 3, 3]; always the same."""
    rng = np.random.default_rng(0)
    rounds = []
    for size, _ in _REFINEMENTS:
        vectors = rng.normal(size=(_SMALL_TURNS, 3)) * size / 2.0
        quaternions = np.concatenate([vectors, np.ones((_SMALL_TURNS, 1))], axis=1)
        rounds.append(_of_quaternions(quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)))
    return rounds


def _of_quaternions(quaternions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation matrices of unit quaternions (x, y, z, w): [n, 3, 3]."""
    x, y, z, w = quaternions.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)
