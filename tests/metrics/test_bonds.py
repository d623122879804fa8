"""Bonds: which close rings, what they join, how their lengths change."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem

from biomatrix.entities import Molecule
from biomatrix.entities.molecule.examples import bundled_component
from biomatrix.entities.molecule.structure.inputs import prepare
from biomatrix.metrics.bonds import bond_changes, bond_elements, bond_pairs, pair_distances, ring_closing

CODES = ("CFF", "AIN", "TRP", "GLC")


@pytest.mark.parametrize("code", CODES)
def test_ring_closing_bonds_are_as_many_as_rings(code: str) -> None:
    molecule = bundled_component(code)
    ordered = prepare(molecule)
    rings = molecule.mol.GetNumBonds() - molecule.num_atoms + 1
    assert ring_closing(ordered.graph.bonds, ordered.size).sum() == rings


def test_bond_types_put_carbon_first_and_hydrogen_last() -> None:
    molecule = Molecule.from_smiles("CS(=O)(=O)NCl").with_hydrogens()
    bonds = np.array([(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in molecule.mol.GetBonds()])
    assert set(bond_elements(molecule.mol, bonds)) == {"C-S", "O-S", "N-S", "Cl-N", "C-H", "N-H"}


def test_stretched_molecules_have_longer_bonds_and_turned_ones_the_same() -> None:
    mol = bundled_component("ATP").mol
    bonds, before = bond_pairs(mol), mol.GetConformer().GetPositions()
    assert bond_changes(bonds, before, 1.1 * before) == pytest.approx(0.1 * pair_distances(before, bonds))
    turned = before[:, [1, 2, 0]] + 5.0
    assert np.abs(bond_changes(bonds, before, turned)).max() < 1e-9


def test_a_single_atom_has_no_bonds() -> None:
    bonds = bond_pairs(Chem.MolFromSmiles("[Na+]"))
    assert bonds.shape == (0, 2)
    assert pair_distances(np.zeros((1, 3)), bonds).shape == (0,)
