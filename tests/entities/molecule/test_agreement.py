"""Whether a molecule is the one that was asked for."""

from __future__ import annotations

import pytest

from biomatrix.entities import Molecule
from biomatrix.entities.molecule.agreement import agree_molecules
from biomatrix.entities.molecule.smiles_text import find_smiles


def verdicts(reference: Molecule, entity: Molecule) -> tuple[bool | None, ...]:
    return tuple(check.passed for check in agree_molecules(reference, entity))


@pytest.mark.parametrize(
    ("asked", "given", "expected"),
    [
        ("C[C@H](N)C(=O)O", "C[C@H](N)C(=O)O", (True, True, True)),
        ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", (True, False, True)),
        ("C[C@H](N)C(=O)O", "CC(N)C(=O)O", (True, False, True)),  # a mark was lost
        ("CC(N)C(=O)O", "C[C@H](N)C(=O)O", (True, True, True)),  # asked for either
        ("C/C=C/O", "C/C=C\\O", (True, False, True)),
        ("CC=CO", "C/C=C\\O", (True, True, True)),
        ("[13CH3]CO", "CCO", (True, True, False)),
        ("CCO", "CCN", (False, None, None)),
        ("[CH3:7]CO", "CCO", (True, True, True)),
    ],
)
def test_what_is_left_open_may_be_decided_and_nothing_else(
    asked: str, given: str, expected: tuple[bool | None, ...]
) -> None:
    assert verdicts(Molecule.from_smiles(asked), Molecule.from_smiles(given)) == expected


@pytest.mark.parametrize("smiles", ["C[C@H](N)C(=O)O", "C/C=C\\C(=O)OC[C@@H](F)Cl", "C1CC[C@H]2CCCC[C@@H]2C1"])
def test_a_conformer_says_what_its_coordinates_show(smiles: str) -> None:
    molecule = Molecule.from_smiles(smiles)
    conformer = molecule.embed()
    assert verdicts(molecule, conformer) == (True, True, True)
    assert conformer.coordinates is not None
    if "@" in smiles and "2" not in smiles:
        mirrored = conformer.with_coordinates(conformer.coordinates * [1, 1, -1])
        assert verdicts(molecule, mirrored) == (True, False, True)


def test_only_words_of_smiles_are_found() -> None:
    assert list(find_smiles('The SMILES is "CC(C)C=O".')) == ["CC(C)C=O"]
    assert list(find_smiles("IC50, BRCA1, (see Fig. 2) NaCl, C12, CO2 and CCCC")) == []
