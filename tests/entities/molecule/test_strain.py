"""Strain against a force field."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem

from biomatrix.entities import Molecule
from biomatrix.entities.molecule.strain import FAST_STRAIN, check_release, check_strain, released_energy

IBUPROFEN = Molecule.from_smiles("CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O").embed()


def shaken(molecule: Molecule, spread: float) -> Molecule:
    assert molecule.coordinates is not None
    noise = np.random.default_rng(0).normal(0, spread, molecule.coordinates.shape)
    return molecule.with_coordinates(molecule.coordinates + noise)


def test_a_relaxed_conformer_has_little_strain_and_a_shaken_one_much() -> None:
    assert check_release(IBUPROFEN).passed
    assert check_strain(IBUPROFEN).passed
    values = []
    for spread in (0.0, 0.05, 0.1, 0.2):
        fast, full = check_release(shaken(IBUPROFEN, spread)), check_strain(shaken(IBUPROFEN, spread))
        assert fast.value is not None
        assert full.value is not None
        assert fast.value <= full.value + 1e-6
        values.append(full.value)
    assert values == sorted(values)
    assert check_release(shaken(IBUPROFEN, 0.2)).passed is False


def test_the_molecule_is_not_moved() -> None:
    before = np.array(IBUPROFEN.coordinates)
    smiles = IBUPROFEN.smiles
    check_strain(IBUPROFEN)
    np.testing.assert_array_equal(before, IBUPROFEN.coordinates)
    assert IBUPROFEN.smiles == smiles


def test_uff_steps_in_for_elements_that_mmff_lacks() -> None:
    borane = Molecule.from_smiles("CB(C)C").embed()
    found = released_energy(borane.mol, 10)
    assert found is not None
    assert found[1] == "UFF"
    assert check_release(borane).detail.endswith("by UFF")


@pytest.mark.parametrize(
    ("molecule", "reason"),
    [
        (Molecule.from_smiles("CCO"), "no conformer"),
        (Molecule.from_rdkit(Chem.RemoveHs(IBUPROFEN.mol)), "hydrogens without a position"),
    ],
)
def test_what_cannot_be_measured_is_unknown(molecule: Molecule, reason: str) -> None:
    check = check_release(molecule)
    assert (check.name, check.passed, check.value, check.detail) == (FAST_STRAIN, None, None, reason)
