"""Pairs of atoms and planes: what a search of all pairs gives, within RDKit's own bounds."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.entities import Molecule
from biomatrix.metrics.atom_pairs import AtomPairs, distance_bounds
from biomatrix.metrics.planes import aromatic_rings, carbon_double_bonds, plane_deviations
from biomatrix.metrics.sequences import sequence_identity


@pytest.mark.parametrize("smiles", ["CCO", "c1ccccc1C=C", "[Na+].[Cl-]"])
def test_pairs_are_all_pairs_once(smiles: str) -> None:
    mol = Molecule.from_smiles(smiles).embed(seed=0).mol
    positions = mol.GetConformer().GetPositions()
    pairs = AtomPairs.of(mol, positions)
    count = mol.GetNumAtoms()
    assert len(pairs.distance) == count * (count - 1) // 2
    assert (pairs.first < pairs.second).all()
    assert (pairs.bonds_apart == 1).sum() == mol.GetNumBonds()
    lowest, highest = distance_bounds(mol, pairs)
    assert (lowest <= highest).all()
    bonded = pairs.bonds_apart == 1
    assert np.abs(pairs.distance - (lowest + highest) / 2)[bonded].max(initial=0.0) < 0.1


def test_points_of_a_plane_have_no_deviation_and_a_lifted_one_has() -> None:
    rng = np.random.default_rng(0)
    flat = np.column_stack((rng.normal(size=(6, 2)), np.zeros(6)))
    assert np.abs(plane_deviations(flat)).max() < 1e-12
    flat[0, 2] = 1.0
    deviations = plane_deviations(flat + 7.0)
    assert np.abs(deviations).max() > 0.1
    assert deviations.sum() == pytest.approx(0.0, abs=1e-9)


def test_rings_and_double_bonds_that_should_be_flat() -> None:
    mol = Molecule.from_smiles("CC(C)=C(C)c1ccccc1").mol
    assert [len(ring) for ring in aromatic_rings(mol)] == [6]
    assert [len(group) for group in carbon_double_bonds(mol)] == [6]
    assert not carbon_double_bonds(Molecule.from_smiles("C=CC=O").mol)


def test_sequence_identity_counts_places() -> None:
    assert sequence_identity("MKTA", "MKTA") == 1.0
    assert np.isnan(sequence_identity("MK", "M"))
    assert np.isnan(sequence_identity("", ""))
