"""PoseBusters' checks under our names, and where ours agree with them."""

from __future__ import annotations

import sys
from io import StringIO

import numpy as np
import pytest
import rdkit
from rdkit import Chem, rdBase

from biomatrix.entities import Check, Molecule
from biomatrix.entities.molecule.checks import check_geometry
from biomatrix.entities.molecule.chemistry_log import captured_log
from biomatrix.entities.molecule.posebusters_checks import CHECKS, PREFIX, posebusters_checks

PAIRS = {
    "bond lengths": "bond lengths",
    "bond angles": "bond angles",
    "clashes": "internal steric clash",
    "aromatic rings flat": "aromatic ring flatness",
    "saturated rings puckered": "non-aromatic ring non-flatness",
    "double bonds flat": "double bond flatness",
}
"""Our check and PoseBusters'."""


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name.removeprefix(PREFIX): check for check in checks}


def test_a_sound_molecule_passes_all() -> None:
    checks = posebusters_checks(Molecule.from_smiles("CCOc1ccccc1").embed())
    assert len(checks) == len(CHECKS)
    assert all(check.passed for check in checks)
    assert by_name(checks)["internal energy"].value is not None


def test_without_a_conformer_nothing_is_known() -> None:
    checks = posebusters_checks(Molecule.from_smiles("CCO"))
    assert [check.passed for check in checks] == [None] * len(CHECKS)


def test_the_logging_of_the_process_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    molecule = Molecule.from_smiles("CCO").embed()
    posebusters_checks(molecule)
    states = rdBase.LogStatus()
    stream = StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    posebusters_checks(molecule)
    stream.close()
    monkeypatch.undo()
    assert all(check.passed for check in posebusters_checks(molecule))
    with captured_log() as log:
        assert Chem.MolFromSmiles("C1CC") is None
        assert "unclosed ring" in log.reason
    assert rdkit.log_handler.stream is not stream
    assert rdBase.LogStatus() == states


@pytest.mark.parametrize("smiles", ["CCOc1ccccc1C(=O)N", "C/C=C/C1CCCCC1"])
def test_coarse_damage_is_found_by_both(smiles: str) -> None:
    molecule = Molecule.from_smiles(smiles).embed()
    assert molecule.coordinates is not None
    draw = np.random.default_rng(0)
    for spread in (0.0, 0.5):
        changed = molecule.with_coordinates(molecule.coordinates + draw.normal(0, spread, molecule.coordinates.shape))
        mine, theirs = by_name(check_geometry(changed)), by_name(posebusters_checks(changed))
        both = [
            (mine[own].passed, theirs[other].passed) for own, other in PAIRS.items() if mine[own].passed is not None
        ]
        assert sum(first == second for first, second in both) >= len(both) - 1
