"""Relaxation is explicit, and told with checks before and after."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdForceFieldHelpers

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


def test_an_sd_record_says_that_it_is_relaxed(tmp_path: Path) -> None:
    done = relax(shaken("CCOc1ccccc1", 0.15), "mmff")
    done.entity.to_file(tmp_path / "relaxed.sdf")
    (read,) = Chem.SDMolSupplier(str(tmp_path / "relaxed.sdf"), removeHs=False)
    assert read.GetProp("relaxed_with") == "MMFF94 (RDKit)"
    value, unit = read.GetProp("relaxed_energy_before").split()
    assert (float(value), unit) == (pytest.approx(done.energy_before, abs=1e-3), "kcal/mol")
    assert float(read.GetProp("relaxed_energy_after").split()[0]) == pytest.approx(done.energy_after, abs=1e-3)
    assert read.GetProp("relaxed_rmsd") == f"{done.moved_rmsd:.4f} Angstrom"
    assert done.data["relaxed_checks_before"] == str(done.before)
    properties = rdForceFieldHelpers.MMFFGetMoleculeProperties(read)
    written = rdForceFieldHelpers.MMFFGetMoleculeForceField(read, properties).CalcEnergy()
    assert written == pytest.approx(done.energy_after, abs=0.1)  # coordinates have four decimals
