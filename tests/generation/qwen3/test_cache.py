"""The cache holds what was read, whatever room it has and whichever rows move."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from biomatrix.generation.qwen3.cache import KeyValues
from biomatrix.generation.row_states import closed_up


class Plain:
    """The same by concatenation."""

    def __init__(self) -> None:
        self.layers: dict[int, tuple[Tensor, Tensor]] = {}

    def append(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        if layer in self.layers:
            keys, values = (torch.cat(pair, dim=2) for pair in zip(self.layers[layer], (keys, values), strict=True))
        self.layers[layer] = keys, values
        return keys, values

    def batch_select_indices(self, indices: Tensor) -> None:
        self.layers = {layer: (keys[indices], values[indices]) for layer, (keys, values) in self.layers.items()}


def picked(random: np.random.Generator, rows: int) -> Tensor:
    """Return rows to keep: all, some in order, some closed up, or any of them any number of times."""
    kept = random.random(rows) < 0.8
    kept[int(random.integers(rows))] = True
    choices = [
        np.arange(rows),
        np.flatnonzero(kept),
        closed_up(kept),
        random.integers(0, rows, size=int(random.integers(1, 2 * rows))),
    ]
    return torch.from_numpy(choices[int(random.integers(4))])


@pytest.mark.parametrize("seed", range(20))
def test_it_holds_what_was_read(seed: int) -> None:
    random, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    ours, plain = KeyValues(), Plain()
    rows, length = int(random.integers(1, 9)), int(random.integers(1, 40))
    for _ in range(60):
        for layer in range(2):
            keys, values = (torch.randn(rows, 2, length, 4, generator=generator) for _ in range(2))
            found, expected = ours.append(layer, keys, values), plain.append(layer, keys, values)
            assert torch.equal(found[0], expected[0])
            assert torch.equal(found[1], expected[1])
        length = 1 if random.random() < 0.9 else 3
        if random.random() < 0.5:
            indices = picked(random, rows)[:40]
            ours.batch_select_indices(indices)
            plain.batch_select_indices(indices)
            rows = len(indices)


def test_a_token_is_written_without_moving_the_others() -> None:
    cache = KeyValues()
    cache.append(0, torch.zeros(4, 2, 10, 8), torch.zeros(4, 2, 10, 8))
    places = set()
    for _ in range(50):
        keys, _ = cache.append(0, torch.ones(4, 2, 1, 8), torch.ones(4, 2, 1, 8))
        places.add(keys.data_ptr())
        assert keys.stride(-2) == 8
    assert len(places) == 1


def test_rows_that_leave_move_few_others() -> None:
    kept = np.ones(64, dtype=bool)
    kept[[3, 17, 63]] = False
    order = closed_up(kept)
    assert (order != np.arange(61)).sum() == 2
    assert sorted(order) == np.flatnonzero(kept).tolist()
