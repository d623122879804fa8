"""Backbones: bonds, angles, torsions and contacts of real chains and of chains known by construction."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.entities.protein.examples import bundled_protein
from biomatrix.metrics.backbone import IDEAL_LENGTHS, bond_angles, bond_lengths, ca_distances, close_pairs, torsions
from biomatrix.metrics.geometry import C_N_CA_ANGLE, CA_C_N_ANGLE, N_CA_C_ANGLE, RESIDUE_TEMPLATE, place_atom

Rotations = Callable[..., NDArray[np.float64]]
PHI, PSI, OMEGA = -57.0, -47.0, 180.0


@pytest.fixture(scope="module")
def helix() -> NDArray[np.float64]:
    """An ideal alpha helix of 20 residues."""
    atoms = list(RESIDUE_TEMPLATE)
    steps = (
        (IDEAL_LENGTHS["C-N"], CA_C_N_ANGLE, np.deg2rad(PSI)),
        (IDEAL_LENGTHS["N-CA"], C_N_CA_ANGLE, np.deg2rad(OMEGA)),
        (IDEAL_LENGTHS["CA-C"], N_CA_C_ANGLE, np.deg2rad(PHI)),
    )
    while len(atoms) < 60:
        for step in steps:
            atoms.append(place_atom(*atoms[-3:], *step))
    return np.array(atoms).reshape(20, 3, 3)


def test_a_helix_has_the_internal_coordinates_it_was_placed_by(helix: NDArray[np.float64]) -> None:
    for bond, lengths in bond_lengths(helix).items():
        assert lengths == pytest.approx(IDEAL_LENGTHS[bond])
    angles = bond_angles(helix)
    assert angles["CA-C-N"] == pytest.approx(np.degrees(CA_C_N_ANGLE))
    assert angles["N-CA-C"][1:] == pytest.approx(np.degrees(N_CA_C_ANGLE))
    turns = torsions(helix, link_limit=2.5)
    assert turns.phi[1:] == pytest.approx(PHI)
    assert turns.psi[:-1] == pytest.approx(PSI)
    assert np.abs(turns.omega) == pytest.approx(OMEGA)
    assert np.isnan([turns.phi[0], turns.psi[-1]]).all()
    assert turns.linked.all()


def test_figures_do_not_change_when_a_chain_is_moved(random_rotations: Rotations) -> None:
    backbone = np.asarray(bundled_protein().backbone, dtype=np.float64)
    moved = backbone @ random_rotations(np.random.default_rng(0)).T + 30.0
    for measure in (bond_lengths, bond_angles):
        before, after = measure(backbone), measure(moved)
        assert all(np.allclose(before[name], after[name], equal_nan=True, atol=1e-6) for name in before)
    assert np.allclose(torsions(backbone).phi, torsions(moved).phi, equal_nan=True, atol=1e-6)


def test_a_missing_residue_is_missing_in_what_touches_it(helix: NDArray[np.float64]) -> None:
    gap = helix.copy()
    gap[7] = np.nan
    assert np.flatnonzero(np.isnan(bond_lengths(gap)["N-CA"])).tolist() == [7]
    assert np.flatnonzero(np.isnan(ca_distances(gap))).tolist() == [6, 7]
    assert not torsions(gap, link_limit=2.5).linked[[6, 7]].any()
    assert not np.isin(7, close_pairs(gap[:, 1], 8.0, separation=1))


@pytest.mark.parametrize("radius", [3.0, 7.0])
def test_close_pairs_are_those_a_search_of_all_pairs_finds(radius: float) -> None:
    points = np.random.default_rng(1).normal(size=(80, 3)) * 6
    distance = np.linalg.norm(points[:, None] - points, axis=-1)
    first, second = np.triu_indices(80, k=3)
    near = distance[first, second] <= radius
    expected = set(zip(first[near].tolist(), second[near].tolist(), strict=True))
    assert {(a, b) for a, b in close_pairs(points, radius, separation=3).tolist()} == expected
    assert close_pairs(points[:1], radius, separation=3).shape == (0, 2)
