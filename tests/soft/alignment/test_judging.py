"""Controls: what must fail does, what has to be beaten is computed as said, and the sentence is honest."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.soft.alignment.fitting import FitSettings, TextTable, fit_contrastive, projected, ridge_map
from biomatrix.soft.alignment.judging import (
    ALIGNED,
    CLASSIFICATION,
    LEFT_OUT,
    NEAREST,
    RANDOM_TEXTS,
    RIDGE,
    SHUFFLED,
    UNTRAINED,
    Row,
    Side,
    judge,
    left_out_rows,
    verdict,
)
from biomatrix.soft.alignment.linear_map import LinearMap
from biomatrix.soft.alignment.retrieval import Recall
from biomatrix.soft.alignment.settings import AlignmentSettings
from biomatrix.soft.projector import ProjectorSettings

from .made_pairs import made_side

SETTINGS = FitSettings(ProjectorSettings(layers=1), AlignmentSettings(epochs=60, batch_size=64, learning_rate=3e-3))


def classes(count: int, seed: int) -> Side:
    """Return pairs of five keys whose vectors lie round five points, each key with one text."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(5).normal(size=(5, 24))
    texts = np.random.default_rng(6).normal(size=(5, 16)).astype(np.float32)
    which = rng.integers(5, size=count)
    vectors = (centres[which] + 0.2 * rng.normal(size=(count, 24))).astype(np.float32)
    names = tuple(f"type {number}" for number in range(5))
    return Side(vectors[:, None], tuple(f"t{at}" for at in which), TextTable(names, texts, which[:, None]))


def judged(train: Side, test: Side) -> tuple[dict[str, float], str]:
    projector, _ = fit_contrastive(train.vectors, train.keys, train.table, SETTINGS)
    rows = judge(train, test, lambda vectors: projected(projector, vectors), SETTINGS)
    assert all({"to_text", "to_entity"} == set(row.found) for row in rows)
    return {row.name: row.found["to_text"].within[1] for row in rows}, verdict(rows, train.keys, test.keys)


def test_where_texts_can_be_read_controls_fail_and_baselines_are_beaten_or_not_but_shown() -> None:
    found, told = judged(made_side(400), made_side(60, seed=1))
    assert set(found) == {ALIGNED, RIDGE, NEAREST, UNTRAINED, SHUFFLED, RANDOM_TEXTS}
    assert found[ALIGNED] > 0.8
    assert found[RIDGE] > 0.8
    assert max(found[SHUFFLED], found[RANDOM_TEXTS], found[UNTRAINED]) < 0.15
    assert "were not in training" in told
    assert CLASSIFICATION not in told


def test_where_keys_were_all_seen_random_texts_do_as_well_and_the_report_says_so() -> None:
    train, test = classes(200, 1), classes(60, 2)
    found, told = judged(train, test)
    assert found[ALIGNED] > 0.95
    assert found[RANDOM_TEXTS] > 0.95
    assert found[SHUFFLED] < 0.6
    assert told == CLASSIFICATION
    rows = left_out_rows(train, test, SETTINGS)
    assert rows[0].name == LEFT_OUT
    assert rows[0].found["to_text"].asked == 60
    assert rows[0].found["to_text"].within[1] < 0.4


@pytest.mark.parametrize(
    ("found", "keys", "says"),
    [
        (
            (1.0, 0.25, 0.25),
            4,
            "they must: shuffled pairs and random vectors for texts. 4 keys are few: guessing finds 0.25",
        ),
        (
            (0.9, 0.1, 0.6),
            50,
            "must: shuffled pairs. Controls that do not fail, so that nothing is shown: random vectors",
        ),
        ((0.02, 0.02, 0.02), 50, "do not fail, so that nothing is shown: shuffled pairs and random vectors for texts."),
        ((0.9,), 50, "The controls that are trained were left out."),
    ],
)
def test_the_sentence_tells_controls_that_fail_from_those_that_do_not(
    found: tuple[float, ...], keys: int, says: str
) -> None:
    names = (ALIGNED, SHUFFLED, RANDOM_TEXTS)
    rows = [
        Row(name, "control", {"to_text": Recall({1: share}, 1.0, keys, keys, keys)})
        for name, share in zip(names, found, strict=False)
    ]
    assert says in verdict(rows, ["seen"], [f"unseen {number}" for number in range(keys)])


def test_a_projector_of_one_layer_can_start_as_ridge_regression() -> None:
    train, test = made_side(200), made_side(40, seed=1)
    settings = FitSettings(
        ProjectorSettings(layers=1),
        AlignmentSettings(epochs=1, batch_size=200, learning_rate=1e-9, held_out=0.0),
        from_ridge=True,
    )
    projector, _ = fit_contrastive(train.vectors, train.keys, train.table, settings)
    found = projected(projector, test.vectors)
    wanted = ridge_map(train.vectors, train.keys, train.table, 0)(test.vectors)
    cosines = (found * wanted).sum(axis=1) / np.linalg.norm(found, axis=1) / np.linalg.norm(wanted, axis=1)
    assert cosines.min() > 0.9999


def test_both_forms_of_the_closed_solution_agree() -> None:
    rng = np.random.default_rng(0)
    wide, tall = rng.normal(size=(20, 50)), rng.normal(size=(50, 20))
    for vectors in (wide, tall):
        targets = rng.normal(size=(len(vectors), 3))
        fitted = LinearMap.fit(vectors, targets, 0.1)
        centred = vectors - vectors.mean(axis=0)
        ridge = 0.1 * (centred**2).sum(axis=1).mean()
        wanted = np.linalg.solve(
            centred.T @ centred + ridge * np.eye(vectors.shape[1]), centred.T @ (targets - targets.mean(axis=0))
        )
        assert np.allclose(fitted.weights, wanted)
