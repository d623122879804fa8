"""Distances between samples."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.metrics.distributions import squared_mmd, thinned


def test_a_sample_is_no_distance_from_itself() -> None:
    values = np.random.default_rng(0).normal(1.5, 0.03, size=700)
    assert squared_mmd(values, values, 0.05) == pytest.approx(0.0, abs=1e-12)
    assert squared_mmd(values, values[::-1].copy(), 0.05) == pytest.approx(0.0, abs=1e-12)


def test_it_is_symmetric_and_grows_with_the_shift() -> None:
    values = np.random.default_rng(0).normal(1.5, 0.03, size=600)
    shifts = [squared_mmd(values, values + shift, 0.05) for shift in (0.0, 0.02, 0.05, 0.2)]
    assert shifts == sorted(shifts)
    assert squared_mmd(values + 0.1, values, 0.05) == pytest.approx(squared_mmd(values, values + 0.1, 0.05))


def test_samples_far_apart_reach_the_limit() -> None:
    assert squared_mmd(np.zeros(10), np.full(20, 100.0), 0.05) == pytest.approx(2.0)


def test_it_is_the_sum_over_all_pairs() -> None:
    first, second = np.array([0.0, 1.0]), np.array([0.5])
    far, near = np.exp(-0.5), np.exp(-0.125)
    assert squared_mmd(first, second, 1.0) == pytest.approx((2 + 2 * far) / 4 + 1 - 2 * near)


def test_an_empty_sample_has_no_distance() -> None:
    assert np.isnan(squared_mmd(np.array([]), np.array([1.0]), 0.05))


def test_thinning_draws_from_the_values_and_repeats() -> None:
    values = np.arange(100.0)
    drawn = thinned(values, 10, seed=3)
    assert len(set(drawn.tolist())) == 10
    assert np.array_equal(drawn, thinned(values, 10, seed=3))
    assert thinned(values, 100, seed=3) is values
