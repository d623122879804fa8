"""Figures of a conformer: right on shapes known by construction, and worse once it is distorted."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from rdkit import Chem

from biomatrix.entities import Molecule
from biomatrix.metrics.conformers import (
    BOND_TYPES,
    bond_angles,
    bond_lengths,
    count_clashes,
    out_of_plane,
    ring_closing_errors,
    strain,
)

SMILES = "CCOc1ccccc1C(=O)N"


@pytest.fixture(scope="module")
def mol() -> Chem.Mol:
    return Molecule.from_smiles(SMILES).embed(seed=0).mol


def flat_benzene(radius: float = 1.39) -> Chem.Mol:
    angles = np.arange(6) * np.pi / 3
    ring = np.column_stack((np.cos(angles), np.sin(angles), np.zeros(6))) * radius
    return Molecule.from_smiles("c1ccccc1").with_coordinates(ring).mol


def moved(mol: Chem.Mol, positions: NDArray[np.float64]) -> Chem.Mol:
    return Molecule(mol).with_coordinates(positions).mol


def test_a_flat_ring_is_flat_and_a_lifted_atom_shows() -> None:
    mol = flat_benzene()
    assert out_of_plane(mol) == pytest.approx([0.0], abs=1e-9)
    lifted = mol.GetConformer().GetPositions()
    lifted[::2, 2] += 0.1
    lifted[1::2, 2] -= 0.1
    assert out_of_plane(moved(mol, lifted)) == pytest.approx([0.1])


def test_a_hexagon_has_its_lengths_and_angles() -> None:
    mol = flat_benzene(1.39)
    lengths = bond_lengths([mol, mol])[BOND_TYPES["C-C aromatic"]]
    assert lengths == pytest.approx(np.full(12, 1.39))
    assert bond_angles([mol])["C sp2"] == pytest.approx(np.full(6, 120.0))


def test_the_one_bond_that_closes_a_ring_is_found() -> None:
    mol = flat_benzene(1.39)
    reference = {BOND_TYPES["C-C aromatic"]: 1.40}
    assert ring_closing_errors(mol, reference) == pytest.approx([0.01])
    assert ring_closing_errors(mol, {}) == []
    assert ring_closing_errors(Molecule.from_smiles("CCO").embed().mol, reference) == []


def test_no_figure_depends_on_where_the_molecule_lies(mol: Chem.Mol) -> None:
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    other = moved(mol, mol.GetConformer().GetPositions() @ turn.T + 5.0)
    assert out_of_plane(other) == pytest.approx(out_of_plane(mol), abs=1e-6)
    for key, lengths in bond_lengths([mol]).items():
        assert bond_lengths([other])[key] == pytest.approx(lengths, abs=1e-6)
    for centre, angles in bond_angles([mol]).items():
        assert bond_angles([other])[centre] == pytest.approx(angles, abs=1e-4)


def test_a_relaxed_conformer_has_no_strain_and_no_clash(mol: Chem.Mol) -> None:
    relaxed = strain(mol)
    assert relaxed is not None
    assert relaxed < 0.2
    assert count_clashes(mol) == 0


def test_noise_strains_and_a_collapse_clashes(mol: Chem.Mol) -> None:
    noise = np.random.default_rng(0).normal(scale=0.05, size=(mol.GetNumAtoms(), 3))
    strained = strain(moved(mol, mol.GetConformer().GetPositions() + noise))
    assert strained is not None
    assert strained > 1.0
    assert count_clashes(moved(mol, mol.GetConformer().GetPositions() * 0.4)) > 10
