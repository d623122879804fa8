"""Folding and inverse folding: missing answers, lengths that differ, rigid motions."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.metrics.protein_design import NAMES, best_of_designs, compare_backbones, folding, recovery

Array = NDArray[np.float64]


def backbone(n: int = 30, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(n, 3))
    ca = np.cumsum(3.8 * steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0)
    return np.stack([ca - [1.2, 0.7, 0.1], ca, ca - [-1.1, -0.6, -0.7]], axis=1)


def test_numbers_do_not_depend_on_where_a_structure_lies() -> None:
    native = backbone()
    predicted = native + np.random.default_rng(1).normal(size=native.shape) * 0.5
    rotation, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    first, second = compare_backbones(predicted, native), compare_backbones(predicted @ rotation.T + 30, native)
    assert {name: first[name] for name in NAMES} == pytest.approx({name: second[name] for name in NAMES}, abs=1e-6)


def test_the_published_evaluator_sees_a_third_of_the_chain() -> None:
    native = backbone(30)
    predicted = native.copy()
    predicted[10:] = backbone(20, seed=5) + 40
    row = compare_backbones(predicted, native)
    assert row["tm_score_third"] == pytest.approx(1.0)
    assert row["tm_score"] < 0.7


def test_a_missing_structure_is_left_out_and_counts_as_nothing_in_the_corrected_mean() -> None:
    native = backbone()
    found = folding([native, None], [native, native])
    assert (found["tm_score"].value, found["tm_score"].empty) == (pytest.approx(1.0), 1)
    assert found["tm_score_corrected"].value == pytest.approx(0.5)
    assert found["rmsd"].denominator == 1


def test_unresolved_residues_are_left_out_of_every_number() -> None:
    native = backbone()
    predicted = native.copy()
    native[3:6], native[8] = 0.0, np.nan
    predicted[20] = np.nan
    row = compare_backbones(predicted, native)
    assert row["rmsd"] == pytest.approx(0.0, abs=1e-6)
    assert row["tm_score"] == pytest.approx(1.0)


def test_order_changes_no_mean_and_nothing_gives_no_mean() -> None:
    natives = [backbone(20, seed) for seed in range(3)]
    predicted = [native + np.random.default_rng(i).normal(size=native.shape) for i, native in enumerate(natives)]
    first, second = folding(predicted, natives), folding(predicted[::-1], natives[::-1])
    assert first["tm_score"].value == pytest.approx(second["tm_score"].value)
    assert np.isnan(folding([], [])["rmsd"].value)
    assert np.isnan(compare_backbones(backbone(4), backbone(4))["rmsd"])


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="shapes"):
        compare_backbones(backbone(10), backbone(11))
    with pytest.raises(ValueError, match="one for each"):
        folding([backbone()], [])


def test_recovery_is_the_plain_mean_over_proteins() -> None:
    found = recovery(["AAAA", "AC"], ["AAAC", "GG"])
    assert found["aar"].value == pytest.approx((3 / 4 + 0) / 2)
    assert found["aar_residues"].value == pytest.approx(3 / 6)


def test_recovery_leaves_out_what_cannot_be_compared_and_says_so() -> None:
    found = recovery(["AAAA", "", "AAA"], ["AAAA", "AAAA", "AAAA"])
    assert (found["aar"].value, found["aar"].empty, found["aar"].unparsable) == (1.0, 1, 1)
    assert found["aar_corrected"].value == pytest.approx(1 / 3)
    assert np.isnan(recovery([], [])["aar"].value)
    with pytest.raises(ValueError, match="one for each"):
        recovery(["A"], [])


def test_the_best_of_designs_is_the_highest_that_is_a_number() -> None:
    assert best_of_designs([float("nan"), 0.2, 0.7, 0.1]) == 2
