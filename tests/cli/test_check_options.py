"""Answers of the command line checked at a level, and relaxed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.entities import Molecule
from biomatrix.errors import BioMatrixError
from biomatrix.generation import shipped_models

RUNNER = CliRunner()
SHIPPED = pytest.mark.skipif("nano" not in shipped_models(), reason="no model is shipped")
IN_3D = ["generate", "Make a molecule.", "--answer", "molecule_structure", "--length", "9"]


@SHIPPED
def test_levels_of_checks() -> None:
    found = {}
    for level in ("off", "fast", "full"):
        result = RUNNER.invoke(app, [*IN_3D, "--json", "--checks", level], catch_exceptions=False)
        (answer,) = json.loads(result.stdout)
        found[level] = {check["name"] for check in answer["checks"]}
    assert found["off"] == set()
    assert found["fast"] < found["full"]


@SHIPPED
def test_the_best_by_checks_fails_as_few_as_any() -> None:
    asked = [*IN_3D, "--json", "--drafts", "1"]
    each = json.loads(RUNNER.invoke(app, [*asked, "-n", "6"], catch_exceptions=False).stdout)
    best = json.loads(
        RUNNER.invoke(app, [*asked, "--best-of", "6", "--best-by", "checks"], catch_exceptions=False).stdout
    )
    failed = [sum(check["passed"] is False for check in answer["checks"]) for answer in (*each, *best)]
    assert failed[-1] == min(failed[:-1])
    assert best[0]["candidates"] == 6


@SHIPPED
def test_a_verdict_is_a_line_for_each_answer() -> None:
    result = RUNNER.invoke(app, [*IN_3D, "-n", "2", "--checks", "fast"], catch_exceptions=False)
    judged = [line for line in result.stderr.splitlines() if "checks passed" in line]
    lines = [line for line in judged if not line.startswith("confidence")]
    assert [line.split(":")[0] for line in lines] == ["answer 1", "answer 2"]


@SHIPPED
def test_a_relaxed_molecule_is_written_and_what_was_done_is_told(tmp_path: Path) -> None:
    plain, relaxed = tmp_path / "plain.sdf", tmp_path / "relaxed.sdf"
    RUNNER.invoke(app, [*IN_3D, "-o", str(plain)], catch_exceptions=False)
    result = RUNNER.invoke(app, [*IN_3D, "-o", str(relaxed), "--relax", "uff"], catch_exceptions=False)
    assert "answer 1: relaxed by uff: -" in result.stderr
    before, after = Molecule.from_file(plain), Molecule.from_file(relaxed)
    assert before.without_hydrogens().smiles == after.without_hydrogens().smiles
    assert before.coordinates is not None
    assert after.coordinates is not None
    assert abs(before.coordinates[:5] - after.coordinates[:5]).max() > 1e-3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--best-by", "checks"], "--best-by chooses among several answers; give --best-of"),
        (["--best-by", "luck", "--best-of", "4"], "--best-by is likelihood or checks, not 'luck'"),
        (["--best-by", "checks", "--best-of", "4", "--checks", "off"], "--best-by checks needs checks"),
        (["--checks", "all"], "--checks: no level of checks 'all'; there are off, fast, full"),
        (["--relax", "mmff"], "--relax mmff needs --answer with a modality of structures"),
        (["--answer", "molecule_smiles", "--relax", "mmff"], "needs --answer with a modality of structures"),
        (["--answer", "protein_structure", "--relax", "mmff"], "proteins have no such relaxation; there are: openmm"),
        (["--answer", "molecule_structure", "--relax", "mmff", "--stream"], "leave out --stream"),
    ],
)
def test_what_there_is_none_of_is_refused_before_the_model_is_asked(arguments: list[str], said: str) -> None:
    result = RUNNER.invoke(app, ["generate", "Write.", "--model", "nowhere", *arguments])
    assert isinstance(result.exception, BioMatrixError)
    assert said in str(result.exception)
