"""Recall: ranks, ties, both directions, keys and entities."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.soft.alignment.retrieval import both_ways, recall


def test_a_perfect_and_a_reversed_order() -> None:
    likeness = np.eye(20)
    assert recall(likeness, range(20), range(20)).within == {1: 1.0, 5: 1.0, 10: 1.0}
    last = recall(-likeness, range(20), range(20))
    assert last.within == {1: 0.0, 5: 0.0, 10: 0.0}
    assert last.median_rank == 20


def test_nobody_gains_by_calling_all_alike() -> None:
    found = recall(np.ones((12, 12)), range(12), range(12))
    assert found.within[10] == 0.0
    assert found.median_rank == 12


def test_by_key_any_text_of_the_key_will_do() -> None:
    likeness = np.array([[0.1, 0.9, 0.5], [0.2, 0.3, 0.1]])
    assert recall(likeness, ["a", "b"], ["a", "a", "b"]).within[1] == 0.5
    assert recall(likeness, [0, 2], [0, 1, 2]).within[1] == 0.0


def test_both_directions_agree_with_a_count_by_hand() -> None:
    rng = np.random.default_rng(0)
    entities, texts = rng.normal(size=(30, 8)), rng.normal(size=(30, 8))
    found = both_ways(entities, texts, range(30), range(30))
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (entities, texts)]
    likeness = unit[0] @ unit[1].T
    ranks = [int((row >= row[at]).sum()) for at, row in enumerate(likeness)]
    assert found["to_text"].within[5] == pytest.approx(np.mean(np.array(ranks) <= 5))
    assert found["to_text"].median_rank == np.median(ranks)
    assert found["to_entity"].within[1] == pytest.approx(np.mean(likeness.argmax(axis=0) == np.arange(30)))


def test_a_text_that_no_entity_has_stays_in_the_pool() -> None:
    found = both_ways(np.eye(3)[:2], np.eye(3), ["a", "b"], ["a", "b", "c"])
    assert (found["to_text"].pool, found["to_entity"].asked) == (3, 2)


def test_what_cannot_be_found_and_what_is_not_finite_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="nothing in the pool"):
        recall(np.ones((1, 1)), ["a"], ["b"])
    with pytest.raises(ConfigurationError, match="NaN"):
        both_ways(np.full((2, 2), np.nan), np.eye(2), [0, 1], [0, 1])
