"""Rows hold whole documents, each once, and at 8,192 tokens are 99.5% full whatever mixture they are filled with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomatrix.corpus.order import WindowedOrder
from biomatrix.corpus.packing import ROWS_TOGETHER, fill, pack, packing_window

CAPACITY = 8192


@settings(max_examples=80, deadline=None)
@given(lengths=st.lists(st.integers(1, 64), max_size=300))
def test_every_document_is_in_one_row_that_holds_it(lengths: list[int]) -> None:
    rows = pack(lengths, 64)
    assert sorted(i for row in rows for i in row) == list(range(len(lengths)))
    assert all(sum(lengths[i] for i in row) <= 64 for row in rows)
    assert len(rows) <= 2 * sum(lengths) / 64 + 1  # no two rows would fit into one


def mixture(name: str, count: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    drawn = {
        "molecules": rng.gamma(4.0, 15.0, count),
        "proteins": rng.lognormal(5.7, 0.6, count),
        "text": rng.lognormal(6.5, 1.1, count),
    }
    parts = np.array(list(drawn.values()))
    chosen = drawn[name] if name in drawn else parts[rng.integers(0, 3, count), np.arange(count)]
    return np.clip(chosen, 4, {"proteins": 2048}.get(name, CAPACITY)).astype(np.int64)


@pytest.mark.parametrize("name", ["molecules", "proteins", "text", "all"])
def test_rows_are_nearly_full(name: str) -> None:
    lengths = mixture(name, 60_000)
    window = packing_window(lengths, CAPACITY)
    members = WindowedOrder(len(lengths), window, seed=1).members(0, 0)
    assert fill(lengths[members], pack(lengths[members], CAPACITY), CAPACITY) > 0.995


def test_a_window_fills_many_rows() -> None:
    assert packing_window(np.full(10, 100), CAPACITY) * 100 >= ROWS_TOGETHER * CAPACITY
    assert packing_window(np.full(10, 100), CAPACITY, least=10**6) == 10**6
    assert packing_window(np.empty(0, np.int64), CAPACITY) > 0
    assert fill(np.empty(0, np.int64), [], CAPACITY) == 1.0
