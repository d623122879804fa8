"""Calibrating and explaining from the command line, with the shipped model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.errors import ConfigurationError
from biomatrix.generation import shipped_models
from biomatrix.tasks import Task, register_task, unregister_task
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
    assert "trained on: not looked at (give --held-out)" in result.stderr
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
    assert "does not say whether its records were held out" in result.stderr


TABLE = ["name,smiles,logS", *(f"n{n},{'C' * (n + 1)}O,{-n / 2}" for n in range(9)), "bad,CCO,soluble"]
CALIBRATE = ["calibrate", "labels.csv", "--task", "predict_log_solubility", "--label", "logS", "-o", "made.json"]


@pytest.fixture
def labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table of nine labels and a line whose label is none."""
    monkeypatch.chdir(tmp_path)
    Path("labels.csv").write_text("\n".join(TABLE) + "\n")
    return tmp_path


def test_one_sample_a_record_is_calibrated_without_a_spread(labelled: Path) -> None:
    result = RUNNER.invoke(app, [*CALIBRATE, "-n", "1"], catch_exceptions=False)
    assert "method absolute, 90% interval of plus or minus" in result.stderr
    assert "labels.csv, record 10: no number" in result.stderr
    assert Calibration.from_file(labelled / "made.json").method == "absolute"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["-n", "1", "--method", "normalised"], "no spread"),
        (["-n", "0"], "--num-samples is at least 1"),
        (["--coverage", "0.95"], r"9 records are too few .* 95% coverage, .* at least 19; 9 reach 90% at the most"),
        (["--method", "lac"], "absolute or normalised"),
    ],
)
def test_a_calibration_that_cannot_be_is_refused_and_not_written(labelled: Path, more: list[str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        RUNNER.invoke(app, [*CALIBRATE, *more], catch_exceptions=False)
    assert not (labelled / "made.json").exists()


def test_a_calibration_for_another_question_or_model_is_not_taken_unsaid(labelled: Path) -> None:
    RUNNER.invoke(app, [*CALIBRATE, "-n", "3", "--as", "molecule_smiles"], catch_exceptions=False)
    asked = ["generate", "--molecule", "CCO", "-n", "3", "--calibration", "made.json"]
    words = "Log solubility (mol/L) of"
    result = RUNNER.invoke(app, [*asked, words, "--as", "molecule_smiles"], catch_exceptions=False)
    assert "calibrated on '" not in result.stderr
    result = RUNNER.invoke(app, [*asked, words, "--as", "molecule_selfies"])
    assert "calibrated on 'Log solubility (mol/L) of {molecule_smiles}', not on 'Log solubility (mol/L) of {mol" in (
        result.stderr
    )
    Path("made.json").write_text(Path("made.json").read_text().replace('"model_hash": "', '"model_hash": "x'))
    with pytest.raises(ConfigurationError, match="weights of nano"):
        RUNNER.invoke(app, [*asked, words], catch_exceptions=False)
    with pytest.raises(ConfigurationError, match="not of molecule_selfies"):
        RUNNER.invoke(app, [*asked, "Make", "--answer", "molecule_selfies"], catch_exceptions=False)


def test_a_task_asks_in_its_own_words_and_its_number_is_checked() -> None:
    asked = ["generate", "--task", "predict_weight", "--molecule", "CCO", "--json", "--temperature", "0"]
    (answer,) = json.loads(RUNNER.invoke(app, asked, catch_exceptions=False).stdout)
    (check,) = [one for one in answer["checks"] if one["name"] == "number with its unit"]
    assert check["unit"] == "g/mol"
    (off,) = json.loads(RUNNER.invoke(app, [*asked, "--checks", "off"], catch_exceptions=False).stdout)
    assert (off["text"], off["checks"]) == (answer["text"], [])
    with pytest.raises(ConfigurationError, match="asks about one molecule, and protein is given"):
        RUNNER.invoke(app, ["generate", "--task", "predict_weight", "--protein", "MKV"], catch_exceptions=False)


@pytest.fixture
def soluble() -> Iterator[str]:
    """A question that is answered yes or no."""
    yield register_task(Task("is_it_soluble", ("Is {molecule} soluble?",), "{soluble}", parser="yes_no")).name
    unregister_task("is_it_soluble")


def test_a_choice_has_a_set_a_probability_and_is_unknown_where_it_is_unsure(labelled: Path, soluble: str) -> None:
    rows = [f"{'C' * (n + 1)}O,{('no', 'yes')[n % 3 == 0]}" for n in range(20)]
    Path("choices.csv").write_text("\n".join(["smiles,soluble", *rows]) + "\n")
    asked = ["calibrate", "choices.csv", "--task", soluble, "--label", "soluble", "-o", "made.json"]
    asked += ["--recalibrate", "platt", "--risk", "0.9", "--figure", "curve.svg"]
    said = RUNNER.invoke(app, asked, catch_exceptions=False).stderr
    for words in ("share wrong of the surest answers by probability: 100% 0.", "AURC", ", recalibrated 0.", "unknown"):
        assert words in said
    assert Path("curve.svg").read_text().startswith("<svg")
    question = ["generate", "--task", soluble, "--molecule", "CCO", "--calibration", "made.json"]
    (answer,) = json.loads(RUNNER.invoke(app, [*question, "--json"], catch_exceptions=False).stdout)
    found = answer["confidence"]
    assert answer["text"] in ("yes", "no")
    assert set(found["labels"]) <= {"yes", "no"}
    assert 0.5 <= found["chance"] <= 1
    assert found["abstained"] is None
    assert not any("not on" in doubt for doubt in found["doubts"])
    values = json.loads(Path("made.json").read_text())
    values["abstention"]["least"] = 0.9999
    Path("made.json").write_text(json.dumps(values))
    result = RUNNER.invoke(app, question, catch_exceptions=False)
    assert result.stdout == "unknown\n"
    assert f"confidence: unknown ({answer['text']}), abstains: its probability" in result.stderr
    with pytest.raises(ConfigurationError, match="leave out num_samples"):
        RUNNER.invoke(app, [*question, "-n", "2"], catch_exceptions=False)


def test_numbers_have_a_risk_by_their_spread(labelled: Path) -> None:
    asked = [*CALIBRATE, "-n", "2", "--method", "absolute"]
    said = RUNNER.invoke(app, [*asked, "--risk", "100"], catch_exceptions=False).stderr
    assert "mean absolute error (log mol/L) of the surest answers by spread of samples: 100% " in said
    assert "answers are given where samples spread by at most" in said
    abstention = Calibration.from_file("made.json").abstention
    assert abstention is not None
    assert (abstention.by, abstention.risk) == ("spread", 100.0)
    with pytest.raises(ConfigurationError, match="ask for a larger risk"):
        RUNNER.invoke(app, [*asked, "--risk", "0"], catch_exceptions=False)


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
        (["explain", *ASKED, "--method", "integrated_gradients", "--steps", "0"], "--steps is at least 1, not 0"),
        (["explain", *ASKED, "--steps", "8"], "belongs to --method integrated_gradients"),
        (["calibrate", "x.csv", "--task", "make_molecule_smiles", "--label", "y", "-o", "c.json"], "one entity"),
        (["calibrate", "x.csv", "--task", "predict_weight", "--label", "y", "-o", "c.csv"], "parquet"),
        ([*CALIBRATE, "--risk", "nan"], "--risk is an error of at least 0"),
        ([*CALIBRATE, "--figure", "c.png"], "svg"),
        ([*CALIBRATE, "--recalibrate", "platt"], "one of two labels"),
        (["generate", *ASKED, "--calibration", "missing.json"], "cannot be read"),
    ],
)
def test_what_makes_no_sense_is_refused_before_a_model_is_opened(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=said):
        RUNNER.invoke(app, arguments, catch_exceptions=False)
