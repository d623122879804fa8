"""Accuracy, macro-F1, abstaining, and distance in the ontology."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.metrics.cells.annotation import UNKNOWN, annotation_scores, macro_f1, risk_coverage
from biomatrix.metrics.cells.ontology import ontology_scores, relation

TREE = {
    "cell": frozenset[str](),
    "lymphocyte": frozenset({"cell"}),
    "T": frozenset({"lymphocyte", "cell"}),
    "CD4": frozenset({"T", "lymphocyte", "cell"}),
    "B": frozenset({"lymphocyte", "cell"}),
    "neuron": frozenset({"cell"}),
}


def test_macro_f1_is_that_of_scikit_learn_over_the_types_of_the_truth() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    truth, told = rng.choice(list("abcd"), 200), rng.choice(list("abcdef"), 200)
    expected = metrics.f1_score(truth, told, labels=sorted(set(truth)), average="macro", zero_division=0)
    assert macro_f1(truth, told) == pytest.approx(expected)


def test_unknown_is_wrong_in_accuracy_and_left_out_of_what_was_told() -> None:
    scores = annotation_scores(["B", "T", "T", "NK"], ["B", UNKNOWN, "T", "T"])
    assert scores["accuracy"].value == 0.5
    assert scores["unknown"].value == 0.25
    assert scores["accuracy_of_told"].value == pytest.approx(2 / 3)


def test_risk_does_not_depend_on_the_order_of_equally_certain_cells() -> None:
    rng = np.random.default_rng(1)
    right, sure = rng.random(60) < 0.7, np.round(rng.random(60), 1)
    order = rng.permutation(60)
    one, other = risk_coverage(right, sure), risk_coverage(right[order], sure[order])
    np.testing.assert_allclose(one.risk, other.risk)
    assert one.risk[-1] == pytest.approx(1 - right.mean())
    assert risk_coverage(right, right.astype(float)).area < one.area < risk_coverage(right, -right.astype(float)).area


def test_relations_in_the_ontology_are_told_apart() -> None:
    assert [relation("CD4", told, TREE, general=3) for told in ("CD4", "T", "B", "neuron", UNKNOWN)] == [
        "same", "ancestor", "related", "unrelated", "unknown",
    ]  # fmt: skip
    assert relation("T", "CD4", TREE) == "descendant"
    scores = ontology_scores(["CD4", "CD4", "T"], ["T", "neuron", "CD4"], TREE, general=3)
    assert scores["within_lineage"].value == pytest.approx(2 / 3)
