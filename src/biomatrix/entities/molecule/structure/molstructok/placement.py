"""Placing the atoms of many molecules, level by level of their trees, to decode codes and to choose them (closed loop).

An atom is placed in a frame on its focal atom. The axes of that frame follow from the code of the focal atom and the
frame that it was placed in itself: a frame is a product of two small matrices, one of them from a table, and all atoms
of a level are placed at once, whatever their molecules.

Legend: N atoms of all molecules, one molecule after another; n atoms of a level; E bonds; K codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.frames import LINEAR_LIMIT, Array, local_frames, local_points, perpendicular

Ints = NDArray[np.int64]

_NUM_ROOTS = 3
_OFF_LINE = 0.1
_X_AXIS = np.array([1.0, 0.0, 0.0])


@dataclass(frozen=True, eq=False)
class Forest:
    """The molecules of a batch as trees rooted in their first three atoms.

    Parameters
    ----------
    sizes : ndarray, shape=(M,), dtype=int64
        Atoms of each molecule.
    parents : ndarray, shape=(N,), dtype=int64
        The focal atom of each atom, as an index into all atoms; each of the first three of a molecule is its own.
    closures : ndarray, shape=(C, 2), dtype=int64
        Other bonds to earlier atoms, as (earlier, later) indices into all atoms.
    """

    sizes: Ints
    parents: Ints
    closures: Ints

    @classmethod
    def of_bonds(cls, sizes: Ints, bonds: Sequence[Ints]) -> Forest:
        """Build it from the bonds [E, 2] of each molecule, the lower index first; the largest earlier atom is focal."""
        starts = np.cumsum(sizes) - sizes
        counts = [len(pairs) for pairs in bonds]
        pairs = np.concatenate(bonds) if bonds else np.zeros((0, 2), dtype=np.int64)
        earlier, later = (pairs + np.repeat(starts, counts)[:, None]).T
        first = np.repeat(starts, sizes)
        parents = first.copy()
        np.maximum.at(parents, later, earlier)
        index = np.arange(len(first))
        roots = index - first < _NUM_ROOTS
        parents[roots] = index[roots]
        closing = (earlier != parents[later]) & ~roots[later]
        return cls(sizes, parents, np.stack((earlier[closing], later[closing]), axis=1))

    @cached_property
    def starts(self) -> Ints:
        """The first atom of each molecule, ``int64 [M]``."""
        return np.asarray(np.cumsum(self.sizes) - self.sizes)

    @cached_property
    def depths(self) -> Ints:
        """The level at which each atom can be placed, 0 for the first three of a molecule, ``int64 [N]``."""
        depths: Ints = (self.parents != np.arange(len(self.parents))).astype(np.int64)
        jump = self.parents
        while (further := depths[jump]).any():
            depths += further
            jump = jump[jump]
        earlier, later = self.closures.T
        # in the order of a depth-first walk, as SMILES is, rings close on ancestors; in other orders atoms must wait
        if (depths[earlier] >= depths[later]).any():
            inner = np.flatnonzero(depths)
            before = np.concatenate((earlier, self.parents[inner]))
            after = np.concatenate((later, inner))
            while (depths[before] >= depths[after]).any():
                np.maximum.at(depths, after, depths[before] + 1)
        return depths

    @cached_property
    def levels(self) -> tuple[Ints, list[tuple[int, int, int]]]:
        """All atoms by level, inner ones before leaves; and per level its begin, end of inner atoms, and end.

        The levels begin after the first three atoms of the molecules.
        """
        leaf = np.ones(len(self.parents), dtype=np.int64)
        leaf[self.parents] = 0
        key = 2 * self.depths + leaf
        order = np.argsort(key, kind="stable")
        bounds = np.searchsorted(key[order], np.arange(2, key.max(initial=1) + 3)).tolist()
        return order, list(zip(bounds[0:-1:2], bounds[1::2], bounds[2::2], strict=False))


def place(forest: Forest, codes: Ints, table: Array) -> Array:
    """Return the positions that codes decode to.

    Parameters
    ----------
    forest : Forest
    codes : ndarray, shape=(N,), dtype=int64
    table : ndarray, shape=(K, 4), dtype=float64
        (r, theta, abs phi, sign) of every code.

    Returns
    -------
    positions : ndarray, shape=(N, 3), dtype=float64
        In Angstrom: atom 0 of each molecule at the origin, atom 1 on the x axis, atom 2 in the upper half of the xy
        plane.
    """
    order, levels = forest.levels
    points = local_points(table)
    sorted_codes = codes[order]
    local = points[sorted_codes][:, None]
    turns = _turns(points)[sorted_codes]
    walk = _Walk(forest, order, _first_atoms(forest, codes, table))
    for begin, inner, end in levels:
        origin, frames = walk.focal(begin, end)
        walk.positions[begin:end] = origin + (local[begin:end] @ frames)[:, 0]
        walk.frames[begin:inner] = turns[begin:inner] @ frames[: inner - begin]
    return walk.in_molecules()


def choose_codes(
    forest: Forest, true: Array, codes: Ints, table: Array, allowed: NDArray[np.bool_], bond_weight: float
) -> tuple[Ints, Array]:
    """Choose every atom's code against the frame rebuilt from the codes already chosen, so that errors do not add
    up.

    The cost of a code is the squared distance to where the atom should be, and the squared errors of the lengths of its
    bonds to earlier atoms. For an atom that closes no ring it is linear in four numbers of the atom, so all codes are
    compared in one small matrix product.

    Parameters
    ----------
    forest : Forest
    true : ndarray, shape=(N, 3), dtype=float64
        True positions in Angstrom.
    codes : ndarray, shape=(N,), dtype=int64
        Codes of the first three atoms of each molecule, which are kept; the rest is ignored.
    table : ndarray, shape=(K, 4), dtype=float64
        (r, theta, abs phi, sign) of every code, in Angstrom and radian.
    allowed : ndarray, shape=(K,), dtype=bool
        Codes that may be chosen.
    bond_weight : float
        The weight of a squared error in a bond length relative to one in position.

    Returns
    -------
    codes : ndarray, shape=(N,), dtype=int64
    positions : ndarray, shape=(N, 3), dtype=float64
        What the codes decode to, in Angstrom.
    """
    order, levels = forest.levels
    usable = np.flatnonzero(allowed)
    points = local_points(table)[usable]
    turns = _turns(points)
    lengths = np.sqrt((points * points).sum(axis=1))
    half_squares = 0.5 * (1.0 + bond_weight) * lengths * lengths
    search = np.ascontiguousarray(np.column_stack((-points, -bond_weight * lengths)).T)
    targets = superimpose_start(true, forest.sizes)
    bonds = targets - targets[forest.parents]
    true_lengths = np.sqrt((bonds * bonds).sum(axis=1))[order]
    closures = _Closures.of_forest(forest, order, targets)
    goals = targets[order]
    chosen = codes[order]
    walk = _Walk(forest, order, _first_atoms(forest, codes, table))
    for begin, inner, end in levels:
        origin, frames = walk.focal(begin, end)
        features = np.empty((end - begin, 4))
        features[:, :3] = (frames @ (goals[begin:end] - origin)[..., None])[..., 0]
        features[:, 3] = true_lengths[begin:end]
        cost = features @ search
        cost += half_squares
        closures.add_costs(cost, begin, end, walk, points, bond_weight)
        best = cost.argmin(axis=1)
        chosen[begin:end] = usable[best]
        walk.positions[begin:end] = origin + (points[best][:, None] @ frames)[:, 0]
        walk.frames[begin:inner] = turns[best[: inner - begin]] @ frames[: inner - begin]
    return chosen[walk.rank], walk.in_molecules()


def superimpose_start(positions: Array, sizes: Ints) -> Array:
    """Turn molecules so that atom 0 is at the origin, atom 1 on the x axis and atom 2 in the xy plane.

    Where the first three atoms are linear, the first later atom off their line takes the place of atom 2, so
    that the result does not depend on the orientation of the input.

    Parameters
    ----------
    positions : ndarray, shape=(N, 3), dtype=float64
        In Angstrom, molecule after molecule.
    sizes : ndarray, shape=(M,), dtype=int64
        Atoms of each molecule.
    """
    starts = np.cumsum(sizes) - sizes
    molecule = np.repeat(np.arange(len(sizes)), sizes)
    moved = positions - positions[starts][molecule]
    x = moved[starts + np.minimum(1, sizes - 1)]
    x = x / np.maximum(np.sqrt((x * x).sum(axis=1)), 1e-12)[:, None]
    along = x[molecule]
    rest = moved - (moved * along).sum(axis=1)[:, None] * along
    off_line = np.sqrt((rest * rest).sum(axis=1))
    chosen = np.minimum.reduceat(np.where(off_line > _OFF_LINE, np.arange(len(moved)), len(moved)), starts)
    for straight in np.flatnonzero(chosen == len(moved)):
        start = starts[straight]
        chosen[straight] = start + np.argmax(off_line[start : start + sizes[straight]])
    off = off_line[chosen]
    linear = off <= LINEAR_LIMIT
    y = rest[chosen] / np.where(linear, 1.0, off)[:, None]
    if linear.any():
        y[linear] = perpendicular(x[linear])
    axes = np.stack((x, y, np.cross(x, y)), axis=1)
    return np.asarray((axes[molecule] @ moved[..., None])[..., 0])


def frame_coordinates(points: Array, focal: Array, first: Array, second: Array) -> Array:
    """Return points [N, 3] as coordinates in the frames on their reference atoms [N, 3]."""
    offset = points - focal
    return np.stack([(axis * offset).sum(axis=1) for axis in local_frames(focal, first, second)], axis=1)


class _Walk:
    """Positions and frames of atoms sorted by level, filled in from the first three atoms of each molecule on.

    Parameters
    ----------
    forest : Forest
    order : ndarray, shape=(N,), dtype=int64
        All atoms by level.
    first : ndarray, shape=(N, 3), dtype=float64
        Positions of the first three atoms of each molecule, in the order of the molecules.
    """

    def __init__(self, forest: Forest, order: Ints, first: Array) -> None:
        self.rank = _inverse(order)
        self.parents = self.rank[forest.parents[order]]
        self.positions = first[order]
        self.frames = np.empty((len(order), 3, 3))
        for root, (one, two) in enumerate(((1, 2), (0, 2), (1, 0))):
            start = forest.starts[forest.sizes > _NUM_ROOTS]
            axes = local_frames(first[start + root], first[start + one], first[start + two])
            self.frames[self.rank[start + root]] = np.stack(axes, axis=1)

    def focal(self, begin: int, end: int) -> tuple[Array, Array]:
        """Return the positions [n, 3] and frames [n, 3, 3] (rows u, v, w) of the focal atoms of a level."""
        parents = self.parents[begin:end]
        return self.positions[parents], self.frames[parents]

    def in_molecules(self) -> Array:
        """Return the positions [N, 3] in the order of the molecules."""
        return self.positions[self.rank]


@dataclass(frozen=True, eq=False)
class _Closures:
    """Ring-closing bonds sorted by the rank of their later atom: ranks of both ends, and true lengths."""

    earlier: Ints
    later: Ints
    lengths: Array

    @classmethod
    def of_forest(cls, forest: Forest, order: Ints, targets: Array) -> _Closures:
        rank = _inverse(order)
        begin, end = forest.closures.T
        bonds = targets[begin] - targets[end]
        by_later = np.argsort(rank[end], kind="stable")
        return cls(rank[begin][by_later], rank[end][by_later], np.sqrt((bonds * bonds).sum(axis=1))[by_later])

    def add_costs(self, cost: Array, begin: int, end: int, walk: _Walk, points: Array, weight: float) -> None:
        """Add to cost [n, K] of a level half the weighted squared errors of the lengths of ring-closing bonds."""
        first, last = np.searchsorted(self.later, (begin, end))
        later, earlier = self.later[first:last], self.earlier[first:last]
        if not len(later) or weight <= 0.0:
            return
        parents = walk.parents[later]
        offset = walk.positions[earlier] - walk.positions[parents]
        local_ends = (walk.frames[parents] @ offset[..., None])[..., 0]
        square = local_ends @ (-2.0 * points.T)
        square += (points * points).sum(axis=1)
        square += (local_ends * local_ends).sum(axis=1)[:, None]
        error = np.sqrt(np.maximum(square, 0.0, out=square), out=square)
        error -= self.lengths[first:last, None]
        error *= error
        error *= 0.5 * weight
        np.add.at(cost, later - begin, error)


def _inverse(order: Ints) -> Ints:
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank


def _turns(points: Array) -> Array:
    """Return the axes [K, 3, 3] of the frame on an atom placed at each point, in the frame it was placed in.

    The focal atom is the point itself, its own focal atom the origin, and the third reference lies on the x axis.
    """
    axes = local_frames(points, np.zeros_like(points), np.broadcast_to(_X_AXIS, points.shape))
    return np.stack(axes, axis=1)


def _first_atoms(forest: Forest, codes: Ints, table: Array) -> Array:
    """Return an array [N, 3] that holds the positions of the first three atoms of each molecule."""
    positions = np.zeros((len(codes), 3))
    second = forest.starts[forest.sizes > 1] + 1
    positions[second, 0] = table[codes[second], 0]
    third = forest.starts[forest.sizes > 2] + 2
    r, phi = table[codes[third], 0], table[codes[third], 2]
    positions[third, 0] = r * np.cos(phi)
    positions[third, 1] = r * np.sin(phi)
    return positions
