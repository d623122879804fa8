"""What one molecule loses in each modality, and that every written line says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rdkit import Chem

from biomatrix.conversion import encode_to_lines
from biomatrix.entities import Molecule, modality

TEXT = ("molecule_smiles", "molecule_selfies")
ALL = (*TEXT, "molecule_structure")
AXIAL = (
    "CC1=C(N2C=CC=C2[C@H](C)Cl)C(C)CCC1 |(2.679,0.4142,;1.3509,1.181,;0.0229,0.4141,;0.0229,-1.1195,;"
    "1.2645,-2.0302,;0.7901,-3.4813,;-0.7446,-3.4813,;-1.219,-2.0302,;-2.679,-1.5609,;-3.0039,-0.0556,;"
    "-3.8202,-2.595,;-1.3054,1.1809,;-2.6335,0.4141,;-1.3054,2.7145,;0.0229,3.4813,;1.3509,2.7146,),wU:2.11|"
)


def lines_of(source: Path, output: Path) -> dict[str, list[str]]:
    encode_to_lines(str(source), output)
    records = [json.loads(line) for line in output.read_text().splitlines()]
    return {record["modality"]: record["notes"] for record in records}


@pytest.mark.parametrize(("mark", "words"), [("&1", "racemic group was dropped"), ("o1", "relative centres")])
def test_groups_of_stereocentres_are_said_in_every_modality(mark: str, words: str) -> None:
    molecule = Molecule.from_smiles(f"C[C@H](O)[C@@H](C)N |{mark}:1,3|").embed(seed=0)
    for name in ALL:
        (loss,) = modality(name).losses(molecule)
        assert words in loss
        assert "atoms 2, 4" in loss


def test_axial_chirality_is_said_in_text() -> None:
    molecule = Molecule.from_smiles(AXIAL)
    assert any(bond.GetStereo() == Chem.BondStereo.STEREOATROPCW for bond in molecule.mol.GetBonds())
    for name in TEXT:
        assert modality(name).losses(molecule) == ("axial chirality was dropped (bond of atoms 3-12)",) or (
            "axial chirality" in modality(name).losses(molecule)[0]
        )


def test_axial_chirality_of_a_file_reaches_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "axial.sdf"
    path.write_text(Chem.MolToV3KMolBlock(Molecule.from_smiles(AXIAL).mol) + "$$$$\n")
    found = lines_of(path, tmp_path / "out.jsonl")
    assert set(found) == set(TEXT)
    assert all(any("axial chirality" in note for note in notes) for notes in found.values())


def test_isotopes_and_atom_maps_are_said_where_they_are_lost() -> None:
    molecule = Molecule.from_smiles("[13CH3][CH2:4]O").embed(seed=0)
    assert modality("molecule_smiles").losses(molecule) == ()
    assert modality("molecule_selfies").losses(molecule) == ("atom map numbers were dropped",)
    lost = modality("molecule_structure").losses(molecule)
    assert lost == ("isotope labels were dropped", "atom map numbers were dropped")


def test_an_ordinary_molecule_loses_nothing_worth_a_note() -> None:
    molecule = Molecule.from_smiles("C[C@H](N)C(=O)Oc1ccccc1").embed(seed=0)
    assert [modality(name).losses(molecule) for name in ALL] == [(), (), ()]


def test_every_line_of_a_racemate_says_so(tmp_path: Path) -> None:
    path = tmp_path / "racemate.sdf"
    mol = Molecule.from_smiles("C[C@H](F)O |&1:1|").embed(seed=0).mol
    path.write_text(Chem.MolToV3KMolBlock(mol) + "$$$$\n")
    found = lines_of(path, tmp_path / "out.jsonl")
    assert set(found) == set(ALL)
    assert all(any("racemic group" in note for note in notes) for notes in found.values())


def test_a_deuterated_molecule_says_so_in_its_line_of_codes(tmp_path: Path) -> None:
    path = tmp_path / "heavy.sdf"
    Molecule.from_smiles("[2H]C([2H])([2H])O").embed(seed=0).to_file(path)
    found = lines_of(path, tmp_path / "out.jsonl")
    assert found["molecule_structure"] == ["isotope labels were dropped"]
    assert found["molecule_smiles"] == []
