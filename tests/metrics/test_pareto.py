"""Fronts: nobody on one is beaten, everybody off it is, and what fills the last place is least crowded."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.metrics.pareto import chosen, crowding, front, ranks


def beats(one: np.ndarray, other: np.ndarray) -> bool:
    return bool((one <= other).all() and (one < other).any())


@pytest.mark.parametrize("seed", range(3))
def test_a_front_is_whom_none_beats(seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 12, (300, 3)).astype(float)  # ties and equals among them
    wanted = [i for i, row in enumerate(values) if not any(beats(other, row) for other in values)]
    assert front(values).tolist() == wanted
    rank = ranks(values)
    assert rank.min() == 0
    for number in range(1, int(rank.max()) + 1):
        above, here = values[rank == number - 1], values[rank == number]
        assert all(any(beats(one, row) for one in above) for row in here)


def test_what_could_not_be_measured_is_on_no_front_and_last() -> None:
    values = np.array([[0.0, np.nan], [1.0, 1.0], [2.0, 2.0]])
    assert front(values).tolist() == [1]
    assert ranks(values).tolist() == [2, 0, 1]
    assert ranks(np.zeros((0, 2))).tolist() == []


def test_whole_fronts_are_chosen_first_and_of_the_last_its_ends_and_the_least_crowded() -> None:
    along = np.array([0.0, 0.1, 0.2, 5.0, 10.0])
    values = np.stack([along, 10 - along], axis=1)
    assert crowding(values)[[0, -1]].tolist() == [np.inf, np.inf]
    assert sorted(chosen(values, 3).tolist()) == [0, 3, 4]
    assert sorted(chosen(np.concatenate([values, values + 1]), 7).tolist()[:5]) == [0, 1, 2, 3, 4]
