"""The places that codes stand for: k-means in space, then Lloyd iterations in closed-loop frames."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.frames import Array, local_points
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule
from biomatrix.entities.molecule.structure.molstructok.closed_loop import batch_forest, batch_references
from biomatrix.entities.molecule.structure.molstructok.placement import (
    choose_codes,
    frame_coordinates,
    superimpose_start,
)
from biomatrix.progress import Progress

LOG = logging.getLogger(__name__)

_STARTING_CODES = 24
_SAMPLE = 60_000
_BATCH = 256


def initial_places(values: Array, num_codes: int, seed: int, rounds: int = 12) -> Array:
    """Return one descriptor per code: a few for the first three atoms of molecules, the rest for all others.

    Parameters
    ----------
    values : ndarray, shape=(N, 4), dtype=float64
        Descriptors (r, theta, abs phi, sign); sign 0 marks the first three atoms.
    num_codes : int
    seed : int
    rounds : int
        Iterations of k-means.

    Returns
    -------
    places : ndarray, shape=(num_codes, 4), dtype=float64
        Descriptors; those of the first three atoms, with sign 0, come first.
    """
    rng = np.random.default_rng(seed)
    starting, turning = values[values[:, 3] == 0.0], values[values[:, 3] != 0.0]
    few = min(_STARTING_CODES, num_codes // 8)
    first = _means(_sample(starting, rng)[:, :3] * (1.0, 0.1, 0.7), few, rounds, rng) / (1.0, 0.1, 0.7)
    points = _means(local_points(_sample(turning, rng)), num_codes - few, rounds, rng)
    return np.concatenate((np.column_stack((first, np.zeros(few))), descriptors_of(points)))


def descriptors_of(points: Array) -> Array:
    """Return (r, theta, abs phi, sign) [N, 4] of points in their frames [N, 3]; the sign is never 0."""
    r = np.sqrt((points * points).sum(axis=1))
    phi = np.arctan2(points[:, 1], points[:, 0])
    theta = np.arccos(np.clip(points[:, 2] / np.maximum(r, 1e-12), -1.0, 1.0))
    return np.stack((r, theta, np.abs(phi), np.where(phi < 0.0, -1.0, 1.0)), axis=1)


def refine_places(
    table: Array,
    molecules: Sequence[PreparedMolecule],
    *,
    starts: Sequence[NDArray[np.int16]],
    rounds: int,
    per_round: int,
    bond_weight: float,
    seed: int,
) -> Array:
    """Move each place to the mean of what closed-loop encoding assigns to it; return the new table.

    Parameters
    ----------
    table : ndarray, shape=(K, 4), dtype=float64
        (r, theta, abs phi, sign) in Angstrom and radian.
    molecules : sequence of PreparedMolecule
    starts : sequence of ndarray, dtype=int16
        Open-loop codes of each molecule; those of its first three atoms are kept.
    rounds, per_round : int
        How many rounds, and how many molecules per round.
    bond_weight : float
        The weight of a squared error in a bond length relative to one in position.
    seed : int
    """
    table = table.copy()
    progress = Progress("places", rounds, "rounds", every=0.0)
    for step in range(rounds):
        rng = np.random.default_rng((seed, step))
        drawn = rng.permutation(len(molecules))[:per_round]
        codes: list[NDArray[np.int64]] = []
        targets: list[Array] = []
        lengths: list[Array] = []
        for begin in range(0, len(drawn), _BATCH):
            part = drawn[begin : begin + _BATCH]
            chosen, local, true = _assignments(
                [molecules[k] for k in part], [starts[k] for k in part], table, bond_weight
            )
            codes.append(chosen)
            targets.append(local)
            lengths.append(true)
        table, dead, error = _move_places(
            table, np.concatenate(codes), np.concatenate(targets), np.concatenate(lengths), rng
        )
        LOG.info("round %d of %d: mean error %.4f Angstrom, %d places reset", step + 1, rounds, error, dead)
        progress.advance()
    return table


def _assignments(
    molecules: Sequence[PreparedMolecule],
    starts: Sequence[NDArray[np.int16]],
    table: Array,
    bond_weight: float,
) -> tuple[NDArray[np.int64], Array, Array]:
    """Return the code of each atom from the fourth on, its target in the rebuilt frame, and its true bond length."""
    forest, positions = batch_forest(molecules)
    start = np.concatenate(starts).astype(np.int64)
    usable = (table[:, 3] != 0.0) & (table[:, 0] > 0.0)
    codes, rebuilt = choose_codes(forest, positions, start, table, usable, bond_weight)
    targets = superimpose_start(positions, forest.sizes)
    _, references, first_atoms = batch_references(molecules)
    later = np.flatnonzero(references[:, 0] >= 0)
    focal, first, second = (rebuilt[references[later, column] + first_atoms[later]] for column in range(3))
    local = frame_coordinates(targets[later], focal, first, second)
    bonds = targets[later] - targets[forest.parents[later]]
    return codes[later], local, np.sqrt((bonds * bonds).sum(axis=1))


def _move_places(
    table: Array, codes: NDArray[np.int64], targets: Array, lengths: Array, rng: np.random.Generator
) -> tuple[Array, int, float]:
    count = len(table)
    points = local_points(table)
    uses = np.bincount(codes, minlength=count)
    errors = ((points[codes] - targets) ** 2).sum(axis=1)
    # direction and length are averaged separately: the mean of points on a sphere lies inside it
    unit = targets / np.maximum(np.sqrt((targets * targets).sum(axis=1)), 1e-9)[:, None]
    direction = np.stack([np.bincount(codes, unit[:, axis], count) for axis in range(3)], axis=1)
    norm = np.sqrt((direction * direction).sum(axis=1))
    length = np.bincount(codes, lengths, count) / np.maximum(uses, 1)
    moved = table.copy()
    alive = (uses >= 3) & (norm > 1e-6)
    moved[alive] = descriptors_of(direction[alive] / norm[alive, None] * length[alive, None])
    dead = np.flatnonzero((uses < 3) & (table[:, 3] != 0.0))
    if len(dead):
        chosen = rng.choice(len(codes), size=len(dead), p=errors / errors.sum())
        moved[dead] = descriptors_of(unit[chosen] * lengths[chosen, None])
    return moved, len(dead), float(np.sqrt(errors).mean())


def _sample(values: Array, rng: np.random.Generator) -> Array:
    return values[rng.choice(len(values), size=min(_SAMPLE, len(values)), replace=False)]


def _means(points: Array, count: int, rounds: int, rng: np.random.Generator) -> Array:
    """Return the centres of k-means; an empty cluster restarts at the point furthest from its centre."""
    centres = points[rng.choice(len(points), size=count, replace=len(points) < count)].copy()
    for _ in range(rounds):
        nearest = np.empty(len(points), dtype=np.int64)
        gap = np.empty(len(points))
        half_norms = 0.5 * (centres * centres).sum(axis=1)
        for begin in range(0, len(points), 8192):
            distance = half_norms - points[begin : begin + 8192] @ centres.T
            nearest[begin : begin + 8192] = best = distance.argmin(axis=1)
            gap[begin : begin + 8192] = distance[np.arange(len(best)), best]
        gap += 0.5 * (points * points).sum(axis=1)
        uses = np.bincount(nearest, minlength=count)
        sums = np.stack([np.bincount(nearest, points[:, axis], count) for axis in range(points.shape[1])], axis=1)
        centres = np.where((uses > 0)[:, None], sums / np.maximum(uses, 1)[:, None], centres)
        empty = np.flatnonzero(uses == 0)
        centres[empty] = points[np.argsort(-gap)[: len(empty)]]
    return centres
