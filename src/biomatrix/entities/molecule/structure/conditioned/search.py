"""Choosing codes: for every atom the code that places it best, given the geometry built from the codes before it.

The cost of a code is the squared distance to the atom's true position, plus squared errors of its bonds to earlier
atoms (ring closures included), plus the price of its bits. Since each choice sees the errors of the codes before it,
errors do not add up (closed loop).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.conditioned.meanings import CodeMeanings
from biomatrix.entities.molecule.structure.conditioned.placement import (
    Frames,
    frames_at,
    in_frames,
    local_points,
    meanings_of,
    placed,
)
from biomatrix.entities.molecule.structure.conditioned.problem import Problem
from biomatrix.entities.molecule.structure.conditioned.references import FIRST
from biomatrix.entities.molecule.structure.frames import Array, dot

Ints = NDArray[np.int64]

_GRID = 16
_BLOCK = 1024


@dataclass(frozen=True)
class Costs:
    """What the search weighs.

    Parameters
    ----------
    bond : float
        The weight of a squared error in a bond of stiffness 1 relative to one in position.
    rate : float
        Price of a bit, in square Angstrom.
    correction : float
        Price, in square Angstrom, of any code other than the one that fits the true geometry best. Those codes repeat
        where the chemistry does, and a language model learns them more easily than corrections.
    candidates : int
        How many codes, nearest in direction, compete.
    """

    bond: float = 16.0
    rate: float = 0.0
    correction: float = 0.0
    candidates: int = 24


class DirectionGrid:
    """Which codes lie near a direction: cells on the faces of a cube, and the nearest codes of each.

    Parameters
    ----------
    directions : ndarray, shape=(K, 3), dtype=float
        Unit vectors.
    candidates : int
        Codes per cell.
    """

    def __init__(self, directions: NDArray[np.floating], candidates: int) -> None:
        steps = (np.arange(_GRID) + 0.5) / _GRID * 2.0 - 1.0
        first, second = (values.ravel() for values in np.meshgrid(steps, steps, indexing="ij"))
        centres = []
        for axis in range(3):
            for sign in (1.0, -1.0):
                face = np.zeros((_GRID * _GRID, 3))
                face[:, axis] = sign
                face[:, _FIRST[axis]], face[:, _SECOND[axis]] = first, second
                centres.append(face)
        cells = np.concatenate(centres)
        cells /= np.sqrt((cells**2).sum(axis=1))[:, None]
        count = min(candidates, len(directions))
        nearness = cells @ np.asarray(directions, dtype=np.float64).T
        # sorted, so that equal costs always go to the same code whatever the order of a partition
        self.codes = np.sort(np.argpartition(-nearness, count - 1, axis=1)[:, :count], axis=1)

    def near(self, directions: Array) -> Ints:
        """Return codes near directions [A, 3], ``int64 [A, C]``."""
        row = np.arange(len(directions))
        axis = np.abs(directions).argmax(axis=1)
        along = directions[row, axis]
        scale = np.maximum(np.abs(along), 1e-9)
        first = _cell(directions[row, _FIRST[axis]] / scale)
        second = _cell(directions[row, _SECOND[axis]] / scale)
        return np.asarray(self.codes[((axis * 2 + (along < 0.0)) * _GRID + first) * _GRID + second])


_FIRST = np.array([1, 0, 0])
_SECOND = np.array([2, 2, 1])


def _cell(values: Array) -> Ints:
    return np.clip(((values + 1.0) * (0.5 * _GRID)).astype(np.int64), 0, _GRID - 1)


@dataclass(frozen=True, eq=False)
class Choice:
    """The codes chosen for a batch.

    Parameters
    ----------
    codes : ndarray, shape=(N,), dtype=int64
        0 for the first atom of each molecule.
    positions : ndarray, shape=(N, 3), dtype=float64
        Where the codes place the atoms, in Angstrom; in an open loop each is placed from true positions.
    wanted : ndarray, shape=(N, 4), dtype=float64
        The meanings that would have placed each atom exactly.
    """

    codes: Ints
    positions: Array
    wanted: Array


def choose_codes(
    problem: Problem, targets: Array, meanings: CodeMeanings, grid: DirectionGrid, costs: Costs, *, closed_loop: bool
) -> Choice:
    """Choose the code of every atom of a batch.

    Parameters
    ----------
    problem : Problem
    targets : ndarray, shape=(N, 3), dtype=float64
        True positions in Angstrom, turned so that the first three atoms lie where decoding puts them.
    meanings : CodeMeanings
    grid : DirectionGrid
        Over the directions of ``meanings.shared``.
    costs : Costs
    closed_loop : bool
        Choose codes against the rebuilt geometry; otherwise each against the true one.
    """
    search = _Search(problem, meanings, grid, costs, problem.rows(meanings))
    if not closed_loop:
        return search.open_loop(targets)
    targets = targets.copy()
    result = Choice(np.zeros(len(targets), dtype=np.int64), np.zeros((len(targets), 3)), np.zeros((len(targets), 4)))
    plain = search.open_loop(targets).codes if costs.correction > 0.0 else None
    for atoms in problem.levels[1:]:
        search.choose(atoms, targets, result.positions, result, plain)
        _follow_fragments(problem, atoms, targets, result.positions)
    return result


@dataclass(frozen=True, eq=False)
class _Search:
    """What choosing the codes of one batch needs at every level."""

    problem: Problem
    meanings: CodeMeanings
    grid: DirectionGrid
    costs: Costs
    rows: Ints

    def open_loop(self, targets: Array) -> Choice:
        """Choose every code against the true geometry."""
        result = Choice(
            np.zeros(len(targets), dtype=np.int64), np.zeros((len(targets), 3)), np.zeros((len(targets), 4))
        )
        coded = np.flatnonzero(self.problem.references.kinds != FIRST)
        for start in range(0, len(coded), _BLOCK):
            self.choose(coded[start : start + _BLOCK], targets, targets, result, None)
        return result

    def choose(self, atoms: Ints, targets: Array, built: Array, result: Choice, plain: Ints | None) -> None:
        """Choose the codes of atoms whose references are built, and write them to the result."""
        problem = self.problem
        frames = frames_at(built, problem.references, problem.bond, problem.closing, atoms)
        exact = meanings_of(frames, targets[atoms])
        near = self.grid.near(exact[:, :3])
        if plain is not None:
            near = np.column_stack((near, plain[atoms]))
        rows = self.rows[atoms, None]
        price = self._geometric_price(atoms, frames, self.meanings.table[rows, near], targets, built)
        if self.costs.rate > 0.0:
            price += np.float32(self.costs.rate) * self.meanings.bits[rows, near]
        if plain is not None:
            price += np.float32(self.costs.correction) * (near != plain[atoms, None])
        best = near[np.arange(len(atoms)), price.argmin(axis=1)]
        result.codes[atoms] = best
        result.positions[atoms] = placed(frames, self.meanings.table[self.rows[atoms], best].astype(np.float64))
        result.wanted[atoms] = exact

    def _geometric_price(
        self, atoms: Ints, frames: Frames, options: NDArray[np.float32], targets: Array, built: Array
    ) -> NDArray[np.float32]:
        """Return squared errors of position and bonds [A, C], all measured within the frames; single precision."""
        x, y, z, reach = local_points(frames, options)
        target = in_frames(frames, targets[atoms]).astype(np.float32)
        price = _squared_norm(x - target[:, :1], y - target[:, 1:2], z - target[:, 2:])
        bonded, stiffness = self.problem.references.bonded[atoms], self.problem.stiffness[atoms]
        for column in range(bonded.shape[1]):
            has = np.flatnonzero((bonded[:, column] >= 0) & (stiffness[:, column] > 0.0))
            if not len(has):
                continue
            other = bonded[has, column]
            across = targets[atoms[has]] - targets[other]
            true = np.sqrt(dot(across, across)).astype(np.float32)[:, None]
            if column == 0:
                built_length = np.abs(reach[has])  # the parent is the origin of the frame
            else:
                at = in_frames(frames.of(has), built[other]).astype(np.float32)
                built_length = np.sqrt(_squared_norm(x[has] - at[:, :1], y[has] - at[:, 1:2], z[has] - at[:, 2:]))
            weight = (self.costs.bond * stiffness[has, column]).astype(np.float32)[:, None]
            price[has] += weight * (built_length - true) ** 2
        return np.asarray(price)


def _squared_norm(x: NDArray[np.float32], y: NDArray[np.float32], z: NDArray[np.float32]) -> NDArray[np.float32]:
    total: NDArray[np.float32] = x * x + y * y + z * z
    return total


def _follow_fragments(problem: Problem, atoms: Ints, targets: Array, positions: Array) -> None:
    """Move the rest of a fragment with its first atom: their placement is coarse and must not bend their insides."""
    chemistry = problem.chemistry
    for atom in atoms[problem.begins_fragment[atoms]].tolist():
        later = np.flatnonzero(problem.begins_fragment[atom + 1 :])
        end = int(chemistry.starts[atom] + chemistry.sizes[np.searchsorted(problem.offsets, chemistry.starts[atom])])
        end = min(end, atom + 1 + int(later[0])) if len(later) else end
        targets[atom:end] += positions[atom] - targets[atom]


def decode_codes(problem: Problem, codes: Ints, meanings: CodeMeanings) -> Array:
    """Return the positions that codes [N] place, ``float64 [N, 3]`` in Angstrom."""
    positions = np.zeros((len(codes), 3))
    atom_meanings = meanings.table[problem.rows(meanings), codes].astype(np.float64)
    for atoms in problem.levels[1:]:
        frames = frames_at(positions, problem.references, problem.bond, problem.closing, atoms)
        positions[atoms] = placed(frames, atom_meanings[atoms])
    return positions


__all__ = ["Choice", "Costs", "DirectionGrid", "choose_codes", "decode_codes"]
