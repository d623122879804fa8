"""The settings that ``gpu_training.py`` compares, the shapes, and what training asks of documents and a vocabulary."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

LEARNING_RATE = 1e-5
"""Small, so that losses of settings stay comparable for a few steps."""


@dataclass(frozen=True)
class Setting:
    """One row of the table.

    Parameters
    ----------
    name : str
    run : dict
        What ``[run]`` of the recipe says besides the defaults.
    accumulate : int
        Forward passes of a step.
    memory_budget : float, optional
        Of what compiled layers would keep for the backward pass, the share that they may.
    """

    name: str
    run: dict[str, Any] = field(default_factory=dict)
    accumulate: int = 1
    memory_budget: float | None = None


@dataclass(frozen=True)
class Shape:
    """A decoder, its batches, and how often a step is done before and while it is timed."""

    sizes: dict[str, int]
    rows: int
    tokens: int
    max_length: int
    median_document: float
    spread: float
    warm: int
    steps: int


QWEN = Shape(
    {"hidden_size": 2048, "num_layers": 28, "intermediate_size": 6144, "num_heads": 16, "num_kv_heads": 8,
     "head_dim": 128, "max_positions": 32768},
    rows=168_000, tokens=8192, max_length=8192, median_document=270, spread=1.0, warm=3, steps=6,
)  # fmt: skip
NANO = Shape(
    {"hidden_size": 512, "num_layers": 5, "intermediate_size": 1024, "num_heads": 8, "num_kv_heads": 2,
     "head_dim": 64, "max_positions": 2048},
    rows=6784, tokens=65_536, max_length=1024, median_document=62, spread=0.8, warm=5, steps=40,
)  # fmt: skip
TINY_SIZES = {"hidden_size": 64, "num_layers": 2, "intermediate_size": 96, "num_heads": 4, "num_kv_heads": 2,
              "head_dim": 16, "max_positions": 256}  # fmt: skip
TINY = {
    "qwen": Shape(TINY_SIZES, 20_000, 128, 128, 20, 0.8, 2, 2),
    "nano": Shape(TINY_SIZES, 300, 256, 64, 12, 0.8, 2, 2),
}
SHAPES = {"qwen": QWEN, "nano": NANO}


def settings(part: str, shape: Shape) -> list[Setting]:
    """Return the rows of a part's table: each adds something to the one before, up to those that say "instead"."""
    if part == "nano":
        return _nano()
    steps: list[tuple[str, dict[str, Any]]] = [
        ("as it is: sdpa with a mask, loss in chunks of 256", {"attention": "sdpa", "loss_rows": 256}),
        ("+ bf16 weights, fp32 masters", {"weights": "bf16"}),
        ("+ varlen attention, tight borders, no mask", {"attention": "varlen"}),
        ("+ layers compiled, any shape", {"compile": True}),
        ("+ layers compiled, one shape", {"compile": "fixed"}),
        ("+ plain loss, compiled", {"loss_rows": shape.tokens}),
        ("+ batches built ahead", {"prefetch": 3}),
    ]
    rows = _added(steps)
    best = rows[-1].run
    again = {**best, "gradient_checkpointing": True}
    chosen = {name: value for name, value in best.items() if name != "loss_rows"}
    return [
        *rows,
        Setting("instead: loss by the card's memory", chosen),
        Setting("instead: every layer computed again", again),
        Setting("instead: half of the layers computed again", {**again, "checkpointed_share": 0.5}),
        Setting("instead: compiled layers keep half of what they would", best, memory_budget=0.5),
        Setting("instead: four rows a step", best, accumulate=4),
        Setting("instead: Liger kernels, layers not compiled", {**chosen, "compile": False, "kernels": "liger"}),
        Setting("today's best: sdpa, compile = true, loss by memory", {"attention": "sdpa", "compile": True}),
    ]


def _nano() -> list[Setting]:
    return _added(
        [
            ("as it is: sdpa with a mask", {"attention": "sdpa"}),
            ("+ layers compiled, any shape (today's recipe)", {"compile": True}),
            ("+ bf16 weights, fp32 masters", {"weights": "bf16"}),
            ("+ varlen attention, tight borders, no mask", {"attention": "varlen"}),
            ("+ layers and loss compiled, one shape", {"compile": "fixed"}),
            ("+ batches built ahead", {"prefetch": 3}),
            ("instead: Liger kernels, layers not compiled", {"compile": False, "kernels": "liger"}),
        ]
    )


def _added(steps: list[tuple[str, dict[str, Any]]]) -> list[Setting]:
    found: list[Setting] = []
    for name, change in steps:
        found.append(Setting(name, {**(found[-1].run if found else {}), **change}))
    return found


def recipe(shape: Shape, setting: Setting, folder: Path) -> Any:
    """Return the trainer's recipe of one setting."""
    from biomatrix.training.config import Recipe

    return Recipe.model_validate(
        {
            "model": {"vocabulary": "unused", "initialisation": "random", **shape.sizes},
            "data": {"train": "unused"},
            "batches": {
                "tokens": shape.tokens,
                "max_length": shape.max_length,
                "layout": "packed",
                "accumulate": setting.accumulate,
            },
            "optimiser": {"peak_lr": LEARNING_RATE, "shape": "constant", "warmup_steps": 0},
            "run": {"output": str(folder), "max_steps": 1_000_000, "precision": "bf16", **setting.run},
        }
    )


class Documents:
    """Documents of random tokens whose lengths spread as real ones do: a log-normal, cut at the longest row."""

    def __init__(self, shape: Shape, number: int = 60_000) -> None:
        generator = np.random.default_rng(0)
        drawn = np.exp(generator.normal(np.log(shape.median_document), shape.spread, number))
        self.lengths = np.clip(drawn, 8, shape.max_length).astype(np.int64)
        self.ids = generator.integers(4, shape.rows, 2 * shape.max_length + number % 97)
        self.weights = np.ones(shape.max_length, np.float32)

    def document(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        n, start = int(self.lengths[index]), index % (len(self.ids) - len(self.weights))
        return self.ids[start : start + n], self.weights[:n]


class Names:
    """What training asks of a vocabulary, for a model that is never saved."""

    pad_id, modalities = 0, ()
    ending_ids = [1]  # noqa: RUF012 - read only
    blocks: dict[str, Any] = {}  # noqa: RUF012 - read only

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size
