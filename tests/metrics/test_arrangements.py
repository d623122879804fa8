"""Squares, bipyramids and octahedra of ligands: one string for one arrangement, whatever the order of the atoms."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.entities import Molecule

SQUARE = [[2, 0, 0], [0, 2, 0], [-2, 0, 0], [0, -2, 0]]
OCTAHEDRON = [*SQUARE, [0, 0, 2], [0, 0, -2]]
BIPYRAMID = [[0, 0, 2], [0, 0, -2], [2, 0, 0], [-1, 1.7, 0], [-1, -1.7, 0]]
F, CL, BR, IODINE = 9, 17, 35, 53


def strings(centre: int, ligands: list[int], places: list[list[float]], charge: int = 0) -> set[str]:
    """Return the SMILES of a complex over 12 orders of its atoms, each turned another way."""
    found = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(ligands))
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        turn *= np.sign(np.linalg.det(turn))
        xyz = np.vstack([np.zeros((1, 3)), np.asarray(places, dtype=float)[order]]) @ turn.T
        numbers = [centre, *np.asarray(ligands)[order]]
        bonds = [[0, index, 1] for index in range(1, len(numbers))]
        found.add(Molecule.from_arrays(numbers, xyz, bonds, [charge, *[0] * len(ligands)]).smiles)
    return found


@pytest.mark.parametrize(
    ("centre", "places", "charge", "isomers"),
    [
        (78, SQUARE, -2, [[F, F, CL, CL], [F, CL, F, CL]]),
        (16, OCTAHEDRON, 0, [[CL, CL, F, F, F, F], [CL, F, CL, F, F, F]]),
        (27, OCTAHEDRON, -3, [[CL, CL, CL, F, F, F], [CL, CL, F, F, CL, F]]),
        (24, OCTAHEDRON, -3, [[F, CL, BR, IODINE, F, CL], [F, CL, BR, IODINE, CL, F]]),
        (15, BIPYRAMID, 0, [[CL, F, F, F, F], [F, F, CL, F, F]]),
        (15, BIPYRAMID, 0, [[CL, CL, F, F, F], [F, F, CL, CL, F], [CL, F, CL, F, F]]),
    ],
)
def test_each_isomer_has_one_string_of_its_own(
    centre: int, places: list[list[float]], charge: int, isomers: list[list[int]]
) -> None:
    written = [strings(centre, ligands, places, charge) for ligands in isomers]
    assert all(len(found) == 1 and "@" in next(iter(found)) for found in written)
    assert len(set.union(*written)) == len(isomers)
    for (text,) in written:
        assert Molecule.from_smiles(text).smiles == text


@pytest.mark.parametrize(
    ("centre", "ligands", "places", "charge"),
    [
        (54, [F] * 4, SQUARE, 0),
        (16, [F] * 6, OCTAHEDRON, 0),
        (15, [F] * 6, OCTAHEDRON, -1),
        (51, [F] * 6, OCTAHEDRON, -1),
        (33, [F] * 6, OCTAHEDRON, -1),
        (14, [F] * 6, OCTAHEDRON, -2),
        (16, [*[F] * 5, CL], OCTAHEDRON, 0),
        (15, [CL] * 5, BIPYRAMID, 0),
        (16, [F] * 4, BIPYRAMID[:4], 0),
        (5, [F] * 4, [[1, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]], -1),
    ],
)
def test_one_arrangement_has_no_mark(centre: int, ligands: list[int], places: list[list[float]], charge: int) -> None:
    (text,) = strings(centre, ligands, places, charge)
    assert "@" not in text


def test_mirror_images_have_two_strings() -> None:
    ligands = [F, CL, BR, IODINE, 7, 8]
    mirrored = [[-x, y, z] for x, y, z in OCTAHEDRON]
    first, second = strings(24, ligands, OCTAHEDRON, -4), strings(24, ligands, mirrored, -4)
    assert len(first) == len(second) == 1
    assert first != second
