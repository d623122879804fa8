"""The computed order is a permutation, differs by seed and epoch, and looks drawn by chance."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomatrix.corpus.order import LARGEST, Permutation, WindowedOrder
from biomatrix.errors import ConfigurationError

FAR = 4.5
"""Standard deviations of a chi-square beyond which chance is no explanation: one run in 100,000."""


def chi_square(observed: np.ndarray, expected: float) -> float:
    """Return how many standard deviations the chi-square of counts lies above its mean."""
    freedom = observed.size - 1
    return float((((observed - expected) ** 2 / expected).sum() - freedom) / np.sqrt(2 * freedom))


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 5000), seed=st.integers(-(2**63), 2**63), epoch=st.integers(0, 2**40))
def test_every_number_comes_once(count: int, seed: int, epoch: int) -> None:
    found = Permutation(count, (seed, epoch)).at(range(count))
    assert np.array_equal(np.sort(found), np.arange(count))


@pytest.mark.parametrize("count", [10**6, 2**40 + 7, LARGEST])
def test_any_stretch_of_a_long_order_is_computed_alone(count: int) -> None:
    order = Permutation(count, "key")
    stretch = range(count - 1000, count)
    found = order.at(stretch)
    assert len(set(found.tolist())) == 1000
    assert found.min() >= 0
    assert found.max() < count
    assert np.array_equal(found[300:400], order.at(stretch[300:400]))


def test_another_key_gives_another_order() -> None:
    orders = [Permutation(1000, key).at(range(1000)) for key in ((0, 0), (0, 1), (1, 0))]
    same = [int((a == b).sum()) for a, b in permutations(orders, 2)]
    assert max(same) < 10  # one in expectation


def test_each_number_is_as_likely_everywhere() -> None:
    count, draws = 40, 8000
    places = np.array([Permutation(count, seed).at(range(count)) for seed in range(draws)])
    table = np.array([np.bincount(column, minlength=count) for column in places.T])
    assert abs(chi_square(table, draws / count)) < FAR


def test_neighbours_in_the_order_are_drawn_apart() -> None:
    count = 1 << 20
    order = Permutation(count, "neighbours").at(range(count))
    steps = np.diff(order) % count * 64 // count
    assert abs(chi_square(np.bincount(steps, minlength=64), len(steps) / 64)) < FAR
    places = order.reshape(64, -1) * 64 // count
    table = np.array([np.bincount(row, minlength=64) for row in places])
    assert abs(chi_square(table, count / 64**2)) < FAR


def test_every_order_of_a_few_comes() -> None:
    seen = Counter(tuple(Permutation(4, seed).at(range(4)).tolist()) for seed in range(6000))
    assert set(seen) == set(permutations(range(4)))
    assert abs(chi_square(np.array(list(seen.values())), 6000 / 24)) < FAR


def test_the_windows_of_an_epoch_are_its_order_cut() -> None:
    order = WindowedOrder(1003, 100, seed=5)
    epochs = [np.concatenate([order.members(epoch, i) for i in range(order.windows)]) for epoch in (0, 1)]
    assert [sorted(found.tolist()) for found in epochs] == [list(range(1003))] * 2
    assert not np.array_equal(*epochs)
    assert len(order.members(0, order.windows - 1)) == 3
    assert sorted(order.shuffled(0, 3, 7).tolist()) == list(range(7))
    assert not order.shuffled(0, 3, 0).size


@pytest.mark.parametrize("count", [0, -1, LARGEST + 1])
def test_an_order_of_nothing_is_refused(count: int) -> None:
    with pytest.raises(ConfigurationError, match="2\\*\\*62"):
        Permutation(count, 0)


def test_a_position_behind_the_end_is_refused() -> None:
    with pytest.raises(IndexError, match="position 5"):
        Permutation(5, 0).at(range(6))
