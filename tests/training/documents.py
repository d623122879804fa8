"""Small synthetic corpora and vocabularies for the tests of training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

PAD, END, OPEN, CLOSE = 0, 1, 2, 3


class CountingDocuments:
    """Documents that count upwards from a random id, so that a model can learn them."""

    def __init__(self, number: int, size: int, seed: int = 0, shortest: int = 2, longest: int = 40) -> None:
        self.lengths = np.random.default_rng(seed).integers(shortest, longest + 1, number)
        self.size, self.seed = size, seed

    def document(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        generator = np.random.default_rng([self.seed, index])
        n = int(self.lengths[index])
        ids = 4 + (generator.integers(0, self.size) + np.arange(n)) % (self.size - 4)
        weights = np.ones(n, np.float32)
        weights[: n // 4] = 0.0
        return ids, weights


class TinyVocabulary:
    """What training asks of a vocabulary, without a tokenizer."""

    pad_id, end_of_text_id, modalities = PAD, END, ("letters",)
    ending_ids = [END]  # noqa: RUF012 - read only
    blocks = {}  # noqa: RUF012 - read only

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    @property
    def new_ids(self) -> np.ndarray:
        return np.arange(self.size - 12, self.size)

    def start_id(self, modality: str) -> int:
        return OPEN

    def end_id(self, modality: str) -> int:
        return CLOSE

    def save_pretrained(self, folder: Path) -> None:
        (Path(folder) / "tokenizer.json").write_text("{}")


def untie(model: Any) -> None:
    """Give a tied model an output table of its own, which starts as the input's."""
    model.config.tie_word_embeddings = False
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())


def recipe_values(output: Path, **changes: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a recipe for a model of 20k parameters, with some sections changed."""
    values: dict[str, dict[str, Any]] = {
        "model": {
            "vocabulary": "unused",
            "hidden_size": 32,
            "num_layers": 2,
            "intermediate_size": 48,
            "num_heads": 4,
            "num_kv_heads": 2,
            "head_dim": 8,
            "max_positions": 128,
            "initialisation": "random",
        },
        "data": {"train": "unused"},
        "batches": {"tokens": 128, "max_length": 32, "buckets": [8, 16, 24], "window": 64, "accumulate": 2},
        "optimiser": {"peak_lr": 3e-3, "warmup_steps": 2},
        "run": {"output": str(output), "max_steps": 12, "precision": "fp32", "log_every": 1, "save_every": 1000},
    }
    for section, change in changes.items():
        values[section] = {**values.get(section, {}), **change}
    return values
