"""Which model and which question a calibration is for, and that no other takes it unsaid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import biomatrix as bm
from biomatrix.errors import ConfigurationError
from biomatrix.generation import Model, TransformersEngine
from biomatrix.generation.calibrating import YES_NO, calibrate_task, checked_method, checked_unit
from biomatrix.generation.choosing import choose
from biomatrix.generation.model_hash import folder_hash, model_hash
from biomatrix.generation.origins import origin_of
from biomatrix.generation.requests import Request
from biomatrix.generation.sampling import Sampling
from biomatrix.tasks import Task, register_task, unregister_task
from biomatrix.trust import calibrate

from .conftest import tiny_network

MOLECULES = [bm.Molecule.from_smiles(text) for text in ("C", "CC", "CCC", "CO", "CCO", "N", "CN", "O", "CCN", "OO")]


@pytest.fixture
def soluble() -> Iterator[Task]:
    """A question that is answered yes or no."""
    yield register_task(Task("is_it_soluble", ("Is {molecule} soluble?",), "{soluble}", parser="yes_no"))
    unregister_task("is_it_soluble")


def test_weights_have_one_hash_wherever_they_are(model: Model, tmp_path: Path) -> None:
    engine = model.engine
    assert isinstance(engine, TransformersEngine)
    model.save_pretrained(tmp_path / "model")
    assert bm.load(tmp_path / "model").engine.model_hash == engine.model_hash  # type: ignore[attr-defined]
    assert folder_hash(tmp_path / "model") == engine.model_hash
    halved = [(name, tensor.bfloat16()) for name, tensor in model.network.named_parameters()]
    assert model_hash(reversed(halved)) == engine.model_hash


def test_other_weights_have_another_hash(model: Model) -> None:
    changed = [(name, tensor.clone()) for name, tensor in model.network.named_parameters()]
    with torch.no_grad():
        changed[-2][1].mul_(1.05)
    assert model_hash(changed) != model_hash(model.network.named_parameters())


def test_a_question_is_its_words_and_how_entities_are_shown(model: Model) -> None:
    molecule, chain = MOLECULES[4], bm.Protein.from_sequence("MKTAYIAK")
    origin = origin_of(model.engine, Request(["Is  ", (molecule, "molecule_smiles"), "\nin ", chain]))
    assert origin["prompt"] == "Is {molecule_smiles} in {protein_sequence}"
    assert origin["output"] == "text"
    assert origin["drawn"] == "at temperature 1 and top-p 1"
    other = Request("Is it?", sampling=Sampling(0.5), system="Be brief.", best_of=4)
    assert origin_of(model.engine, other)["prompt"] == "(after 'Be brief.') Is it?"
    assert origin_of(model.engine, other)["drawn"] == "at temperature 0.5 and top-p 1 as the best of 4"
    assert origin_of(model.engine, Request("a", sampling=Sampling(greedy=True)))["drawn"] == "greedily"
    assert origin_of(model.engine, Request("a", raw=True))["prompt"] != origin_of(model.engine, Request("a"))["prompt"]


def test_numbers_calibrated_for_another_question_are_doubted(model: Model) -> None:
    origin = origin_of(model.engine, Request("How heavy?"))
    made = calibrate([0.0] * 9, [1.0] * 9, **origin)
    same, different = (
        model.generate(words, max_new_tokens=2, calibration=made) for words in ("How heavy?", "How far?")
    )
    assert "calibrated on 'How heavy?', not on 'How far?'" in different[0].confidence.doubts
    assert not [doubt for doubt in same[0].confidence.doubts if "calibrated on" in doubt]
    cold = model.generate("How heavy?", max_new_tokens=2, temperature=0.5, calibration=made)
    assert any("drawn at temperature 1" in doubt for doubt in cold[0].confidence.doubts)


def test_numbers_calibrated_with_other_weights_are_refused(model: Model) -> None:
    other = Model(TransformersEngine(tiny_network(model.vocabulary, seed=7), model.vocabulary), "other")
    made = calibrate([0.0] * 9, [1.0] * 9, model="other", **origin_of(other.engine, Request("How heavy?")))
    with pytest.raises(ConfigurationError, match="weights of other"):
        model.generate("How heavy?", calibration=made)
    with pytest.raises(ConfigurationError, match="weights of other"):
        model.generate_batch(["How heavy?"], calibration=made)


def test_a_calibration_of_another_output_is_refused(model: Model) -> None:
    with pytest.raises(ConfigurationError, match="not of molecule_selfies"):
        model.generate("Make one.", output="molecule_selfies", calibration=calibrate([0.0] * 9, [1.0] * 9))


def test_choices_are_held_against_what_they_were_calibrated_for(model: Model, soluble: Task) -> None:
    records = [({"molecule": one}, "yes") for one in MOLECULES]
    made = calibrate_task(model, soluble, records, data="x.csv", held_out=True).calibration
    assert (made.task, made.model, made.data) == ("is_it_soluble", "tiny", "x.csv")
    asked = ["Is ", MOLECULES[0], " soluble?"]
    assert not [one for one in choose(model, asked, YES_NO, calibration=made).confidence.doubts if "calibr" in one]
    unsaid = calibrate_task(model, soluble, records).calibration
    assert unsaid.held_out == "unknown"
    doubts = choose(model, asked, YES_NO, calibration=unsaid).confidence.doubts
    assert any("whether its records were held out" in one for one in doubts)
    doubted = choose(model, ["Is ", MOLECULES[0], " toxic?"], YES_NO, calibration=made)
    assert any("not on 'Is {molecule_selfies} toxic?'" in doubt for doubt in doubted.confidence.doubts)
    other = Model(TransformersEngine(tiny_network(model.vocabulary, seed=7), model.vocabulary), "other")
    with pytest.raises(ConfigurationError, match="weights of tiny"):
        choose(other, asked, YES_NO, calibration=made)


def test_too_few_records_are_refused_before_the_model_is_asked(model: Model, soluble: Task) -> None:
    with pytest.raises(ConfigurationError, match=r"10 records are too few .* 95% .* at least 19; 10 reach 90%"):
        calibrate_task(model, soluble, [({"molecule": one}, "yes") for one in MOLECULES], coverage=0.95)


def test_a_unit_is_the_one_of_the_task_or_the_one_given() -> None:
    numbers = Task("weigh", ("How heavy is {molecule}",), "{weight}", parser="number")
    weighed = Task("weigh", ("How heavy is {molecule}",), "{weight}", parser="number", unit="g/mol")
    assert [checked_unit(numbers, "kDa"), checked_unit(numbers, ""), checked_unit(weighed, "")] == ["kDa", "", "g/mol"]
    with pytest.raises(ConfigurationError, match="answers in g/mol, not in 'kDa'"):
        checked_unit(weighed, "kDa")
    with pytest.raises(ConfigurationError, match="no number"):
        checked_unit(Task("ask", ("Is {molecule} so?",), "{so}", parser="yes_no"), "kDa")


def test_one_sample_has_no_spread() -> None:
    numbers = Task("weigh", ("How heavy is {molecule}",), "{weight}", parser="number")
    assert checked_method(numbers, None, 1, 0.9) == "absolute"
    assert checked_method(numbers, None, 8, 0.9) == "normalised"
    with pytest.raises(ConfigurationError, match="no spread"):
        checked_method(numbers, "normalised", 1, 0.9)
    with pytest.raises(ConfigurationError, match="num_samples is at least 1"):
        checked_method(numbers, None, 0, 0.9)
    with pytest.raises(ConfigurationError, match="between 0 and 1"):
        checked_method(numbers, None, 8, 1.0)
