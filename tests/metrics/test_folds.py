"""Radius of gyration, helices, handedness at CA."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.metrics.folds import chiral_volumes, helix_counts, radius_of_gyration


def helix(residues: int, hand: int = 1) -> np.ndarray:
    """Return CA of an alpha helix: 100 degrees and 1.5 Angstrom a residue, radius 2.3."""
    turn = np.deg2rad(100.0) * np.arange(residues)
    return np.stack([2.3 * np.cos(turn), hand * 2.3 * np.sin(turn), 1.5 * np.arange(residues)], axis=1)


def test_the_radius_of_gyration_of_known_bodies() -> None:
    assert radius_of_gyration([[0, 0, 0], [2, 0, 0]]) == pytest.approx(1.0)
    ball = np.random.default_rng(0).normal(size=(20_000, 3))
    ball = ball / np.linalg.norm(ball, axis=1, keepdims=True) * np.random.default_rng(1).random((20_000, 1)) ** (1 / 3)
    assert radius_of_gyration(ball) == pytest.approx(np.sqrt(3 / 5), abs=0.01)
    assert radius_of_gyration([[np.nan] * 3, [0, 0, 0], [2, 0, 0]]) == pytest.approx(1.0)
    assert np.isnan(radius_of_gyration(np.full((2, 3), np.nan)))


def test_helices_are_told_by_their_hand() -> None:
    assert helix_counts(helix(12)) == (1, 0)
    assert helix_counts(helix(12, -1)) == (0, 1)
    assert helix_counts(helix(5)) == (0, 0)
    strand = np.stack([3.3 * np.arange(12), np.tile([0.0, 1.8], 6), np.zeros(12)], axis=1)
    assert helix_counts(strand) == (0, 0)


def test_an_unresolved_residue_parts_a_helix() -> None:
    parted = helix(20)
    parted[10] = np.nan
    assert helix_counts(parted) == (2, 0)


def test_chirality_turns_in_a_mirror() -> None:
    n, ca, c = np.array([[1.46, 0, 0]]), np.zeros((1, 3)), np.array([[-0.55, 1.42, 0]])
    cb = np.array([[-0.53, -0.78, -1.2]])
    left = chiral_volumes(n, ca, c, cb)
    np.testing.assert_allclose(chiral_volumes(*(each * [1, 1, -1] for each in (n, ca, c, cb))), -left)
    assert np.isnan(chiral_volumes(n, ca, c, np.full((1, 3), np.nan))[0])
