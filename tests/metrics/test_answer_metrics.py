"""What holds of every metric of answers: order, repetition, nothing at all, nothing valid, items that make values."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from biomatrix.metrics.captions import molt5_caption_scores, smolinstruct_caption_scores
from biomatrix.metrics.drugassist.scores import optimisation_scores
from biomatrix.metrics.molt5 import molecule_scores
from biomatrix.metrics.multiple_choice import choice_scores
from biomatrix.metrics.opi import exact_label_scores, function_scores, holdout_scores, label_scores
from biomatrix.metrics.pfud import answer_scores
from biomatrix.metrics.rouge import rouge_scores
from biomatrix.metrics.s2_bench.scores import KnownMolecules, subtask_scores
from biomatrix.metrics.scores import Scores
from biomatrix.metrics.smolinstruct.booleans import boolean_scores
from biomatrix.metrics.smolinstruct.formula import formula_scores
from biomatrix.metrics.smolinstruct.names import name_scores
from biomatrix.metrics.smolinstruct.numbers import number_scores
from biomatrix.metrics.smolinstruct.smiles import smiles_scores

MOLECULES = ("CCO", "c1ccccc1O", "CC(=O)O.O", "C[C@H](N)C(=O)O", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C")
ANSWERS = (*MOLECULES, "OCC", "CC(", "", None, "C", "CCO.", "  ", "é", "nan")
TEXTS = ("Binds ATP and zinc ions.", "A kinase; binds ATP", "", "zinc", "The protein binds zinc, the ion of zinc.")
ROW = {"molecule": "CCO", "Instruction": "lower LogP", "added_group": "hydroxyl", "removed_group": "hydroxyl"}
KNOWN = KnownMolecules(["CCO", "CCN", "not one"])


@dataclass(frozen=True)
class Case:
    """A metric with references and answers to draw rows from.

    `bad` is an answer that is never right, `sets` the values that belong to all answers together.
    """

    name: str
    scores: Callable[[Sequence[Any], Sequence[Any]], Scores]
    references: Sequence[Any]
    answers: Sequence[Any]
    bad: Any
    right: Callable[[Any], Any] = lambda reference: reference
    sets: frozenset[str] = frozenset()


def _table(mapping: dict[str, float]) -> Callable[[str, str], float | None]:
    return lambda smiles, _: mapping.get(smiles)


CASES = (
    Case("smolinstruct smiles", smiles_scores, [[one] for one in MOLECULES], ANSWERS, "CC(", lambda one: one[0]),
    Case("formula", formula_scores, [["C2H6O"], ["H2O"], ["C5H14NO+"]], ("H6C2O", "H2O", "xyz?", "", None, "C"), "?",
         lambda one: one[0]),
    Case("name", name_scores, [["ethanol"], ["a;b"]], ("ethanol", "b;a", "", None, "x"), "?", lambda one: one[0]),
    Case("number", number_scores, ["1.5", "-2"], ("1", " -2 ", "two", "", None, "nan", "inf", "1_0"), "?",
         sets=frozenset({"rmse", "rmse_corrected"})),
    Case("boolean", boolean_scores, ["Yes", "No"], ("yes", " NO ", "", None, "perhaps"), "?",
         sets=frozenset({"roc_auc", "precision", "recall", "f1", "mcc"})),
    Case("molt5", molecule_scores, MOLECULES, ANSWERS, "CC(", sets=frozenset({"bleu"})),
    Case("rouge", rouge_scores, TEXTS, (*TEXTS, None), "?"),
    Case("pfud", answer_scores, TEXTS, (*TEXTS, None), "?", sets=frozenset({"bleu2"})),
    Case("labels", label_scores, ["a; b", "c"], ("b; a", "a", "c; c", "", None, "a; "), "?"),
    Case("exact label", exact_label_scores, ["a", "b"], ("a", "b", " a", "", None), "?"),
    Case("function", function_scores, TEXTS, (*TEXTS, None), "?"),
    Case("holdout", lambda true, mine: holdout_scores(true, mine, ["M"] * len(true), {"fold": ["M"]}), ["1", "2"],
         ("1", "2", "", None), "?"),
    *(Case(task, lambda true, mine, task=task: subtask_scores(task, true, mine, KNOWN), [ROW], ANSWERS, "CC(",
           lambda _: "CCO", frozenset({"wsr"})) for task in ("AddComponent", "DelComponent", "SubComponent", "LogP",
                                                              "MR", "QED")),
    *(Case(task, lambda true, mine, task=task: optimisation_scores(task, true, mine, _table({"CCO": 0.5, "C": 0.7})),
           ["CCO", "CCN"], ANSWERS, "CC(", lambda _: "CCO") for task in ("qed+", "acceptor+", "esol+", "herg-",
                                                                          "esol+acceptor+", "qed+bbbp+")),
    Case("choice", lambda true, mine: choice_scores(true, mine, ["one"] * len(true)), [0, 1], (0, 1, 2, None), None),
    Case("caption", lambda true, mine: smolinstruct_caption_scores(true, mine, str.split, None), TEXTS, (*TEXTS, None),
         "?", sets=frozenset({"bleu2", "bleu4"})),
    Case("molt5 caption", lambda true, mine: molt5_caption_scores(true, mine, str.split, None), TEXTS, (*TEXTS, None),
         "?", sets=frozenset({"bleu2", "bleu4"})),
)  # fmt: skip

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def drawn(case: Case, count: int, seed: int) -> tuple[list[Any], list[Any]]:
    draw = random.Random(seed)
    return draw.choices(case.references, k=count), draw.choices(case.answers, k=count)


def assert_same(first: Scores, second: Scores) -> None:
    assert first.keys() == second.keys()
    for name, score in first.items():
        assert score.value == pytest.approx(second[name].value, nan_ok=True, abs=1e-12), name


@every_case
@pytest.mark.parametrize("seed", range(2))
def test_the_order_of_rows_does_not_matter(case: Case, seed: int) -> None:
    references, answers = drawn(case, 30, seed)
    order = random.Random(seed).sample(range(30), 30)
    shuffled = [references[index] for index in order], [answers[index] for index in order]
    assert_same(case.scores(references, answers), case.scores(*shuffled))


@every_case
def test_rows_twice_give_the_same_values_and_twice_the_counts(case: Case) -> None:
    references, answers = drawn(case, 20, 7)
    once, twice = case.scores(references, answers), case.scores(references * 2, answers * 2)
    assert_same(once, twice)
    for name, score in once.items():
        other = twice[name]
        assert (other.n, other.denominator) == (2 * score.n, 2 * score.denominator)
        assert (other.empty, other.unparsable) == (2 * score.empty, 2 * score.unparsable)


@every_case
def test_nothing_has_no_value(case: Case) -> None:
    for score in case.scores([], []).values():
        assert math.isnan(score.value)
        assert (score.n, score.denominator, score.empty, score.unparsable) == (0, 0, 0, 0)


@every_case
def test_answers_that_are_never_right_are_counted_and_score_the_least(case: Case) -> None:
    references, _ = drawn(case, 5, 1)
    for name, score in case.scores(references, [case.bad] * 5).items():
        assert score.n == 5
        assert score.unparsable <= 5
        better_low = name.startswith(("levenshtein", "rmse"))
        assert better_low or name == "bleu" or math.isnan(score.value) or score.value <= 0, name


@every_case
@pytest.mark.parametrize(("more", "fewer"), [(3, 2), (0, 1)])
def test_as_many_references_as_answers(case: Case, more: int, fewer: int) -> None:
    references, answers = drawn(case, 3, 2)
    with pytest.raises(ValueError, match="beside"):
        case.scores(references[:more], answers[:fewer])


@every_case
@pytest.mark.parametrize("seed", range(2))
def test_items_make_the_value(case: Case, seed: int) -> None:
    references, answers = drawn(case, 25, seed)
    for name, score in case.scores(references, answers).items():
        assert (score.items is None) == (name in case.sets), name
        assert score.n == 25
        assert 0 <= score.empty + score.unparsable <= 25
        if score.items is not None:
            assert len(score.items) == 25
            counted = score.items[~np.isnan(score.items)]
            assert score.denominator == len(counted)
            assert score.value == pytest.approx(counted.mean() if len(counted) else math.nan, nan_ok=True)


@every_case
def test_the_right_answer_scores_no_worse_than_any_other(case: Case) -> None:
    references = [one for one in case.references if one]
    right = case.scores(references, [case.right(one) for one in references])
    for answer in case.answers:
        other = case.scores(references, [answer] * len(references))
        for name in {"em", "accuracy", "precision", "recall", "f1", "rouge_l", "bleu2", "similarity"} & right.keys():
            assert not other[name].value > right[name].value + 1e-9, (name, answer)
