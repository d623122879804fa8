"""Which token writes which residue or atom: every one is written, by a token that names it."""

from __future__ import annotations

import pytest

import biomatrix as bm
from biomatrix.entities.molecule.examples import bundled_ligand
from biomatrix.entities.protein.examples import bundled_protein

SMILES = ["CC(=O)Oc1ccccc1C(=O)[O-]", "C1CC2CCC1C2", "[2H]OC([2H])Cl", "C[C@H](N)C(=O)O.[Na+].[Cl-]", "[H][H]"]


@pytest.mark.parametrize("smiles", SMILES)
@pytest.mark.parametrize("name", ["molecule_smiles", "molecule_selfies"])
def test_every_atom_is_written_by_a_token_that_names_its_element(name: str, smiles: str) -> None:
    modality = bm.modality(name)
    tokens = modality.encode(bm.Molecule.from_smiles(smiles))
    decoded = modality.decode(tokens)
    assert isinstance(decoded, bm.Molecule)
    units = modality.units(tokens)
    assert len(units) == len(tokens)
    assert sorted(atom for written in units for atom in written) == list(range(decoded.num_atoms))
    for token, written in zip(tokens, units, strict=True):
        for atom in written:
            assert decoded.mol.GetAtomWithIdx(atom).GetSymbol().lower() in token.lower()


def test_hydrogens_that_a_reader_makes_implicit_are_no_atoms() -> None:
    assert bm.modality("molecule_smiles").units(["C([H])", "O"]) == [(0,), (1,)]
    assert bm.modality("molecule_selfies").units(["[H]", "[C]", "[O]"]) == [(), (0,), (1,)]


def test_pieces_that_cut_an_atom_in_two_both_write_it() -> None:
    assert bm.modality("molecule_smiles").units(["C", "[O", "-]", "(", "C"]) == [(0,), (1,), (1,), (), (2,)]


def test_atoms_in_3d_and_residues() -> None:
    modality = bm.modality("molecule_structure")
    tokens = modality.encode(bundled_ligand("1s3v"))
    decoded = modality.decode(tokens)
    assert isinstance(decoded, bm.Molecule)
    placed = [(token, atom) for token, atoms in zip(tokens, modality.units(tokens), strict=True) for atom in atoms]
    assert [atom for _, atom in placed] == list(range(decoded.num_atoms))
    assert all(decoded.mol.GetAtomWithIdx(atom).GetSymbol() in token for token, atom in placed)
    chain = bundled_protein("1s3v").first(30)
    for name in ("protein_sequence", "protein_structure"):
        assert bm.modality(name).units(bm.modality(name).encode(chain)) == [(place,) for place in range(30)]
