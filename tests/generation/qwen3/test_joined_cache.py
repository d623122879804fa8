"""The cache of rows that come and go holds what was read of each, and no more than it needs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from biomatrix.generation import load
from biomatrix.generation.qwen3.configuration import Configuration
from biomatrix.generation.qwen3.joined_cache import JoinedKeyValues
from biomatrix.generation.row_states import closed_up


@pytest.fixture(scope="module")
def config() -> Configuration:
    found: Configuration = load("nano", device="cpu").engine._network.config  # type: ignore[attr-defined]
    return found


def states(config: Configuration, tokens: int) -> Tensor:
    """Return random keys of every layer, then values, ``[2 * L, G, T, C]``."""
    return torch.randn(2 * config.num_hidden_layers, config.num_key_value_heads, tokens, config.head_dim)


@pytest.mark.parametrize("seed", range(3))
def test_each_row_keeps_what_was_read_of_it(config: Configuration, seed: int) -> None:
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    cache = JoinedKeyValues(config, torch.empty(0))
    rows: list[Tensor] = []
    for _ in range(150):
        if len(rows) < 9 and random.random() < 0.3:
            new = [states(config, int(length)) for length in random.integers(1, 90, size=random.integers(1, 4))]
            cache.join(new)
            rows += new
        if rows and random.random() < 0.2:
            kept = random.random(len(rows)) < 0.6
            order = closed_up(kept)
            cache.keep(order)
            rows = [rows[row] for row in order]
        if not rows:
            continue
        layers = config.num_hidden_layers
        token = torch.randn(2, layers, len(rows), config.num_key_value_heads, 1, config.head_dim)
        rows = [
            torch.cat([row, token[:, :, number].reshape(2 * layers, *token.shape[3:])], dim=2)
            for number, row in enumerate(rows)
        ]
        assert cache.lengths.tolist() == [row.shape[2] - 1 for row in rows]
        for layer in range(layers):
            found = cache.append(layer, token[0, layer], token[1, layer])
            for part, of in enumerate(found):
                assert of.shape[2] == max(row.shape[2] for row in rows)
                assert bool(torch.isfinite(of).all())
                for number, row in enumerate(rows):
                    own = row[part * layers + layer]
                    assert torch.equal(of[number, :, -own.shape[1] :], own)


def test_what_the_longest_row_leaves_is_not_looked_at_and_not_kept(config: Configuration) -> None:
    cache = JoinedKeyValues(config, torch.empty(0))
    cache.join([states(config, 700), states(config, 5)])
    with_long = cache.nbytes
    cache.keep(np.array([1]))
    assert cache.span == 5
    token = torch.zeros(1, config.num_key_value_heads, 1, config.head_dim)
    for step in range(1000):
        for layer in range(config.num_hidden_layers):
            keys, _ = cache.append(layer, token, token)
        if step < 600 or step % 100 == 0:
            assert keys.shape[2] == 6 + step
    assert cache.nbytes < 1.5 * with_long
    cache.keep(np.empty(0, dtype=np.int64))
    assert cache.nbytes == 0
