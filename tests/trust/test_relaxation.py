"""Relaxation is explicit, and told with checks before and after."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import biomatrix as bm
from biomatrix.entities import Molecule, Protein
from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.trust import relax


def shaken(smiles: str, spread: float) -> Molecule:
    molecule = Molecule.from_smiles(smiles).embed()
    assert molecule.coordinates is not None
    noise = np.random.default_rng(0).normal(0, spread, molecule.coordinates.shape)
    return molecule.with_coordinates(molecule.coordinates + noise)


def test_a_shaken_molecule_is_sound_after_a_force_field() -> None:
    molecule = shaken("CCOc1ccccc1", 0.15)
    done = relax(molecule, "mmff")
    assert done.before.sound is False
    assert done.after.sound
    assert done.energy_after < done.energy_before
    assert 0.05 < done.moved_rmsd < 1.0
    assert done.original is molecule
    assert {"same graph as before"} <= {check.name for check in done.after.checks}
    assert json.loads(json.dumps(done.as_json()))["before"]["sound"] is False
    assert str(done).startswith("relaxed by mmff: -")


def test_hydrogens_are_added_where_they_lack() -> None:
    heavy = Molecule.from_smiles("CCOc1ccccc1").embed().without_hydrogens()
    done = relax(heavy, "mmff")
    assert isinstance(done.entity, Molecule)
    assert done.entity.num_atoms == 19
    assert done.notes == ("10 hydrogens were added, as a force field needs all atoms",)


def test_the_public_name_is_the_same() -> None:
    assert bm.relax(Molecule.from_smiles("CCO").embed(), "uff").after.sound


def test_what_cannot_be_relaxed_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="molecules have no relaxation 'openmm'; there are: mmff, uff, xtb"):
        relax(Molecule.from_smiles("CCO").embed(), "openmm")
    with pytest.raises(UnsupportedError, match="a protein without a structure"):
        relax(Protein("MKV"), "openmm")


@pytest.mark.skipif(shutil.which("xtb") is not None, reason="xtb is installed here")
def test_a_missing_program_is_named_with_how_to_install_it() -> None:
    with pytest.raises(ConfigurationError, match="conda install"):
        relax(Molecule.from_smiles("CCO").embed(), "xtb")
