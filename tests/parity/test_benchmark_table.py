"""The benchmarks against the table of the published ones: names, metrics, directions, sizes, groups, scales."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest

from biomatrix.tasks.benchmarks.published import published_scores
from biomatrix.tasks.benchmarks.registry import package_benchmarks

from ..conftest import shared_folder

_PERCENT = {*range(7, 11), 15, *range(18, 27), 28}
"""Tables that print percent, those of them that hold a share; errors, scores and TM-scores are as they are."""
_SHARES = {
    "em", "validity", "fts", "accuracy", "meteor", "precision", "recall", "f1", "rouge_1", "rouge_2", "rouge_l",
    "bleu2", "aar", "plddt_gt70", "pae_lt10", "keyword_recovery", "retrieval_acc", "seq_diversity",
}  # fmt: skip


def _table() -> Mapping[str, Mapping[str, str]]:
    folder = shared_folder()
    if folder is None:
        return {}
    with (folder / "spec" / "tasks.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


TABLE = _table()


def test_the_names_are_those_of_the_table(shared: Path) -> None:
    assert set(package_benchmarks()) == set(TABLE)
    assert len(TABLE) == 80


@pytest.mark.parametrize("name", list(TABLE))
def test_a_benchmark_is_that_of_the_table(name: str) -> None:
    one, row = package_benchmarks()[name], TABLE[name]
    directions = [word == "true" for word in row["higher_is_better"].split(";")]
    assert {metric.name: metric.higher_is_better for metric in one.metrics} == dict(
        zip(row["metrics"].split(";"), directions, strict=True)
    )
    assert one.published_train == (int(row["n_train"]) if row["n_train"] else None)
    assert one.published_test == (int(row["n_test"]) if row["n_test"] else None)
    group = row["sft_group"].partition(" (")[0]
    assert one.sft_group == ("" if group == "not stated" else group)
    assert (one.domain, one.modality) == (row["domain"], row["modality"])


@pytest.mark.parametrize("name", list(TABLE))
def test_shares_stand_beside_published_ones_in_their_scale(name: str) -> None:
    for metric in package_benchmarks()[name].metrics:
        printed = [score for score in published_scores(name) if score.metric == metric.name]
        is_percent = metric.name in _SHARES and {score.table for score in printed} <= _PERCENT
        assert metric.published_scale == (100.0 if is_percent else 1.0), metric.name
        if is_percent:
            assert 1.0 < max(score.value for score in printed) <= 100.0, metric.name
