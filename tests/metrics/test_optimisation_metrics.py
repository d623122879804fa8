"""Answers to optimisation, and choices among options, are read strictly."""

from __future__ import annotations

import random
import string

import pytest
from rdkit import Chem

from biomatrix.metrics.drugassist.answers import read_answer
from biomatrix.metrics.drugassist.outcomes import TASKS, Outcome, acceptors, outcome
from biomatrix.metrics.drugassist.scores import optimisation_scores
from biomatrix.metrics.multiple_choice import chosen_option
from biomatrix.metrics.s2_bench.functional_groups import PATTERNS, group_counts
from biomatrix.metrics.s2_bench.scores import KnownMolecules, subtask_scores

OPTIONS = ("It is an acid", "It is a base", "It is a salt", "It is an acid salt")


def judged(task: str, before: float, after: float, strict: bool) -> Outcome:
    values = {"CCO": before, "CCN": after}
    return outcome(task, "CCO", "CCN", strict=strict, look_up=lambda smiles, _: values[smiles])


def test_thresholds_are_open_and_saturated_inputs_need_any_gain() -> None:
    assert judged("bbbp+", 0.5, 0.55, False) == Outcome.SUCCESS
    assert judged("bbbp+", 0.5, 0.55, True) == Outcome.FAILURE
    assert judged("bbbp+", 0.91, 0.92, True) == Outcome.SUCCESS
    assert judged("herg-", 0.09, 0.08, True) == Outcome.SUCCESS
    assert judged("herg-", 0.5, 0.45, True) == Outcome.FAILURE
    assert [judged("esol+", 0, gain, True) == Outcome.SUCCESS for gain in (0.5, 1.0, 1.5)] == [False, True, False]
    assert judged("esol+", 0, 1.5, False) == Outcome.SUCCESS


@pytest.mark.parametrize("task", TASKS)
def test_invalid_before_unknown(task: str) -> None:
    none = lambda *_: None  # noqa: E731
    for answer in ("CC(", "  ", "C" * 201):
        assert outcome(task, "CCO", answer, strict=True, look_up=none) == Outcome.INVALID
    looked_up = any(isinstance(aim.property, str) for aim in TASKS[task])
    assert (outcome(task, "CCO", "CCN", strict=False, look_up=none) == Outcome.UNKNOWN) == looked_up


def test_empty_answers_are_valid_officially_and_not_correctly() -> None:
    scores = optimisation_scores("acceptor+", ["CCO"] * 2, ["", "OCCO"])
    assert (scores["validity_loose"].value, scores["validity_loose_corrected"].value) == (1.0, 0.5)
    assert (scores["correct_loose"].value, scores["correct_strict"].value) == (0.5, 0.0)


def test_acceptors_are_those_of_lipinski() -> None:
    assert acceptors(Chem.MolFromSmiles("CN1C=NC2=C1C(=O)N(C(=O)N2C)C")) == 6


def test_unknown_tasks_and_bad_sources_are_errors() -> None:
    with pytest.raises(ValueError, match="no task"):
        optimisation_scores("gold+", ["CCO"], ["C"])
    with pytest.raises(ValueError, match="does not parse"):
        optimisation_scores("qed+", ["CC("], ["C"])
    with pytest.raises(ValueError, match="no sub-task"):
        subtask_scores("Gold", [{}], ["C"])


@pytest.mark.parametrize("seed", range(3))
def test_any_answer_is_read_to_a_string(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(500):
        text = "".join(draw.choices('CNO ()":.->\n\r' + string.printable, k=draw.randrange(60)))
        assert isinstance(read_answer(text), str)
        assert chosen_option(text, OPTIONS) in (None, 0, 1, 2, 3)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("A", 0), ("b", 1), ("(C)", 2), ("D.", 3), ("Answer: B", 1), ("The correct answer is (c).", 2), ("option a", 0),
        ("B. It is a base", 1), ("it is a BASE.", 1), ("It is an acid salt", 3), ("A) It is an acid", 0),
        ("", None), ("E", None), ("AB", None), ("A or B", None), ("A, B", None), ("B. It is an acid", None),
        ("not B", None), ("an acid", None), ("It is an acid or it is a base", None), ("A B C D", None),
        ("Answer:", None),
    ],
)  # fmt: skip
def test_choices_are_read_strictly(answer: str, expected: int | None) -> None:
    assert chosen_option(answer, OPTIONS) == expected


def test_groups_count_as_documented() -> None:
    acid = group_counts(Chem.MolFromSmiles("CC(=O)O"))
    assert {name for name, number in acid.items() if number} == {"hydroxyl", "carboxyl"}
    assert group_counts(Chem.MolFromSmiles("CC(=O)OC(C)=O"))["ester"] == 2
    assert group_counts(Chem.MolFromSmiles("CSSC"))["sulfide"] == 1
    assert set(acid) == set(PATTERNS)


def test_success_is_weighted_by_its_own_similarity_when_corrected() -> None:
    rows = [{"molecule": "CCO", "Instruction": "lower LogP"}] * 2
    scores = subtask_scores("LogP", rows, ["OCCO", "CCCCCCCC"])
    assert scores["sr"].value == 0.5
    items = scores["similarity"].items
    assert items is not None
    assert scores["wsr"].value == pytest.approx(0.5 * items.mean())
    assert scores["wsr_corrected"].value == pytest.approx(items[0] / 2)


def test_novelty_is_to_the_nearest_known_molecule() -> None:
    known = KnownMolecules(["CCO", "c1ccccc1"])
    row = {"single": 2, "double": 0, "triple": 0, "rotatable": 0, "aromatic": 0}
    scores = subtask_scores("BondNum", [row] * 2, ["CCO", "NCCCCN"], known)
    items = scores["novelty"].items
    assert items is not None
    assert items[0] == 0
    assert 0 < items[1] < 1
    assert "novelty" not in subtask_scores("BondNum", [row], ["CCO"])


def test_blank_lines_shift_what_follows_them() -> None:
    rows = [{"molecule": "CCO", "Instruction": way} for way in ("lower LogP", "lower LogP", "higher LogP")]
    answers = ["OCCO", "", "CCCCCC"]
    scores = subtask_scores("LogP", rows, answers)
    assert (scores["sr"].value, scores["sr_shifted"].value) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    full = subtask_scores("LogP", rows, ["OCCO", "C(", "CCCCCC"])
    assert full["sr_shifted"].value == full["sr"].value == pytest.approx(2 / 3)
