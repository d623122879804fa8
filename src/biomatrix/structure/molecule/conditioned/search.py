"""Choosing codes: for every atom the code that places it best, against the geometry that codes so far have built.

What a code costs is the squared distance to the atom's true position, plus squared errors of its bonds to earlier atoms
(ring closures included), plus the price of naming it. Since codes see the errors of the codes before them, errors do
not add up (closed loop).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biomatrix.structure.molecule.conditioned.meanings import CodeMeanings
from biomatrix.structure.molecule.conditioned.placement import frames_at, meanings_of, placed
from biomatrix.structure.molecule.conditioned.problem import Problem
from biomatrix.structure.molecule.frames import Array

Ints = NDArray[np.int64]

_GRID = 16


@dataclass(frozen=True)
class Costs:
    """What the search weighs.

    Parameters
    ----------
    bond : float
        What an error of 1 Angstrom in a bond of stiffness 1 costs beside 1 Angstrom of position.
    rate : float
        Price of a bit, in square Angstrom.
    correction : float
        Price, in square Angstrom, of any other code than the one that fits the true geometry best. Those codes repeat
        where the chemistry does, and a language model learns them sooner than it learns corrections.
    candidates : int
        How many codes, nearest in direction, compete.
    """

    bond: float = 16.0
    rate: float = 0.0
    correction: float = 0.0
    candidates: int = 32


class DirectionGrid:
    """Which codes lie near a direction: cells on the faces of a cube, and the nearest codes of each.

    Parameters
    ----------
    directions : ndarray, shape=(K, 3), dtype=float
        Unit vectors.
    candidates : int
        Codes a cell.
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
    """Codes of a batch.

    Parameters
    ----------
    codes : ndarray, shape=(N,), dtype=int64
        0 for the first atom of each molecule.
    positions : ndarray, shape=(N, 3), dtype=float64
        Where they place the atoms, in Angstrom; open loop: each from true positions.
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
    costs : Costs
    closed_loop : bool
        Against the rebuilt geometry, or each against the true one.
    """
    rows = problem.rows(meanings)
    if not closed_loop:
        return _open_loop(problem, targets, meanings, grid, costs, rows)
    targets = targets.copy()
    codes = np.zeros(len(targets), dtype=np.int64)
    positions = np.zeros((len(targets), 3))
    wanted = np.zeros((len(targets), 4))
    plain = _open_loop(problem, targets, meanings, grid, costs, rows).codes if costs.correction > 0.0 else None
    for atoms in problem.levels[1:]:
        frames = frames_at(positions, problem.references, problem.bond, problem.closing, atoms)
        wanted[atoms] = meanings_of(frames, targets[atoms])
        near = grid.near(wanted[atoms, :3])
        if plain is not None:
            near = np.column_stack((near, plain[atoms]))
        options = placed(frames, meanings.table[rows[atoms, None], near].astype(np.float64))
        price = _geometric_cost(problem, targets, positions, atoms, options, costs.bond)
        if costs.rate > 0.0:
            price += costs.rate * meanings.bits[rows[atoms, None], near]
        if plain is not None:
            price += costs.correction * (near != plain[atoms, None])
        best = price.argmin(axis=1)
        row = np.arange(len(atoms))
        codes[atoms], positions[atoms] = near[row, best], options[row, best]
        _follow_fragments(problem, atoms, targets, positions)
    return Choice(codes, positions, wanted)


def _open_loop(
    problem: Problem, targets: Array, meanings: CodeMeanings, grid: DirectionGrid, costs: Costs, rows: Ints
) -> Choice:
    """Choose every code against the true geometry, all atoms at once."""
    codes = np.zeros(len(targets), dtype=np.int64)
    positions = np.zeros((len(targets), 3))
    wanted = np.zeros((len(targets), 4))
    atoms = np.concatenate(problem.levels[1:]) if len(problem.levels) > 1 else np.zeros(0, dtype=np.int64)
    frames = frames_at(targets, problem.references, problem.bond, problem.closing, atoms)
    wanted[atoms] = meanings_of(frames, targets[atoms])
    near = grid.near(wanted[atoms, :3])
    options = placed(frames, meanings.table[rows[atoms, None], near].astype(np.float64))
    price = _geometric_cost(problem, targets, targets, atoms, options, costs.bond)
    if costs.rate > 0.0:
        price += costs.rate * meanings.bits[rows[atoms, None], near]
    best = price.argmin(axis=1)
    row = np.arange(len(atoms))
    codes[atoms], positions[atoms] = near[row, best], options[row, best]
    return Choice(codes, positions, wanted)


def _follow_fragments(problem: Problem, atoms: Ints, targets: Array, positions: Array) -> None:
    """Move the rest of a fragment with its first atom: how fragments lie is coarse, and must not bend their insides."""
    chemistry = problem.chemistry
    for atom in atoms[problem.begins_fragment[atoms]].tolist():
        later = np.flatnonzero(problem.begins_fragment[atom + 1 :])
        end = int(chemistry.starts[atom] + chemistry.sizes[np.searchsorted(problem.offsets, chemistry.starts[atom])])
        end = min(end, atom + 1 + int(later[0])) if len(later) else end
        targets[atom:end] += positions[atom] - targets[atom]


def _geometric_cost(
    problem: Problem, targets: Array, built: Array, atoms: Ints, options: Array, bond_weight: float
) -> Array:
    cost = ((options - targets[atoms, None]) ** 2).sum(axis=2)
    for column in range(problem.references.bonded.shape[1]):
        other = problem.references.bonded[atoms, column]
        has = np.flatnonzero(other >= 0)
        if not len(has):
            break
        other = other[has]
        true = np.sqrt(((targets[atoms[has]] - targets[other]) ** 2).sum(axis=1))
        got = np.sqrt(((options[has] - built[other][:, None]) ** 2).sum(axis=2))
        weight = bond_weight * problem.stiffness[atoms[has], column]
        cost[has] += weight[:, None] * (got - true[:, None]) ** 2
    return np.asarray(cost)


def decode_codes(problem: Problem, codes: Ints, meanings: CodeMeanings) -> Array:
    """Return the positions that codes [N] place, ``float64 [N, 3]`` in Angstrom."""
    positions = np.zeros((len(codes), 3))
    meant = meanings.table[problem.rows(meanings), codes].astype(np.float64)
    for atoms in problem.levels[1:]:
        frames = frames_at(positions, problem.references, problem.bond, problem.closing, atoms)
        positions[atoms] = placed(frames, meant[atoms, None])[:, 0]
    return positions


__all__ = ["Choice", "Costs", "DirectionGrid", "choose_codes", "decode_codes"]
