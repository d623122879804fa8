"""What conformers show: mirror images swap every centre, moves swap none, drawings show nothing."""

from __future__ import annotations

import pytest
from rdkit import Chem

from biomatrix.entities import Molecule
from biomatrix.entities.molecule.examples import bundled_component
from biomatrix.metrics.conformer_rmsd import conformer_rmsd
from biomatrix.metrics.stereochemistry import (
    canonical_smiles,
    labels_kept,
    shown_centres,
    shown_double_bonds,
    shown_smiles,
)


def scaled(molecule: Molecule, *axes: float) -> Chem.Mol:
    assert molecule.coordinates is not None
    return molecule.with_coordinates(molecule.coordinates * axes + 3.0).mol


@pytest.mark.parametrize("code", ["GLC", "ATP", "TRP"])
def test_a_mirror_image_swaps_centres_and_a_turn_does_not(code: str) -> None:
    molecule = bundled_component(code)
    centres = shown_centres(molecule.mol)
    assert centres
    assert all(labels_kept(centres, shown_centres(scaled(molecule, -1, -1, 1))))
    assert not any(labels_kept(centres, shown_centres(scaled(molecule, -1, 1, 1))))
    assert shown_smiles(scaled(molecule, -1, -1, 1)) == shown_smiles(molecule.mol)
    assert shown_smiles(scaled(molecule, -1, 1, 1)) != shown_smiles(molecule.mol)
    assert conformer_rmsd(molecule.mol, scaled(molecule, -1, -1, 1)) == pytest.approx(0.0, abs=1e-4)


def test_double_bonds_are_read_from_the_conformer() -> None:
    (label,) = shown_double_bonds(Molecule.from_smiles("C/C=C/C").embed(seed=0).mol).values()
    (other,) = shown_double_bonds(Molecule.from_smiles("C/C=C\\C").embed(seed=0).mol).values()
    assert (label, other) == ("STEREOE", "STEREOZ")


def test_marks_and_isotopes_are_written_when_asked_for() -> None:
    mol = Chem.MolFromSmiles("[13CH3][C@H](N)C(=O)O")
    written = {(s, i): canonical_smiles(mol, stereo=s, isotopes=i) for s in (False, True) for i in (False, True)}
    assert len(set(written.values())) == 4
    assert written[False, False] == "CC(N)C(=O)O"


def test_other_atoms_have_no_rmsd() -> None:
    first, second = (Molecule.from_smiles(smiles).embed(seed=0).mol for smiles in ("CCO", "CCN"))
    assert conformer_rmsd(first, second) is None
