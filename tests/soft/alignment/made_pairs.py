"""Pairs that a linear map can learn: vectors, and texts that are a turned copy of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biomatrix.soft.alignment.fitting import TextTable
from biomatrix.soft.alignment.judging import Side


def made_side(count: int = 120, d: int = 24, width: int = 16, noise: float = 0.3, seed: int = 0) -> Side:
    """Return pairs whose texts are a fixed turn of their vectors, with noise, each of its own key."""
    turn = np.random.default_rng(9).normal(size=(d, width))
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, d)).astype(np.float32)
    texts = (vectors @ turn + noise * rng.normal(size=(count, width))).astype(np.float32)
    names = tuple(f"text {seed} {number}" for number in range(count))
    wordings: NDArray[np.int64] = np.arange(count)[:, None]
    return Side(vectors[:, None], tuple(f"{seed}-{n}" for n in range(count)), TextTable(names, texts, wordings))
