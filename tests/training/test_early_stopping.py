"""A run on little data ends when the held-out loss no longer falls, and its best checkpoint is the one that counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from biomatrix.errors import ConfigurationError
from biomatrix.training.config import Recipe
from biomatrix.training.early_stopping import Best, is_exhausted, with_evaluation
from biomatrix.training.loop import Trainer
from biomatrix.training.model import build_model

from .documents import CountingDocuments, TinyVocabulary, recipe_values

SIZE = 64


class Backwards(CountingDocuments):
    """Documents that count down: what is learned from others makes them less likely."""

    def document(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        ids, weights = super().document(index)
        return ids[::-1].copy(), weights


def trainer(output: Path, held_out: dict[str, Any] | None = None, **run: Any) -> Trainer:
    settings = {"max_steps": 60, "evaluate_every": 3, "patience": 2, "save_every": 4, **run}
    recipe = Recipe.model_validate(recipe_values(output, run=settings, optimiser={"peak_lr": 1e-2}))
    vocabulary: Any = TinyVocabulary(SIZE)
    model = build_model(recipe.model, vocabulary, recipe.run)
    held_out = {"down": Backwards(20, SIZE, seed=9)} if held_out is None else held_out
    return Trainer(recipe, model, vocabulary, CountingDocuments(60, SIZE), held_out)


def test_the_best_checkpoint_is_kept_and_taken(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    result = run.train()
    best = run.state.best
    assert best is not None
    assert result.finished
    assert result.step == best.step + 2 * 3 < 60
    assert result.best == tmp_path / "best"
    assert result.held_out["all"]["nats"] > best.nats
    run.take_best()
    assert run._evaluate()["all"]["nats"] == pytest.approx(best.nats, abs=1e-5)
    kept = load_file(tmp_path / "best" / "model.safetensors")
    ours = run.model.state_dict()
    assert all(np.array_equal(tensor, ours[name].numpy()) for name, tensor in kept.items())
    again = trainer(tmp_path)
    assert again.resume()
    assert again.train().step == result.step
    assert again.state.best == best
    more = trainer(tmp_path, patience=3)
    more.resume()
    assert more.train().step == result.step + 3


def test_a_best_needs_a_lower_loss() -> None:
    best = None
    for step, nats in enumerate([3.0, 2.0, 2.0, 2.5, 1.9, 2.2, 2.1], start=1):
        best = with_evaluation(best, nats, step)
    assert best == Best(1.9, 5, worse=2, measured=7)
    assert with_evaluation(best, 2.1, 7) == best
    assert is_exhausted(best, 2)
    assert not is_exhausted(best, 3)
    assert not is_exhausted(best, None)


def test_patience_needs_something_to_measure(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"run\.patience looks at the held-out loss"):
        trainer(tmp_path, held_out={})
