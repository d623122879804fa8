"""Placing atoms one after another, many molecules at a time: from codes, and to choose codes (closed loop).

Legend: M molecules, sorted by falling size; S steps, one an atom of the largest molecule; K codes; T
candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from biomatrix.structure.molecule.frames import LINEAR_LIMIT, Array, local_frames, local_points, perpendicular

Ints = NDArray[np.int64]
Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Layout:
    """Molecules of a batch in rows of equal length.

    Parameters
    ----------
    sizes : ndarray, shape=(M,), dtype=int64
        Falling.
    references : ndarray, shape=(M, S, 3), dtype=int64
        (focal, first, second) of each atom; 0 where there is none.
    """

    sizes: Ints
    references: Ints

    def active(self, step: int) -> int:
        """Return how many molecules have an atom at this step; they come first."""
        return int(np.searchsorted(-self.sizes, -step))


def pad(rows: Sequence[NDArray[Scalar]], width: int) -> NDArray[Scalar]:
    """Return arrays of different length as the rows of one, filled up with zeros."""
    padded = np.zeros((len(rows), width, *rows[0].shape[1:]), dtype=rows[0].dtype)
    for row, values in zip(padded, rows, strict=True):
        row[: len(values)] = values
    return padded


def place(layout: Layout, codes: Ints, table: Array) -> Array:
    """Return the positions that codes decode to.

    Parameters
    ----------
    layout : Layout
    codes : ndarray, shape=(M, S), dtype=int64
    table : ndarray, shape=(K, 4), dtype=float64
        (r, theta, abs phi, sign) of every code.

    Returns
    -------
    positions : ndarray, shape=(M, S, 3), dtype=float64
        In Angstrom: atom 0 at the origin, atom 1 on the x axis, atom 2 in the upper half of the xy plane.
    """
    points = local_points(table)
    positions = np.zeros((*codes.shape, 3))
    _place_first(positions, codes, table)
    for step in range(3, codes.shape[1]):
        rows = slice(0, layout.active(step))
        origin, axes = _frames_at(positions[rows], layout.references[rows, step])
        positions[rows, step] = _global(origin, axes, points[codes[rows, step]])
    return positions


@dataclass(frozen=True, eq=False)
class Targets:
    """True geometry to choose codes by.

    Parameters
    ----------
    positions : ndarray, shape=(M, S, 3), dtype=float64
        True positions, in Angstrom.
    neighbours : ndarray, shape=(M, S, N), dtype=int64
        Earlier atoms whose distance should be kept, -1 where fewer: bonded ones first.
    weights : ndarray, shape=(N,), dtype=float64
        What an error of 1 Angstrom in the distance to each neighbour costs beside 1 Angstrom of position.
    """

    positions: Array
    neighbours: Ints
    weights: Array


def choose_codes(
    layout: Layout,
    targets: Targets,
    codes: Ints,
    table: Array,
    allowed: NDArray[np.bool_],
    candidates: int = 24,
) -> tuple[Ints, Array]:
    """Choose every atom's code against the frame rebuilt from the codes already chosen, so that errors do not
    add up.

    Parameters
    ----------
    layout : Layout
    targets : Targets
    codes : ndarray, shape=(M, S), dtype=int64
        Codes of the first three atoms, which are kept; the rest is ignored.
    table : ndarray, shape=(K, 4), dtype=float64
    allowed : ndarray, shape=(K,), dtype=bool
        Codes that may be chosen.
    candidates : int
        How many codes, nearest in position, compete on the full cost.

    Returns
    -------
    codes : ndarray, shape=(M, S), dtype=int64
    positions : ndarray, shape=(M, S, 3), dtype=float64
        What the codes decode to.
    """
    usable = np.flatnonzero(allowed)
    points = local_points(table)[usable]
    half_norms = 0.5 * (points * points).sum(axis=1)
    count = min(candidates, len(usable))
    codes = codes.copy()
    positions = np.zeros((*codes.shape, 3))
    _place_first(positions, codes, table)
    wanted = superimpose_start(targets.positions, layout.sizes)
    for step in range(3, codes.shape[1]):
        rows = slice(0, layout.active(step))
        origin, axes = _frames_at(positions[rows], layout.references[rows, step])
        target = wanted[rows, step]
        offset = target - origin
        local = np.stack([(axis * offset).sum(axis=1) for axis in axes], axis=1)
        nearest = _nearest(half_norms - local @ points.T, count)
        placed = _global_many(origin, axes, points[nearest])
        cost = ((placed - target[:, None]) ** 2).sum(axis=2)
        for column, weight in enumerate(targets.weights):
            neighbour = targets.neighbours[rows, step, column]
            has = neighbour >= 0
            if weight > 0.0 and has.any():
                row = np.flatnonzero(has)
                near = neighbour[row]
                true = np.sqrt(((target[row] - wanted[row, near]) ** 2).sum(axis=1))
                got = np.sqrt(((placed[row] - positions[row, near][:, None]) ** 2).sum(axis=2))
                cost[row] += weight * (got - true[:, None]) ** 2
        best = np.argmin(cost, axis=1)
        row = np.arange(len(best))
        codes[rows, step] = usable[nearest[row, best]]
        positions[rows, step] = placed[row, best]
    return codes, positions


def superimpose_start(positions: Array, sizes: Ints) -> Array:
    """Turn molecules [M, S, 3] so that atom 0 is at the origin, atom 1 on the x axis and atom 2 in the xy
    plane.

    Where the first three atoms are linear, the first later atom off their line takes the place of atom 2, so
    that the result does not depend on how the input lay in space.
    """
    count, width, _ = positions.shape
    if width < 2:
        return np.asarray(positions - positions[:, :1])
    moved = positions - positions[:, :1]
    x = moved[:, 1]
    x = x / np.maximum(np.sqrt((x * x).sum(axis=1)), 1e-12)[:, None]
    rest = moved - (moved * x[:, None]).sum(axis=2)[..., None] * x[:, None]
    off_line = np.sqrt((rest * rest).sum(axis=2))
    off_line[np.arange(width) >= sizes[:, None]] = 0.0
    chosen = np.argmax(off_line > 0.1, axis=1)
    off = off_line[np.arange(count), chosen]
    furthest = np.argmax(off_line, axis=1)
    chosen = np.where(off > 0.1, chosen, furthest)
    off = off_line[np.arange(count), chosen]
    linear = off <= LINEAR_LIMIT
    y = rest[np.arange(count), chosen] / np.where(linear, 1.0, off)[:, None]
    if linear.any():
        y[linear] = perpendicular(x[linear])
    z = np.cross(x, y)
    return np.stack([(moved * axis[:, None]).sum(axis=2) for axis in (x, y, z)], axis=2)


def _place_first(positions: Array, codes: Ints, table: Array) -> None:
    width = codes.shape[1]
    if width > 1:
        positions[:, 1, 0] = table[codes[:, 1], 0]
    if width > 2:
        r, phi = table[codes[:, 2], 0], table[codes[:, 2], 2]
        positions[:, 2, 0] = r * np.cos(phi)
        positions[:, 2, 1] = r * np.sin(phi)


def _frames_at(positions: Array, references: Ints) -> tuple[Array, tuple[Array, Array, Array]]:
    row = np.arange(len(references))
    focal, first, second = (positions[row, references[:, column]] for column in range(3))
    return focal, local_frames(focal, first, second)


def _global(origin: Array, axes: tuple[Array, Array, Array], local: Array) -> Array:
    u, v, w = axes
    return np.asarray(origin + local[:, :1] * u + local[:, 1:2] * v + local[:, 2:] * w)


def _global_many(origin: Array, axes: tuple[Array, Array, Array], local: Array) -> Array:
    u, v, w = (axis[:, None] for axis in axes)
    return np.asarray(origin[:, None] + local[..., :1] * u + local[..., 1:2] * v + local[..., 2:] * w)


def _nearest(distance: Array, count: int) -> Ints:
    if count >= distance.shape[1]:
        return np.tile(np.arange(distance.shape[1]), (len(distance), 1))
    # sorted, so that equal costs always go to the same code whatever the order of a partition
    return np.sort(np.argpartition(distance, count, axis=1)[:, :count], axis=1)


def frame_coordinates(points: Array, focal: Array, first: Array, second: Array) -> Array:
    """Return points [N, 3] as coordinates in the frames on their reference atoms [N, 3]."""
    offset = points - focal
    return np.stack([(axis * offset).sum(axis=1) for axis in local_frames(focal, first, second)], axis=1)
