"""Intervals hold the true value about as often as they say, and keep the answers of one row together."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.evaluation.intervals import judged_intervals, mean_interval
from biomatrix.metrics.scores import Score


def test_intervals_of_means_cover_the_truth() -> None:
    rng = np.random.default_rng(7)
    rows = np.arange(200)
    covered = 0
    for trial in range(300):
        found = mean_interval(rng.random(200) < 0.3, rows, trial, draws=300)
        covered += found.low <= 0.3 <= found.high
    assert 0.90 <= covered / 300 <= 0.98


def test_answers_of_one_row_are_drawn_together() -> None:
    """Ten copies of each answer tell no more than one, so the interval is as wide."""
    items = (np.random.default_rng(3).random(100) < 0.5).astype(float)
    single = mean_interval(items, np.arange(100), 0)
    copied = mean_interval(np.repeat(items, 10), np.repeat(np.arange(100), 10), 0)
    assert (single.low, single.high) == pytest.approx((copied.low, copied.high))


def test_left_out_items_are_left_out_of_every_draw() -> None:
    items = np.array([1.0, np.nan, 0.0, 1.0, np.nan, 1.0])
    whole = mean_interval(items, np.arange(6), 1, draws=4000)
    assert whole.low < 0.75 < whole.high
    assert mean_interval(np.full(6, np.nan), np.arange(6), 1).reason
    assert mean_interval(np.array([1.0]), np.array([0]), 1).reason


def test_intervals_of_judged_scores_cover_the_truth() -> None:
    rng = np.random.default_rng(11)
    covered = 0
    for trial in range(60):
        errors = rng.normal(0.0, 2.0, 150)

        def judge(drawn: list[int], errors: np.ndarray = errors) -> dict[str, Score]:
            return {"rmse": Score(float(np.sqrt(np.mean(errors[drawn] ** 2))), len(drawn))}

        found = judged_intervals(["rmse"], judge, 150, trial)["rmse"]  # type: ignore[arg-type]
        covered += found.low <= 2.0 <= found.high
    assert covered / 60 >= 0.85


def test_the_seed_says_which_rows_are_drawn() -> None:
    items = np.random.default_rng(0).random(50)
    assert mean_interval(items, np.arange(50), 5) == mean_interval(items, np.arange(50), 5)
    assert mean_interval(items, np.arange(50), 5) != mean_interval(items, np.arange(50), 6)


def test_a_score_that_is_undefined_for_many_draws_has_no_interval() -> None:
    def judge(drawn: object) -> dict[str, Score]:
        return {"score": Score(float("nan"), 3)}

    assert "undefined" in judged_intervals(["score"], judge, 3, 0)["score"].reason
    assert judged_intervals([], judge, 3, 0) == {}
