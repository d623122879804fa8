"""Frames and torsions: properties that hold for any points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.metrics.geometry import RESIDUE_TEMPLATE, angle, backbone_frames, dihedral, place_atom, unit

Rotations = Callable[..., NDArray[np.float64]]


@pytest.mark.parametrize("seed", range(3))
def test_placed_atoms_have_the_asked_internal_coordinates(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, c = rng.normal(size=(3, 50, 3)) * 3
    length, bend, torsion = rng.uniform(0.5, 3, 50), rng.uniform(0.2, 3, 50), rng.uniform(-3.1, 3.1, 50)
    d = place_atom(a, b, c, length, bend, torsion)
    assert np.allclose(np.linalg.norm(d - c, axis=1), length)
    assert np.allclose(angle(b, c, d), bend)
    assert np.allclose(dihedral(a, b, c, d), torsion)
    assert np.allclose(dihedral(*(point * [1, 1, -1] for point in (a, b, c, d))), -torsion)


def test_frames_are_rotations_that_turn_with_the_residue(random_rotations: Rotations) -> None:
    rng = np.random.default_rng(2)
    residues = rng.normal(size=(40, 3, 3))
    rotations, origins = backbone_frames(residues)
    assert np.allclose(np.linalg.det(rotations), 1.0)
    turn = random_rotations(rng)
    turned, moved = backbone_frames(residues @ turn.T + 5.0)
    assert np.allclose(turned, turn @ rotations)
    assert np.allclose(moved, origins @ turn.T + 5.0)
    assert np.allclose(backbone_frames(RESIDUE_TEMPLATE)[0], np.eye(3))
    assert np.isnan(backbone_frames(np.full((3, 3), np.nan))[0]).all()


def test_unit_vector_of_nothing_is_nan() -> None:
    assert np.isnan(unit([0.0, 0.0, 0.0])).all()
    assert np.allclose(unit([0.0, 3.0, 4.0]), [0.0, 0.6, 0.8])
