"""Atoms placed level by level, and codes chosen on the way, are what a plain walk gives."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.frames import local_frames, local_points
from biomatrix.entities.molecule.structure.graph import reference_atoms
from biomatrix.entities.molecule.structure.molstructok.nearest import NearestCode, run_layers
from biomatrix.entities.molecule.structure.molstructok.placement import Forest, choose_codes, place, superimpose_start

Bonds = NDArray[np.int64]


def random_tree(size: int, rng: np.random.Generator, closures: int = 0) -> Bonds:
    """Return bonds (earlier, later) of a tree whose atoms come in any order, and a few more between any atoms."""
    pairs = {(int(rng.integers(max(child - 4, 0), child)), child) for child in range(1, size)}
    for _ in range(closures):
        a, b = sorted(rng.choice(size, size=2, replace=False).tolist())
        pairs.add((a, b))
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)


def random_table(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    angles = rng.uniform(0.3, 2.8, size=(count, 2))
    return np.column_stack((rng.uniform(0.9, 1.9, count), angles, rng.choice((-1.0, 1.0), count)))


def plain_walk(
    bonds: Bonds, codes: NDArray[np.int64], table: NDArray[np.float64], first: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Place one molecule atom by atom, in the frames of its reference atoms."""
    positions = first.copy()
    references = reference_atoms([len(codes)], [bonds])
    for atom in range(3, len(codes)):
        a, b, c = (positions[[k]] for k in references[atom])
        axes = np.stack(local_frames(a, b, c), axis=1)[0]
        positions[atom] = a[0] + local_points(table)[codes[atom]] @ axes
    return positions


@pytest.mark.parametrize("seed", range(12))
def test_levels_place_what_a_plain_walk_places(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = random_table(50, rng)
    sizes = np.array([1, 2, 3, 4, 30, 17])
    bonds = [random_tree(int(size), rng, closures=2 if size > 4 else 0) for size in sizes]
    codes = rng.integers(50, size=int(sizes.sum()))
    forest = Forest.of_bonds(sizes, bonds)
    together = np.split(place(forest, codes, table), np.cumsum(sizes)[:-1])
    for size, pairs, part, got in zip(sizes, bonds, np.split(codes, np.cumsum(sizes)[:-1]), together, strict=True):
        alone = place(Forest.of_bonds(np.array([size]), [pairs]), part, table)
        np.testing.assert_array_equal(alone, got)
        first = np.zeros((size, 3))
        first[:3] = got[:3]
        np.testing.assert_allclose(got, plain_walk(pairs, part, table, first), atol=1e-10)


@pytest.mark.parametrize("seed", range(12))
def test_chosen_codes_are_the_cheapest(seed: int) -> None:
    """Every choice has the least cost of all codes in the frame that the choices before it made."""
    rng = np.random.default_rng(seed)
    weight, size = 4.0, 25
    table = random_table(60, rng)
    allowed = rng.random(60) < 0.8
    bonds = random_tree(size, rng, closures=5)
    true = place(Forest.of_bonds(np.array([size]), [bonds]), rng.integers(60, size=size), table)
    true += rng.normal(scale=0.1, size=true.shape)
    start = rng.integers(60, size=size)
    codes, positions = choose_codes(Forest.of_bonds(np.array([size]), [bonds]), true, start, table, allowed, weight)
    assert codes[:3].tolist() == start[:3].tolist()
    assert allowed[codes[3:]].all()
    np.testing.assert_allclose(plain_walk(bonds, codes, table, positions), positions, atol=1e-9)
    wanted = superimpose_start(true, np.array([size]))
    references = reference_atoms([size], [bonds])
    for atom in range(3, size):
        a, b, c = (positions[[k]] for k in references[atom])
        places = a + local_points(table) @ np.stack(local_frames(a, b, c), axis=1)[0]
        cost = ((places - wanted[atom]) ** 2).sum(axis=1)
        for other in bonds[bonds[:, 1] == atom, 0]:
            length = np.linalg.norm(wanted[atom] - wanted[other])
            cost += weight * (np.linalg.norm(places - positions[other], axis=1) - length) ** 2
        assert cost[codes[atom]] <= cost[allowed].min() + 1e-9


def test_molecules_are_turned_alike_wherever_they_lie() -> None:
    rng = np.random.default_rng(0)
    sizes = np.array([6, 1, 2, 9])
    positions = rng.normal(size=(int(sizes.sum()), 3))
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    before, after = (superimpose_start(p, sizes) for p in (positions, positions @ turn.T + 5.0))
    np.testing.assert_allclose(before, after, atol=1e-9)


def test_single_precision_decides_nothing_that_double_would_not() -> None:
    rng = np.random.default_rng(0)
    layers = [(rng.normal(size=(16, 4)), rng.normal(size=16)), (rng.normal(size=(8, 16)), rng.normal(size=8))]
    rows = rng.normal(scale=3.0, size=(40, 8))
    rows = np.concatenate((rows, rows[::-1], rows[:20] + 1e-9, np.zeros((5, 8))))
    values = rng.normal(size=(3000, 4)).astype(np.float32)
    latents = run_layers(layers, values.astype(np.float64))
    exact = (((latents[:, None] - rows) ** 2).sum(axis=2)).argmin(axis=1)
    gap = np.sort(((latents[:, None] - rows[:40]) ** 2).sum(axis=2), axis=1)
    nearest = NearestCode(layers, rows)
    found = nearest(values)
    clear = gap[:, 1] - gap[:, 0] > 1e-6
    distance = ((latents - rows[found]) ** 2).sum(axis=1) - ((latents - rows[exact]) ** 2).sum(axis=1)
    assert np.abs(distance[clear]).max() < 1e-6
    np.testing.assert_array_equal(np.concatenate([nearest(values[k : k + 7]) for k in range(0, 3000, 7)]), found)
    assert nearest(np.full((2, 4), np.nan, dtype=np.float32)).tolist() == [0, 0]
