"""Regression of affinities: ties, missing answers, constants, and agreement with SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomatrix.metrics.affinity_regression import affinity_regression, mean_ranks

NUMBERS = st.lists(st.integers(-6, 6).map(float), min_size=3, max_size=20)


@settings(max_examples=50, deadline=None)
@given(NUMBERS, st.randoms())
def test_correlations_equal_those_of_scipy_ties_included(values: list[float], random: object) -> None:
    stats = pytest.importorskip("scipy.stats")
    targets = [value * 0.5 + (i % 3) for i, value in enumerate(values)]
    found = affinity_regression(values, targets)
    if np.ptp(values) == 0 or np.ptp(targets) == 0:
        assert math.isnan(found["pearson"].value)
        return
    assert found["pearson"].value == pytest.approx(stats.pearsonr(values, targets)[0], abs=1e-9)
    assert found["spearman"].value == pytest.approx(stats.spearmanr(values, targets)[0], abs=1e-9)


def test_order_changes_nothing_and_duplicates_change_no_mean() -> None:
    found, targets = [1.0, 2.5, 4.0, 7.0], [1.5, 2.0, 5.0, 6.0]
    first = affinity_regression(found, targets)
    for other in (affinity_regression(found[::-1], targets[::-1]), affinity_regression(found * 2, targets * 2)):
        assert {name: score.value for name, score in other.items()} == pytest.approx(
            {name: score.value for name, score in first.items()}
        )


def test_a_missing_answer_is_left_out_and_costs_in_the_corrected_value() -> None:
    found = affinity_regression([1.0, math.nan, math.inf], [1.0, 4.0, 7.0], empty=1)
    assert (found["rmse"].value, found["rmse"].denominator) == (0.0, 1)
    assert (found["rmse"].empty, found["rmse"].unparsable) == (1, 1)
    assert found["rmse_corrected"].value == pytest.approx(math.sqrt((0 + 0 + 9) / 3))  # the mean target, 4, stands in
    assert affinity_regression([math.nan], [3.0], penalty=0.0)["mae_corrected"].value == 3.0


@pytest.mark.parametrize("predictions", [[], [math.nan, math.nan]])
def test_no_number_at_all_is_undefined(predictions: list[float]) -> None:
    found = affinity_regression(predictions, [2.0] * len(predictions))
    assert all(math.isnan(found[name].value) for name in ("rmse", "mae", "pearson", "spearman"))


def test_lengths_and_targets_are_checked() -> None:
    with pytest.raises(ValueError, match="one for each"):
        affinity_regression([1.0], [])
    with pytest.raises(ValueError, match="not finite"):
        affinity_regression([1.0], [math.nan])


def test_equal_values_share_their_mean_rank() -> None:
    assert mean_ranks(np.array([5.0, 5.0, 1.0, 5.0])).tolist() == [3.0, 3.0, 1.0, 3.0]
