"""Stereochemistry through every modality: the same molecule, a refusal, or a note; never silently another one."""

from __future__ import annotations

import pytest

from biomatrix.entities import Molecule, modality
from biomatrix.errors import UnsupportedError

TABLE = [
    # phosphorus and arsenic
    "CC[P@@](C)c1ccccc1",
    "CC[P@](C)c1ccccc1",
    "CC[As@@](C)c1ccccc1",
    "CC[P@@](C)(=O)c1ccccc1",
    "C[P@@](O)(=S)c1ccccc1",
    "CCC[P@+](C)(CC)c1ccccc1",
    "CCC[As@+](C)(CC)c1ccccc1",
    "C/C=C/C[P@](C)CC",
    # sulfur and selenium
    "CC[S@](C)=O",
    "CC[S@@](=O)c1ccccc1",
    "CCC[S@+](C)CC",
    "CC[S@@](N)=O",
    "CC[S@](C)(=N)=O",
    "C[S@@+]([O-])c1ccccc1",
    "CC[Se@](C)=O",
    "CCC[Se@+](C)CC",
    # nitrogen
    "CC1C[N@@]1C",
    "C[C@@H]1C[N@]1C",
    "C[C@@H]1CN1C",
    "OC1C[N@]2CC[C@H]1CC2",
    "CC1C[C@H]2CC[N@]1CC2",
    "CCC[N@@+](C)([O-])CC",
    "CCC[N@@+](C)(CC)Cc1ccccc1",
    # silicon, germanium, tin, boron
    "CC[Si@](C)(F)c1ccccc1",
    "CC[Si@H](C)c1ccccc1",
    "C[CH2][Ge@]([CH3])([F])[c]1ccccc1",
    "C[CH2][Sn@]([CH3])([F])[c]1ccccc1",
    "CC[B@-](C)(F)c1ccccc1",
    # allenes and cumulenes, whose marks RDKit does not know
    "CC=[C@]=CC",
    "CC=[C@AL1]=CC",
    "F/C=C=C=C/F",
    # double bonds
    "C/C=N/O",
    "C/C=N\\O",
    "C/C=N/C",
    "[H]/N=C/C",
    "C/N=N/c1ccccc1",
    "C/C=C\\C=C\\C",
    "C1=C/CCCCCC/1",
    "F/C(Cl)=C(/Br)I",
    # carbon, with what else may be lost
    "C[C@H](N)C(=O)O",
    "C[C@H]1CC[C@@H](C)CC1",
    "C[C@H](O)C(F)Cl",
    "[2H][C@H](C)O",
    "C[C@@H:1](N)O",
    "C[CH2]",
    # centres of other shapes
    "F[S@OH4](F)(F)(F)(F)c1ccccc1",
    "F[P@OH27-](F)(F)(F)(F)F",
    "F[S@OH1](F)(F)(F)(Cl)c1ccccc1",
    "F[P@TB1](F)(F)(F)Cl",
    "[NH3][Pt@SP1]([NH3])(Cl)Cl",
    "[NH3][Pt@SP2]([NH3])(Cl)Cl",
    # groups
    "C[C@H](O)[C@@H](C)N |&1:1,3|",
    "C[C@H](O)[C@@H](C)N |o1:1,3|",
]
REFUSED = {smiles for smiles in TABLE if "@OH1]" in smiles or "@TB" in smiles or "@SP" in smiles}
"""What a modality may refuse: isomers of octahedra and squares."""


@pytest.mark.parametrize("smiles", TABLE)
@pytest.mark.parametrize("name", ["molecule_smiles", "molecule_selfies", "molecule_structure"])
def test_a_stereoisomer_comes_back_or_is_refused_or_noted(smiles: str, name: str) -> None:
    mine, molecule = modality(name), Molecule.from_smiles(smiles)
    try:
        written = molecule.embed(seed=0) if mine.needs_structure else molecule
        back = mine.decode(mine.encode(written))
    except UnsupportedError:
        assert smiles in REFUSED
        return
    lost = mine.losses(written)
    assert back.smiles == molecule.smiles or lost, f"{molecule.smiles} became {back.smiles}"
    stated, kept = smiles.count("[C@") + smiles.count("/"), molecule.smiles.count("[C@") + molecule.smiles.count("/")
    assert kept or not stated or molecule.notes


