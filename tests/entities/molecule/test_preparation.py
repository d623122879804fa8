"""RDKit molecules in every state of preparation, and constructors given what they cannot take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import AllChem
from rdkit.rdBase import BlockLogs

from biomatrix.entities import Molecule
from biomatrix.errors import ParseError, UnsupportedError


def state(mol: Chem.Mol) -> tuple[object, ...]:
    return (
        [(str(atom.GetChiralTag()), atom.GetPropsAsDict().get("_CIPCode")) for atom in mol.GetAtoms()],
        [(str(bond.GetStereo()), list(bond.GetStereoAtoms()), str(bond.GetBondType())) for bond in mol.GetBonds()],
        [conformer.GetPositions().tolist() for conformer in mol.GetConformers()],
        [str(group.GetGroupType()) for group in mol.GetStereoGroups()],
    )


def with_conformers(smiles: str, count: int = 1) -> Chem.Mol:
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMultipleConfs(mol, count, randomSeed=1)
    return mol


def flat(smiles: str) -> Chem.Mol:
    mol = Chem.MolFromSmiles(smiles)
    AllChem.Compute2DCoords(mol)
    return mol


def open_bond() -> Chem.Mol:
    mol = Chem.MolFromSmiles("CC=CC")
    mol.GetBondWithIdx(1).SetStereo(Chem.BondStereo.STEREOANY)
    return mol


@pytest.mark.parametrize(
    ("mol", "notes"),
    [
        (with_conformers("CC(F)(Cl)Br"), 0),  # an open centre, though the conformer shows a side
        (with_conformers("C/C=C/[C@H](F)Cl"), 0),
        (with_conformers("C1CC1C(F)Cl", 3), 1),
        (Chem.MolFromSmiles("C[C@H](O)[C@@H](C)N |&1:1,3|"), 0),
        (open_bond(), 0),
        (flat("C[C@H](N)O"), 1),
    ],
)
def test_a_sanitised_molecule_stays_as_it_is(mol: Chem.Mol, notes: int) -> None:
    before = state(mol)
    molecule = Molecule.from_rdkit(mol)
    assert state(molecule.mol) == before
    assert state(mol) == before
    assert len(molecule.notes) == notes


def mdl_aromaticity() -> Chem.Mol:
    mol = Chem.MolFromSmiles("c1ccccc1C1=COC=C1", sanitize=False)
    Chem.SanitizeMol(mol, Chem.SanitizeFlags.SANITIZE_ALL ^ Chem.SanitizeFlags.SANITIZE_SETAROMATICITY)
    Chem.SetAromaticity(mol, Chem.AromaticityModel.AROMATICITY_MDL)
    return mol


def kekulised(smiles: str, clear: bool) -> Chem.Mol:
    mol = Chem.MolFromSmiles(smiles)
    Chem.Kekulize(mol, clearAromaticFlags=clear)
    return mol


@pytest.mark.parametrize("mol", [mdl_aromaticity(), kekulised("c1ccccc1", True), kekulised("c1ccccc1", False)])
def test_aromaticity_of_another_model_or_none_stays_and_is_the_same_molecule(mol: Chem.Mol) -> None:
    molecule = Molecule.from_rdkit(mol)
    assert state(molecule.mol) == state(mol)
    assert molecule.smiles == Chem.CanonSmiles(Chem.MolToSmiles(mol))


def half(smiles: str, *steps: Callable[[Chem.Mol], Any]) -> Chem.Mol:
    mol = Chem.MolFromSmiles(smiles, sanitize=False)
    for step in steps:
        step(mol)
    return mol


def grown() -> Chem.RWMol:
    mol = Chem.RWMol(Chem.MolFromSmiles("C[C@H](N)O"))
    mol.AddBond(0, mol.AddAtom(Chem.Atom(6)), Chem.BondType.SINGLE)
    return mol


def cached(mol: Chem.Mol) -> None:
    mol.UpdatePropertyCache(strict=False)


def without_aromaticity(mol: Chem.Mol) -> None:
    Chem.SanitizeMol(mol, Chem.SanitizeFlags.SANITIZE_ALL ^ Chem.SanitizeFlags.SANITIZE_SETAROMATICITY)


def rings_only(mol: Chem.Mol) -> None:
    Chem.SanitizeMol(mol, Chem.SanitizeFlags.SANITIZE_SYMMRINGS)


HALF_PREPARED = [
    (half("C1CC1", cached), "C1CC1"),
    (half("C1CC1"), "C1CC1"),
    (half("C[C@H](F)/C=C/C"), "C/C=C/[C@H](C)F"),
    (half("c1ccn(C)c1", cached, Chem.FastFindRings), "Cn1cccc1"),
    (half("C1=CC=CN1", without_aromaticity), "c1cc[nH]c1"),
    (half("C1=CC=CN1", rings_only), "c1cc[nH]c1"),
    (kekulised("C[C@H](F)c1ccccc1", True), "C[C@H](F)c1ccccc1"),
    (kekulised("C[C@H](F)c1ccccc1", False), "C[C@H](F)c1ccccc1"),
    (Chem.RWMol(Chem.MolFromSmiles("C[C@H](N)O")), "C[C@H](N)O"),
    (grown(), "CC[C@H](N)O"),
    (Chem.MolFromSmiles("[Na+].[Cl-]"), "[Cl-].[Na+]"),
    (Chem.MolFromSmiles("[H+]"), "[H+]"),
]


@pytest.mark.parametrize(("mol", "smiles"), HALF_PREPARED)
def test_what_is_half_prepared_is_prepared(mol: Chem.Mol, smiles: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert Molecule.from_rdkit(mol).smiles == smiles
    assert capfd.readouterr().err == ""


def test_a_constructor_takes_what_is_not_sanitised() -> None:
    assert Molecule(half("C1CC1", cached)).smiles == "C1CC1"
    mol = Chem.MolFromSmiles("CCO")
    assert Molecule(mol).mol is mol


@pytest.mark.parametrize("smarts", ["CC", "[C,N]", "*~*", "[#6]"])
def test_queries_are_refused(smarts: str) -> None:
    with pytest.raises(UnsupportedError, match="query"):
        Molecule.from_rdkit(Chem.MolFromSmarts(smarts))


@pytest.mark.parametrize("smiles", ["C~N", "*C |$Q_e;$|"])
def test_queries_written_as_smiles_are_refused(smiles: str) -> None:
    with pytest.raises(UnsupportedError, match="query"):
        Molecule.from_smiles(smiles)


def test_the_first_of_several_conformers_is_used_and_noted() -> None:
    molecule = Molecule.from_rdkit(with_conformers("CCO", 3))
    assert molecule.notes == ("the first of 3 conformers is used",)


def test_marks_that_say_nothing_are_dropped_and_noted() -> None:
    molecule = Molecule.from_rdkit(Chem.MolFromSmiles("F[S@OH4](F)(F)(F)(F)c1ccccc1"))
    assert molecule.smiles == "FS(F)(F)(F)(F)c1ccccc1"
    assert "1 stereo mark dropped" in molecule.notes[0]


@pytest.mark.parametrize("mol", [None, "CCO", Chem.Mol(), Chem.RWMol()])
def test_what_is_no_molecule_is_refused(mol: Any) -> None:
    for build in (Molecule.from_rdkit, Molecule):
        with pytest.raises(ParseError, match=r"molecule"):
            build(mol)


def test_impossible_chemistry_is_refused_with_its_atom() -> None:
    with BlockLogs(), pytest.raises(ParseError, match="valence") as caught:
        Molecule.from_rdkit(half("CC(C)(C)(C)C"))
    assert caught.value.position == 1


def test_a_coordinate_that_is_not_finite_is_refused() -> None:
    mol = with_conformers("CCO")
    mol.GetConformer().SetAtomPosition(1, (float("nan"), 0.0, 0.0))
    with pytest.raises(ParseError, match="finite") as caught:
        Molecule.from_rdkit(mol)
    assert caught.value.position == 1


@pytest.mark.parametrize(
    ("name", "notes"), [(3, ()), (None, ()), ("", "one sentence"), ("", (1,)), ("", None), ("", {"a": 1})]
)
def test_names_and_notes_are_texts(name: Any, notes: Any) -> None:
    with pytest.raises(ParseError, match="text"):
        Molecule(Chem.MolFromSmiles("CCO"), name, notes)


BAD_COLUMNS: list[dict[str, Any]] = [
    {"positions": [[0, 0, 0], [1, np.nan, 0]]},
    {"positions": [[0, 0, 0], [1, np.inf, 0]]},
    {"positions": "near"},
    {"positions": [[0, 0, 0]]},
    {"atomic_numbers": [6.5, 8]},
    {"atomic_numbers": [np.nan, 8]},
    {"atomic_numbers": ["C", "O"]},
    {"atomic_numbers": [2**70, 8]},
    {"atomic_numbers": None},
    {"bonds": [[0, 1, 1.5]]},
    {"bonds": [[0, 1, np.nan]]},
    {"bonds": [[0, 2**40, 1]]},
    {"formal_charges": [np.nan, 0]},
    {"formal_charges": [10**9, 0]},
    {"formal_charges": [0.5, 0]},
    {"name": 7},
]


@pytest.mark.parametrize("columns", BAD_COLUMNS)
def test_columns_that_are_no_numbers_are_refused(columns: dict[str, Any]) -> None:
    given = {"atomic_numbers": [6, 8], "bonds": [[0, 1, 1]], **columns}
    with pytest.raises(ParseError):
        Molecule.from_arrays(**given)


def test_whole_numbers_may_come_as_floats() -> None:
    assert Molecule.from_arrays([6.0, 8.0], bonds=[[0.0, 1.0, 2.0]]).formula == "CO"


@pytest.mark.parametrize("value", [None, b"CC", 3])
def test_strings_are_strings(value: Any) -> None:
    for read in (Molecule.from_smiles, Molecule.from_selfies):
        with pytest.raises(ParseError, match="is text, not"):
            read(value)


@pytest.mark.parametrize("coordinates", ["near", None, [[0, 0, np.nan]] * 2])
def test_coordinates_are_numbers(coordinates: Any) -> None:
    with pytest.raises(ParseError):
        Molecule.from_smiles("CC").with_coordinates(coordinates)
