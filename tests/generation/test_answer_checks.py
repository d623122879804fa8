"""Answers check themselves: alone, beside their other segments, against what was asked, and their text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from biomatrix.entities import Molecule, Protein
from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.generation import Model
from biomatrix.generation.answer_checks import asked_number
from biomatrix.generation.answers import Answer, read_answer
from biomatrix.tasks import Task, task
from biomatrix.trust.text_checks import AskedNumber
from biomatrix.vocabulary import Vocabulary


def answer_of(vocabulary: Vocabulary, *parts: object, output: str | None = None) -> Answer:
    ids = vocabulary.encode(list(parts))
    return read_answer(vocabulary, ids, output=output, logprobs=[0.0] * len(ids), complete=True)


def verdicts(answer: Answer, *arguments: object) -> dict[str, bool | None]:
    return {check.name: check.passed for check in answer.check(*arguments)}  # type: ignore[arg-type]


def test_segments_of_one_answer_are_held_against_each_other(vocabulary: Vocabulary) -> None:
    ethanol, ethylamine = Molecule.from_smiles("CCO"), Molecule.from_smiles("CCN")
    same = answer_of(vocabulary, (ethanol, "molecule_smiles"), (ethanol, "molecule_selfies"))
    assert {check.name: check.passed for check in same.checks}["same graph as molecule_selfies"] is True
    other = answer_of(vocabulary, (ethanol, "molecule_smiles"), (ethylamine, "molecule_selfies"))
    assert verdicts(other, "fast")["same graph as molecule_selfies"] is False


def test_the_entity_is_held_against_what_was_asked(vocabulary: Vocabulary) -> None:
    answer = answer_of(vocabulary, (Molecule.from_smiles("CCO"), "molecule_smiles"), output="molecule_smiles")
    assert verdicts(answer, "fast", Molecule.from_smiles("OCC"))["same graph as asked"] is True
    assert verdicts(answer, "fast", Molecule.from_smiles("OCCC"))["same graph as asked"] is False


def test_levels_off_and_unknown(vocabulary: Vocabulary) -> None:
    answer = answer_of(vocabulary, (Protein("MKV"), "protein_sequence"), output="protein_sequence")
    assert answer.check("off") == []
    assert answer.checks == answer.check("fast")
    with pytest.raises(ConfigurationError, match="no level"):
        answer.check("slow")  # type: ignore[arg-type]


def test_text_is_checked_where_there_is_text(vocabulary: Vocabulary) -> None:
    answer = answer_of(vocabulary, "It weighs 180 Da: CC(=O)Oc1ccccc1C(=O)O")
    found = verdicts(answer, "fast", None, AskedNumber("Da", 0, 2000))
    assert found["number with its unit"] is True
    assert found["number in range"] is True
    assert found["molecules mentioned exist"] is True


def test_the_number_of_a_task_is_among_the_checks_of_its_answers(model: Model, vocabulary: Vocabulary) -> None:
    number = asked_number(task("predict_hydration"))
    (written,) = model.generate("Write.", max_new_tokens=2, number=number)
    assert written.number == number
    found = {}
    for text in ("-4.2", "-17.6 kJ/mol", "nothing", "3 nm", "-4000"):
        answer = replace(answer_of(vocabulary, text), number=number)
        checks = {check.name: check for check in answer.checks}
        found[text] = checks["number with its unit"].passed, checks["number in range"].passed
        assert (found[text] == (True, True)) == (not answer.confidence.verdict.failed)  # type: ignore[union-attr]
        assert replace(answer, level="off").checks == []
    assert list(found.values()) == [(True, True), (True, True), (False, None), (False, None), (True, False)]
    assert asked_number(task("fold_protein")) is None
    assert asked_number(Task("score", ("Score {molecule}",), "{s}", parser="number", unit="points")) is not None


def test_a_broken_segment_in_text_is_a_fault(vocabulary: Vocabulary) -> None:
    ids = vocabulary.encode(["See ", (Protein("MKV"), "protein_sequence")])[:-1]
    answer = read_answer(vocabulary, ids, output=None, logprobs=[0.0] * len(ids), complete=False)
    found = verdicts(answer, "fast")
    assert found["segments balanced"] is False
    assert found["segments decode"] is False


def test_an_answer_is_relaxed_on_request(vocabulary: Vocabulary) -> None:
    answer = answer_of(vocabulary, (Molecule.from_smiles("CCO"), "molecule_smiles"), output="molecule_smiles")
    with pytest.raises(UnsupportedError, match="without a structure"):
        answer.relaxed("mmff")
    with pytest.raises(UnsupportedError, match="the answer is text"):
        answer_of(vocabulary, "words").relaxed("mmff")


def test_a_model_scores_a_structure_given_sequences(model: Model) -> None:
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(8, 3, 3)).astype(np.float32) + 3.8 * np.arange(8, dtype=np.float32)[:, None, None]
    check = model.check_agreement(Protein("MKVLAAGW", steps), decoys=3)
    assert check.value is not None
    assert "of 4" in check.detail
    assert check == model.check_agreement(Protein("MKVLAAGW", steps), decoys=3)