@pytest.mark.parametrize(
    "smiles", ["CC[P@@](C)c1ccccc1", "CC[P@](C)c1ccccc1", "CC[As@@](C)c1ccccc1", "C/C=C/C[P@](C)CC"]
)
def test_codes_keep_the_hand_of_phosphorus_and_arsenic(smiles: str) -> None:
    mine, molecule = modality("molecule_structure"), Molecule.from_smiles(smiles).embed(seed=0)
    assert mine.decode(mine.encode(molecule)).smiles == smiles
    assert mine.losses(molecule) == ()


def test_a_mark_on_ring_nitrogen_is_noted_as_lost() -> None:
    molecule = Molecule.from_smiles("C[C@@H]1C[N@]1C").embed(seed=0)
    (loss,) = modality("molecule_structure").losses(molecule)
    assert "not as marked, C[C@@H]1C[N@]1C" in loss


def test_an_open_centre_is_noted_to_take_a_side() -> None:
    (loss,) = modality("molecule_structure").losses(Molecule.from_smiles("CC(O)(F)Cl").embed(seed=0))
    assert "as the conformer shows it" in loss


@pytest.mark.parametrize(
    ("smiles", "plain", "first"),
    [
        ("F[S@OH4](F)(F)(F)(F)c1ccccc1", "FS(F)(F)(F)(F)c1ccccc1", "[F]"),
        ("F[P@OH27-](F)(F)(F)(F)F", "F[P-](F)(F)(F)(F)F", "[F]"),
    ],
)
def test_like_ligands_bear_no_mark_in_any_modality(smiles: str, plain: str, first: str) -> None:
    molecule = Molecule.from_smiles(smiles)
    assert molecule.smiles == plain
    assert molecule.same_as(Molecule.from_smiles(plain))
    assert "stereo mark dropped" in molecule.notes[0]
    assert molecule.selfies.startswith(first)
    mine = modality("molecule_structure")
    for source in (molecule, Molecule.from_smiles(plain)):
        assert mine.decode(mine.encode(source.embed(seed=0))).smiles == plain


def test_an_octahedron_read_from_coordinates_bears_no_mark() -> None:
    ends = [[1.6, 0, 0], [-1.6, 0, 0], [0, 1.6, 0], [0, -1.6, 0], [0, 0, 1.6], [0, 0, -1.6]]
    bonds = [[0, index, 1] for index in range(1, 7)]
    numbers, charges = [15, *[9] * 6], [-1, *[0] * 6]
    molecule = Molecule.from_arrays(numbers, [[0, 0, 0], *ends], bonds, charges)
    assert molecule.smiles == "F[P-](F)(F)(F)(F)F"
    other = Molecule.from_arrays([16, *[9] * 5, 17], [[0, 0, 0], *ends], bonds)
    assert "@" not in other.smiles  # one chlorine among five fluorines: one arrangement
    mixed = Molecule.from_arrays([16, 9, 17, 9, 17, 9, 9], [[0, 0, 0], *ends], bonds)
    assert "@OH" in mixed.smiles


@pytest.mark.parametrize(
    ("smiles", "words"),
    [
        ("C[C@H](O)CC |r|", "racemate"),
        ("CC=[C@]=CC", "1 stereo mark dropped"),
        ("C[C@H](C)[C@@H](C)C", "2 stereo marks dropped"),
        ("F/C=C=C=C/F", "bond directions"),
        ("C/C(C)=C/C", "bond directions"),
    ],
)
def test_marks_that_are_not_read_are_noted(smiles: str, words: str) -> None:
    assert any(words in note for note in Molecule.from_smiles(smiles).notes)


@pytest.mark.parametrize("smiles", ["C/C=C/C=C/C", "C[C@H](N)C(=O)O", "C/C=N/[H]", "C[C@H]1CC[C@@H](C)CC1", "F/C=C/Cl"])
def test_marks_that_are_read_leave_no_note(smiles: str) -> None:
    assert Molecule.from_smiles(smiles).notes == ()
