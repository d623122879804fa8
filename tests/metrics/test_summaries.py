"""Summaries say what the values are, and turn into JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from biomatrix.metrics.codes import CodeUse
from biomatrix.metrics.summaries import BondError, Share, Spread, by_size, plain


def test_spreads_bonds_and_codes_sum_up_what_they_are_given() -> None:
    spread = Spread.of([1.0, 2.0, float("nan"), 6.0])
    assert (spread.count, spread.mean, spread.median, spread.max) == (3, 3.0, 2.0, 6.0)
    bond = BondError.of([-0.1, 0.3])
    assert (bond.count, bond.mae, bond.bias, bond.max) == (2, pytest.approx(0.2), pytest.approx(0.1), 0.3)
    use = CodeUse.of(np.array([4, 4, 0, 0]))
    assert (use.used, use.num_codes, use.perplexity) == (2, 4, pytest.approx(2.0))
    ranges = by_size([1.0, 2.0, 3.0], [1, 14, 80], (1, 15, 60, 81))
    assert {label: spread.count for label, spread in ranges.items()} == {"1-14": 2, "60-80": 1}


def test_no_figures_turn_into_null() -> None:
    assert plain(Spread.of([])) == {
        "count": 0, "mean": None, "median": None, "p5": None, "p95": None, "min": None, "max": None
    }  # fmt: skip
    json.dumps(plain({"a": (np.float64(1.0), np.int64(2))}), allow_nan=False)


def test_shares_count_what_was_kept() -> None:
    assert Share.of([True, False, True]) == Share(2, 3)
    assert np.isnan(Share.of([]).value)


@pytest.mark.parametrize("seed", range(3))
def test_a_spread_does_not_depend_on_the_order_and_ranges_cover_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, sizes = rng.normal(size=200), rng.integers(1, 200, size=200)
    shuffled, ordered = Spread.of(rng.permutation(values)), Spread.of(np.sort(values))
    assert (shuffled.median, shuffled.p5, shuffled.max) == (ordered.median, ordered.p5, ordered.max)
    ranges = by_size(values.tolist(), sizes.tolist(), (1, 50, 120))
    assert sum(spread.count for spread in ranges.values()) == 200
    assert max(spread.max for spread in ranges.values()) == values.max()
