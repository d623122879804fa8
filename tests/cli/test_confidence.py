"""Calibrating and explaining from the command line, with the shipped model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.errors import ConfigurationError
from biomatrix.generation import shipped_models
from biomatrix.trust import Calibration

RUNNER = CliRunner()
pytestmark = pytest.mark.skipif("nano" not in shipped_models(), reason="no model is shipped")
ASKED = ["Log solubility (mol/L) of", "--molecule", "CCO", "--as", "molecule_smiles"]


def test_a_calibration_is_made_and_used(tmp_path: Path) -> None:
    table, target = tmp_path / "labels.csv", tmp_path / "calibration.json"
    rows = [f"name{n},{'C' * (n + 1)}O,{-n / 2}" for n in range(9)]
    table.write_text("\n".join(["name,smiles,logS", *rows, "bad,C1CC,1.0"]) + "\n")
    asked = ["calibrate", str(table), "--task", "predict_log_solubility", "--label", "logS", "--entity", "smiles"]
    asked += ["--as", "molecule_smiles", "--coverage", "0.8", "-n", "3", "-o", str(target)]
    result = RUNNER.invoke(app, asked, catch_exceptions=False)
    assert "calibrated on 9 of 10 records" in result.stderr
    assert "labels.csv, record 10" in result.stderr
    made = Calibration.from_file(target)
    assert (made.task, made.model, made.samples, made.data) == ("predict_log_solubility", "nano", 3, "labels.csv")
    result = RUNNER.invoke(app, ["generate", *ASKED, "-n", "3", "--calibration", str(target), "--json"])
    answers = json.loads(result.stdout)
    assert all(answer["confidence"]["calibrated"] for answer in answers)
    low, high = answers[0]["confidence"]["interval"]
    assert low < high
    result = RUNNER.invoke(app, ["generate", *ASKED, "-n", "3", "--calibration", str(target)])
    assert result.stderr.count("confidence: ") == 1
    assert "80% interval" in result.stderr


def test_an_explanation_is_listed_and_drawn(tmp_path: Path) -> None:
    target = tmp_path / "why.svg"
    result = RUNNER.invoke(app, ["explain", *ASKED, "--answer", "-0.3", "-o", str(target)], catch_exceptions=False)
    assert "'-0.3': " in result.stdout
    assert target.read_text().startswith("<svg")
    result = RUNNER.invoke(app, ["explain", *ASKED, "--json", "--method", "integrated_gradients", "--steps", "4"])
    found = json.loads(result.stdout)
    assert len(found["entities"][0]["weights"]) == 3
    assert found["method"] == "integrated_gradients"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explain", *ASKED, "-o", "why.png"], "svg"),
        (["explain", *ASKED, "--method", "magic"], "occlusion or integrated_gradients"),
        (["calibrate", "x.csv", "--task", "make_molecule_smiles", "--label", "y", "-o", "c.json"], "one entity"),
        (["calibrate", "x.csv", "--task", "predict_weight", "--label", "y", "-o", "c.csv"], "parquet"),
        (["generate", *ASKED, "--calibration", "missing.json"], "cannot be read"),
    ],
)
def test_what_makes_no_sense_is_refused_before_a_model_is_opened(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=said):
        RUNNER.invoke(app, arguments, catch_exceptions=False)
