"""A calibration says what it was made for; another model is refused, another question is a reason to doubt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.trust import Calibration, calibrate
from biomatrix.trust.origin import Origin, origin_doubts

MADE = Origin(
    model="nano",
    model_hash="aa11",
    vocabulary_hash="cc",
    projector_hash="ee",
    prompt="Log solubility of {molecule_smiles}",
    output="text",
    drawn="at temperature 1 and top-p 1",
    held_out="true",
)
"""What a calibration was made for."""
UNSAID = "the calibration does not say whether its records were held out of training"


def other(**changes: str) -> Origin:
    return Origin(**{**MADE, **changes})  # type: ignore[typeddict-item]


def test_what_was_made_for_the_same_gives_no_doubt() -> None:
    assert origin_doubts(MADE, other(model="another name of it")) == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model_hash": "bb22"}, r"weights of nano \(aa11\), not with this model's \(bb22\)"),
        ({"vocabulary_hash": "dd"}, "vocabulary of nano"),
        ({"projector_hash": "dd"}, "projector of nano"),
        ({"output": "molecule_selfies"}, "answers in text, not in molecule_selfies"),
    ],
)
def test_another_model_or_output_is_refused(changes: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        origin_doubts(MADE, other(**changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prompt": "Weight of {molecule_smiles}"}, "calibrated on 'Log solubility of {molecule_smiles}', not on 'Wei"),
        ({"prompt": "Log solubility of {molecule_selfies}"}, "not on 'Log solubility of {molecule_selfies}'"),
        ({"drawn": "greedily"}, "calibrated on answers drawn at temperature 1 and top-p 1, not greedily"),
        ({"model_hash": ""}, "the engine does not tell whether it runs the weights of nano"),
    ],
)
def test_another_question_or_draw_is_a_doubt(changes: dict[str, str], said: str) -> None:
    (doubt,) = origin_doubts(MADE, other(**changes))
    assert said in doubt


@pytest.mark.parametrize(
    ("held_out", "said"), [("false", "calibrated on records that the model was trained on"), ("unknown", UNSAID)]
)
def test_records_that_may_have_been_trained_on_are_a_doubt(tmp_path: Path, held_out: str, said: str) -> None:
    calibrate([0.0] * 9, [1.0] * 9, **other(held_out=held_out)).save(tmp_path / "made.json")
    assert origin_doubts(Calibration.from_file(tmp_path / "made.json").origin, MADE) == (said,)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"groups": "abcdefghi"}, "groups, one for each record, or its labels are no list"),
        ({"scores": []}, "scores are no list of numbers"),
        ({"scores": [True] * 9}, "scores are no list of numbers"),
        ({"samples": 2.5}, "no whole number but 2.5"),
        ({"samples": True}, "no whole number but True"),
        ({"samples": -1}, "counted from 0"),
    ],
)
def test_a_file_of_other_values_is_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    path = tmp_path / "made.json"
    calibrate([0.0] * 9, [1.0] * 9, **MADE).save(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(ConfigurationError, match=said):
        Calibration.from_file(path)


def test_held_out_is_one_of_three_words() -> None:
    with pytest.raises(ConfigurationError, match="held_out is true, false or unknown, not 'perhaps'"):
        calibrate([0.0] * 9, [1.0] * 9, held_out="perhaps")


def test_what_a_calibration_does_not_say_is_a_doubt() -> None:
    doubts = origin_doubts(calibrate([0.0] * 9, [1.0] * 9).origin, MADE)
    assert doubts == (
        "the calibration does not say which weights it was made with",
        "the calibration does not say which question it was made for",
        "the calibration does not say how its answers were drawn",
        UNSAID,
    )


@pytest.mark.parametrize("name", ["made.json", "made.parquet"])
def test_a_file_says_what_it_was_made_for(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    made = calibrate([0.0] * 9, [1.0] * 9, task="solubility", unit="log mol/L", data="esol.csv", **MADE)
    made.save(path)
    assert Calibration.from_file(path).origin == made.origin == {
        **MADE, "task": "solubility", "unit": "log mol/L", "data": "esol.csv",
    }  # fmt: skip


def test_a_file_from_before_is_read_and_doubted(tmp_path: Path) -> None:
    path = tmp_path / "made.json"
    calibrate([0.0] * 9, [1.0] * 9, model="nano").save(path)
    newer = ("prompt", "output", "drawn", "model_hash", "vocabulary_hash", "projector_hash", "held_out")
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k not in newer}))
    assert len(origin_doubts(Calibration.from_file(path).origin, MADE)) == 4
