"""Deltas of perturbations, hidden values, generated cells, gene pairs, and texts of types."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.metrics.cells.generation import knn_agreement, mean_profile_pearson
from biomatrix.metrics.cells.imputation import hidden_entries
from biomatrix.metrics.cells.pair_ranking import auroc, within_gene_auroc
from biomatrix.metrics.cells.perturbation import discrimination_score, response_scores
from biomatrix.metrics.cells.type_retrieval import type_retrieval

RNG = np.random.default_rng(0)
CONTROL = RNG.gamma(1.0, 1.0, 300)
CHANGE = np.where(RNG.random(300) < 0.1, RNG.normal(0, 2, 300), 0.0)


def test_no_change_is_nothing_by_delta_and_looks_good_by_expression() -> None:
    scores = response_scores(CONTROL, CONTROL + CHANGE, CONTROL)
    assert scores["pearson_delta"] == scores["pearson_delta_top"] == scores["direction_top"] == 0.0
    assert scores["pearson"] > 0.6
    right = response_scores(CONTROL + CHANGE, CONTROL + CHANGE, CONTROL)
    assert right["pearson_delta"] == right["direction_top"] == pytest.approx(1.0)
    assert right["mse"] == 0.0


def test_one_answer_for_all_perturbations_does_not_discriminate() -> None:
    truths = RNG.normal(size=(10, 50))
    assert discrimination_score(truths, truths).min() == 1.0
    constant = np.repeat(truths.mean(axis=0, keepdims=True), 10, axis=0)
    assert discrimination_score(constant, truths).mean() == pytest.approx(0.55)
    assert discrimination_score(np.zeros((4, 3)), np.ones((4, 3))).max() == 0.25


def test_only_detected_values_are_hidden_and_the_same_ones_each_time() -> None:
    values = np.where(RNG.random((40, 50)) < 0.3, 1.0, 0.0)
    rows, columns = hidden_entries(values, 0.2, seed=3)
    assert (values[rows, columns] > 0).all()
    assert len(rows) == pytest.approx(0.2 * values.sum(), rel=0.2)
    np.testing.assert_array_equal(rows, hidden_entries(values, 0.2, seed=3)[0])


def test_cells_of_the_asked_type_agree_and_others_do_not() -> None:
    real = np.concatenate([RNG.normal(size=(30, 5)), RNG.normal(size=(30, 5)) + 5])
    labels = np.repeat(["a", "b"], 30)
    assert knn_agreement(real + 0.1, labels, real, labels)["knn_agreement"] > 0.95
    assert knn_agreement(real, labels[::-1], real, labels)["a"] < 0.05
    assert mean_profile_pearson(real, labels, real, labels) == pytest.approx({"a": 1.0, "b": 1.0})


def test_a_base_rate_is_chance_within_a_gene() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    genes = RNG.integers(0, 20, 400)
    rates = RNG.random(20)
    labels = RNG.random(400) < rates[genes]
    assert auroc(labels, rates[genes]) == pytest.approx(metrics.roc_auc_score(labels, rates[genes]))
    within, count = within_gene_auroc(genes, labels, rates[genes])
    assert within == 0.5
    assert count == sum(0 < labels[genes == gene].mean() < 1 for gene in range(20))


def test_texts_of_types_are_found() -> None:
    texts = np.eye(4)
    labels = np.array(["a", "b", "c"] * 5)
    right = type_retrieval(texts[[0, 1, 2] * 5], labels, texts, ["a", "b", "c", "d"])
    assert right == {"recall_1": 1.0, "recall_3": 1.0, "precision_10": pytest.approx(0.5)}
