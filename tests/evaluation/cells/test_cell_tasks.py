"""Splits that are never random unasked, results that never stand alone, and floors that are the known ones."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.baselines.cells.annotation import Told, majority, markers, shuffled
from biomatrix.evaluation.baselines.cells.base_rates import base_rates
from biomatrix.evaluation.baselines.cells.features import lsi, principal_components, rank_features
from biomatrix.evaluation.baselines.cells.perturbation import (
    PREDICTORS,
    UnseenType,
    control_and_mean_delta,
    mean_of_perturbed,
    weighted_response,
)
from biomatrix.evaluation.baselines.cells.unigram import unigram_cells
from biomatrix.evaluation.cells.annotation import annotation_result
from biomatrix.evaluation.cells.cell_ontology import ids_of_labels, read_ancestors
from biomatrix.evaluation.cells.filling import filling_result
from biomatrix.evaluation.cells.labelled_cells import LabelledCells
from biomatrix.evaluation.cells.response import response_result
from biomatrix.evaluation.cells.results import CellResult, Row
from biomatrix.evaluation.cells.split import random_split, split_at, split_by
from biomatrix.evaluation.cells.task_list import cell_task, cell_tasks
from biomatrix.evaluation.cells.text_questions import TEXT_TASKS
from biomatrix.metrics.cells.ontology import relation
from biomatrix.tasks.benchmarks.answers import prediction_of
from biomatrix.tasks.benchmarks.definition_faults import definition_faults
from biomatrix.tasks.benchmarks.definition_files import read_benchmarks
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.judging import judge
from biomatrix.tasks.benchmarks.loading import load_examples

RNG = np.random.default_rng(0)


def made_cells() -> LabelledCells:
    """Return counts of three types of two donors, each type with genes of its own."""
    labels = np.array(["a", "b", "c"] * 40)
    rates = np.full((120, 30), 0.3)
    for place, name in enumerate("abc"):
        rates[np.ix_(labels == name, np.arange(5) + 5 * place)] = 6.0
    donor = np.repeat(["d1", "d2"], 60)
    genes = np.array([f"G{number}" for number in range(30)])
    return LabelledCells(
        RNG.poisson(rates).astype(float),
        genes,
        labels,
        {"donor": donor, "split": np.where(donor == "d1", "train", "test")},
    )


def test_a_random_split_is_refused_unless_asked_for() -> None:
    with pytest.raises(ConfigurationError, match="asked_for"):
        random_split(100)
    split = random_split(100, 0.2, asked_for=True)
    assert split.column == "random"
    assert split.test.sum() == 20
    assert not (split.train & split.test).any()


def test_a_donor_on_both_sides_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="donor '1' is in training and test"):
        split_by("donor", ["1", "1", "2"], ["train", "test", "test"])
    columns = {"donor": ["1", "1", "2", "2"], "condition": ["x", "y", "x", "y"]}
    split = split_at(columns, {"donor": ["1"], "condition": ["x"]}, {"donor": ["2"], "condition": ["y"]})
    assert split.column == "donor and condition"
    assert (split.train.tolist(), split.test.tolist()) == ([True, False, False, False], [False, False, False, True])
    with pytest.raises(ConfigurationError, match="apart"):
        split_at(columns, {"donor": ["1", "2"]}, {"donor": ["2"]})


def test_a_model_never_stands_without_floors() -> None:
    with pytest.raises(ConfigurationError, match="floors"):
        CellResult("t", "donor", 1, 1, "accuracy", (Row("mine", {"accuracy": 1.0}, "model"),))


def test_annotation_prints_split_floors_and_shuffled_labels_beside_the_model() -> None:
    pytest.importorskip("sklearn")
    cells, task = made_cells(), cell_task("kang_annotation")
    split = split_by("donor", cells.columns["donor"], cells.columns["split"])
    lists = {name: [f"G{5 * place}", f"G{5 * place + 1}"] for place, name in enumerate("abc")}
    result = annotation_result(
        task, cells, split, lists, {"mine": lambda train, asked: majority(train.labels, len(asked))}
    )
    assert [row.role for row in result.rows].count("control") == 1
    assert all("| donor (60/60) |" in line for line in result.table().splitlines()[2:])
    assert result.score("LR on ranks top 50") > 0.95 > 0.6 > result.score("shuffled labels")
    assert result.score("markers") > 0.9
    assert result.score("majority") == result.score("mine") == pytest.approx(1 / 3)


def test_answers_are_told_apart_by_the_ontology_and_unknown_comes_last_on_the_curve() -> None:
    pytest.importorskip("sklearn")
    made = made_cells()
    ids = {"a": "CL:1", "b": "CL:2", "c": "CL:3"}
    columns = {**made.columns, "cell_ontology_id": np.array([ids[each] for each in made.labels])}
    cells, task = replace(made, columns=columns), cell_task("kang_annotation")
    split = split_by("donor", cells.columns["donor"], cells.columns["split"])
    above = {"CL:1": frozenset({"CL:0"}), "CL:2": frozenset({"CL:1", "CL:0"}), "CL:3": frozenset[str]()}

    def coarse(train: LabelledCells, asked: LabelledCells) -> Told:
        """Tell the ancestor of b, and of c that it is not known, however sure of that."""
        told = np.array([{"a": "a", "b": "a", "c": "unknown"}[each] for each in asked.labels])
        return Told(told, np.where(told == "unknown", 1.0, np.where(asked.labels == "a", 0.9, 0.5)))

    scores = annotation_result(task, cells, split, None, {"coarse": coarse}, above).rows[-1].scores
    third = pytest.approx(1 / 3)
    assert (scores["accuracy"], scores["ancestor"], scores["unknown"], scores["told_at_5%"]) == (third,) * 4
    assert (scores["unrelated"], scores["within_lineage"]) == (0.0, pytest.approx(2 / 3))
    assert ids_of_labels(made) == {}


def test_the_ontology_is_read(shared: Path, tmp_path: Path) -> None:
    above = read_ancestors(shared / "data" / "single_cell")
    t_cell, cd4, cd8, b_cell, monocyte = "CL:0000084", "CL:0000624", "CL:0000625", "CL:0000236", "CL:0000576"
    asked = (t_cell, cd8, b_cell, monocyte)
    assert [relation(cd4, each, above) for each in asked] == ["ancestor", "related", "related", "unrelated"]
    with pytest.raises(ConfigurationError, match="no such file"):
        read_ancestors(tmp_path)


def test_features_learn_nothing_from_asked_cells() -> None:
    values, train = RNG.random((40, 60)), np.arange(40) < 25
    changed = values.copy()
    changed[~train] *= 3
    for features in (
        partial(principal_components, count=5, exact=True),
        partial(lsi, count=5),
    ):
        np.testing.assert_allclose(features(values, train)[train], features(changed, train)[train], atol=1e-9)


def test_components_are_those_of_the_singular_values() -> None:
    for shape in ((20, 50), (50, 20)):
        values, train = RNG.random(shape), np.ones(shape[0], dtype=bool)
        found = principal_components(values, train, 3, whiten=False, exact=True)
        scale = np.linalg.svd(values - values.mean(axis=0), compute_uv=False)[:3]
        np.testing.assert_allclose(np.linalg.norm(found, axis=0), scale)


def test_ranks_do_not_depend_on_the_order_of_cells() -> None:
    values = RNG.integers(0, 4, (30, 50)).astype(float)
    order = RNG.permutation(30)
    np.testing.assert_array_equal(rank_features(values, 10)[order], rank_features(values[order], 10))
    assert ((rank_features(values, 10) > 0).sum(axis=1) <= 10).all()


def test_weights_and_shares_span_the_two_means() -> None:
    names = ("b", "c", "d")
    asked = UnseenType("a", RNG.random(30), {n: RNG.random(30) for n in names}, {n: RNG.random(30) for n in names})
    even = dict.fromkeys(names, 1 / 3)
    np.testing.assert_allclose(weighted_response(asked, even, 0.0), mean_of_perturbed(asked))
    np.testing.assert_allclose(weighted_response(asked, even, 1.0), control_and_mean_delta(asked))
    with pytest.raises(ValueError, match="no training cells"):
        PREDICTORS["same type, other donor"](asked)


def test_unigram_cells_repeat_no_gene_and_hold_only_seen_ones() -> None:
    values = np.where(RNG.random((20, 40)) < 0.3, RNG.random((20, 40)), 0.0)
    values[:, 35:] = 0
    lists = unigram_cells(values, 50, np.random.default_rng(0), top=15)
    for each in lists:
        genes = each[each >= 0]
        assert len(set(genes)) == len(genes) > 0
        assert genes.max() < 35


def test_small_baselines() -> None:
    assert set(majority(np.array(["b", "a"]), 3).types) == {"a"}
    assert sorted(shuffled(np.array(["b", "a", "c"]))) == ["a", "b", "c"]
    assert base_rates(["g", "g", "h"], [1, 1, 0], ["g", "h", "new"]).round(2).tolist() == [0.89, 0.33, 0.67]
    with pytest.raises(ConfigurationError, match="no marker"):
        markers(RNG.random((3, 2)), ["A", "B"], {"T": ["C"]})


def test_every_task_says_its_data_split_metric_and_floor() -> None:
    assert {task.question for task in cell_tasks().values()} == {
        "annotation", "integration", "perturbation", "imputation", "generation", "description",
    }  # fmt: skip
    with pytest.raises(ConfigurationError, match="no task"):
        cell_task("kang_anotation")


def test_known_floors_of_perturbation_and_imputation(shared: Path) -> None:
    pytest.importorskip("anndata")
    folder = shared / "data" / "single_cell"
    task = cell_task("kang_response")
    cells = task.cells(folder)
    split = task.sides(cells)
    result = response_result(task, cells, split)
    for name, known in (
        ("no change", 0.0),
        ("mean of perturbed", 0.584),
        ("control + mean delta", 0.732),
        ("genes permuted", 0.027),
    ):
        assert result.score(name) == pytest.approx(known, abs=5e-4)
    assert result.score("response of relatives") > 0.78
    filled = filling_result(cell_task("kang_imputation"), cells, split)
    assert filled.score("gene mean") == pytest.approx(0.667, abs=0.01)
    assert filled.score("mean of detected") == pytest.approx(0.725, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("pbmc_annotation", {"majority": 0.293, "LR on PCA50": 0.948, "LR on ranks top 200": 0.980}),
        ("kang_annotation", {"majority": 0.162, "LR on PCA50": 0.900, "LR on log expression": 0.923}),
        ("atac_annotation", {"majority": 0.046, "LR on TF-IDF": 0.747, "LR on binary": 0.575}),
    ],
)  # fmt: skip
def test_known_floors_of_annotation(shared: Path, name: str, known: dict[str, float]) -> None:
    pytest.importorskip("anndata")
    pytest.importorskip("sklearn")
    task = cell_task(name)
    cells = task.cells(shared / "data" / "single_cell")
    result = annotation_result(task, cells, task.sides(cells))
    for method, figure in known.items():
        assert result.score(method) == pytest.approx(figure, abs=0.01), method


def test_a_cell_is_asked_in_words_and_judged(shared: Path) -> None:
    pytest.importorskip("anndata")
    benchmark = read_benchmarks(TEXT_TASKS)["annotate_kang"]
    assert list(definition_faults(benchmark)) == []
    asked = list(load_examples(benchmark.data, shared / "data" / "single_cell" / "kang_ifnb"))
    assert len(asked) == 481
    first = asked[0]
    assert isinstance(first, Example)
    assert first.facts["split_column"] == "donor"
    assert len(str(first.fields["genes"]).split()) == 100
    rows = [each for each in asked if isinstance(each, Example)]
    told = [prediction_of(benchmark, each.references[0] if place % 2 else "unknown") for place, each in enumerate(rows)]
    scores = judge(benchmark, told, rows)
    assert scores["unknown"].value == pytest.approx(241 / 481)
    assert scores["accuracy_of_told"].value == 1.0
    assert prediction_of(benchmark, "a cell of some kind").fault
