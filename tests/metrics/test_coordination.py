"""Marks of centres of four to six ligands: kept where the ligands can be arranged otherwise, and nowhere else."""

from __future__ import annotations

import pytest
from rdkit import Chem

from biomatrix.metrics.coordination import drop_idle_marks

ONE_ARRANGEMENT = [
    "F[S@OH4](F)(F)(F)(F)c1ccccc1",
    "F[S@OH1](F)(F)(F)(F)F",
    "F[P@OH27-](F)(F)(F)(F)F",
    "F[Sb@OH3-](F)(F)(F)(F)F",
    "F[As@OH3-](F)(F)(F)(F)F",
    "F[Si@OH3-2](F)(F)(F)(F)F",
    "F[P@TB1](F)(F)(F)F",
    "Cl[P@TB7](Cl)(Cl)(Cl)Cl",
    "F[S@TB1](F)(F)F",
    "F[Xe@SP1](F)(F)F",
    "F[B@SP1-](F)(F)F",
    "O[Te@OH1](O)(O)(O)(O)O",
    "Cl[Pt@SP1](Cl)(Cl)[NH3]",
]
SEVERAL = [
    "[NH3][Pt@SP1]([NH3])(Cl)Cl",
    "[NH3][Pt@SP2]([NH3])(Cl)Cl",
    "Cl[Co@OH1](Cl)(N)(N)(N)N",
    "Cl[Co@OH8](Cl)(N)(N)(N)N",
    "F[S@OH1](F)(F)(F)(Cl)c1ccccc1",
    "F[P@TB1](F)(F)(F)Cl",
    "F[Cr@OH1](Cl)(Br)(I)(O)N",
    "C1C[NH2][Co@OH1]23([NH2]1)([NH2]CC[NH2]2)[NH2]CC[NH2]3",
]


@pytest.mark.parametrize("smiles", ONE_ARRANGEMENT)
def test_like_ligands_have_one_arrangement_and_no_mark(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    (index,) = drop_idle_marks(mol)
    assert mol.GetAtomWithIdx(index).GetChiralTag() == Chem.ChiralType.CHI_UNSPECIFIED
    assert "@" not in Chem.MolToSmiles(mol)


@pytest.mark.parametrize("smiles", SEVERAL)
def test_true_isomers_keep_their_mark(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    before = Chem.MolToSmiles(mol)
    assert drop_idle_marks(mol) == []
    assert Chem.MolToSmiles(mol) == before
    assert "@" in before


def test_cis_and_trans_stay_apart() -> None:
    strings = set()
    for mark in ("SP1", "SP2"):
        mol = Chem.MolFromSmiles(f"[NH3][Pt@{mark}]([NH3])(Cl)Cl")
        drop_idle_marks(mol)
        strings.add(Chem.MolToSmiles(mol))
    assert len(strings) == 2


def test_tetrahedral_marks_are_not_touched() -> None:
    mol = Chem.MolFromSmiles("C[C@H](N)C(=O)O")
    assert drop_idle_marks(mol) == []
    assert "@" in Chem.MolToSmiles(mol)
