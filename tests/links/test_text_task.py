"""Links as a task in words: what is asked, and answers ranked by their log-odds."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from biomatrix.links.text_task import TASK_FILE, judge, log_odds
from biomatrix.tasks.benchmarks.answers import prediction_of
from biomatrix.tasks.benchmarks.definition_files import read_benchmarks
from biomatrix.tasks.benchmarks.examples import Example, Prediction
from biomatrix.tasks.benchmarks.judging import judge as judged
from biomatrix.tasks.benchmarks.loading import load_examples

TASK = read_benchmarks(TASK_FILE)["link_crispri"]


def row(answer: str, distance: int = 5) -> Example:
    return Example("x", {}, (answer,), facts={"distance": distance, "cell_type": "K562"})


def test_log_odds_rank_answers_of_both_words() -> None:
    said = [("No", 0.99), ("No", 0.6), ("Yes", 0.55), ("Yes", 0.9)]
    found = [log_odds(word, math.log(share)) for word, share in said]
    assert found == sorted(found)
    assert log_odds("Yes", 0.0) > 20


def test_unread_answers_come_last_and_are_counted() -> None:
    rows = [row("Yes"), row("No"), row("Yes", 200_000), row("No", 300_000)]
    given = [Prediction("Yes", logprob=math.log(0.9)), Prediction("No", logprob=math.log(0.9))]
    given += [Prediction("perhaps", None, "neither"), Prediction("", None, "empty")]
    found = judge(given, rows, {})
    assert found["auprc"].value == pytest.approx(0.5 * 1.0 + 0.5 * 0.5)
    assert found["auprc_beyond_100kb"].value == 0.5
    assert (found["auprc"].unparsable, found["auprc"].empty) == (1, 1)
    assert found["prevalence"].value == 0.5


def test_one_unknown_probability_leaves_the_word_alone() -> None:
    rows = [row("Yes"), row("No"), row("No")]
    found = judge([Prediction("Yes"), Prediction("No", logprob=-0.1), Prediction("Yes", logprob=-0.1)], rows, {})
    assert found["auprc"].value == 0.5
    assert "Yes and No alone" in found["auprc"].reason


def test_the_data_are_those_of_the_benchmark(shared: Path) -> None:
    folder = shared / "data" / "single_cell" / "crispri_links"
    rows = [one for one in load_examples(TASK.data, folder) if isinstance(one, Example)]
    assert (len(rows), sum(one.references == ("Yes",) for one in rows)) == (3_343, 140)
    assert len({one.key for one in rows}) == len(rows)
    for prompt in TASK.task.prompts:
        assert "{" not in prompt.format(**rows[0].fields)
    gold = [prediction_of(TASK, one.references[0]) for one in rows]
    assert judged(TASK, gold, rows)["auprc"].value == 1.0
    near = -np.log([one.facts["distance"] for one in rows])
    by_distance = [Prediction("Yes", logprob=float(value) - 1.0) for value in near]
    assert judged(TASK, by_distance, rows)["auprc"].value == pytest.approx(0.351, abs=0.002)
    assert len(list(load_examples(TASK.data, folder, "train"))) == 10_356
