"""Ranges become slices or masks of exactly the ids they hold, whatever is asked for and however often."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from biomatrix.entities.table_automaton import ranges_of
from biomatrix.generation import masks
from biomatrix.generation.masks import Allowed, MaskTable

CPU = torch.device("cpu")


def columns(allowed: Allowed, rows: int) -> list[list[int]]:
    """Return the columns that each row may choose."""
    if allowed.forced is not None:
        return [[int(column)] for column in allowed.forced]
    span = np.arange(allowed.first, allowed.stop)
    if allowed.masks is None:
        return [span.tolist()] * rows
    forbidden = allowed.masks.piece(0, rows).expand(rows, -1).numpy()
    return [span[~row].tolist() for row in forbidden]


def candidates(random: np.random.Generator) -> NDArray[np.int64]:
    """Return dense or sparse candidates."""
    if random.random() < 0.5:
        return np.arange(7, 7 + int(random.integers(1, 60)))
    return np.sort(random.choice(500, size=int(random.integers(1, 60)), replace=False))


@pytest.mark.parametrize("most", [2, 1024])
def test_rows_may_choose_what_their_ranges_hold(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(masks, "_MOST_BYTES", 0)
    monkeypatch.setattr(masks, "_FEWEST_MASKS", most)
    monkeypatch.setattr(masks, "_MOST_OBJECTS", 3 * most)
    random = np.random.default_rng(most)
    for _ in range(20):
        ids = candidates(random)
        table = MaskTable(ids, CPU)
        sets = [np.sort(random.permutation(ids)[: int(random.integers(1, len(ids) + 1))]) for _ in range(12)]
        known = [ranges_of(each) for each in sets]
        for _ in range(20):
            rows = random.integers(0, len(sets), size=int(random.integers(1, 9)))
            fresh = random.random() < 0.5
            ranges = [known[row].copy() if fresh else known[row] for row in rows]
            found = columns(table.allowed(ranges), len(rows))
            assert [ids[each].tolist() for each in found] == [sets[row].tolist() for row in rows]


def test_one_range_for_all_rows_is_a_slice() -> None:
    table = MaskTable(np.arange(10, 30), CPU)
    allowed = table.allowed([np.array([[12, 20]]), np.array([[12, 20]])])
    assert (allowed.first, allowed.stop, allowed.masks, allowed.forced) == (2, 10, None, None)
    assert table.nbytes == 0


def test_rows_without_a_choice_are_forced() -> None:
    table = MaskTable(np.array([3, 8, 9, 40]), CPU)
    allowed = table.allowed([np.array([[8, 9]]), np.array([[40, 41]])])
    assert allowed.forced is not None
    assert allowed.forced.tolist() == [1, 3]


def test_masks_are_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masks, "_MOST_BYTES", 100 * 128)
    table = MaskTable(np.arange(100), CPU)
    for first in range(1, 90):
        for stop in range(first + 2, 98):
            table.allowed([np.array([[0, first], [stop, 100]]), np.array([[0, 1]])])
    assert table.nbytes <= 2 * 100 * 128
