"""Runs learn, stop, go on exactly, and leave folders that stock loaders open."""

from __future__ import annotations

import itertools
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.training.checkpoint import checkpoints
from biomatrix.training.config import Recipe
from biomatrix.training.loop import Trainer
from biomatrix.training.model import build_model
from biomatrix.training.progress import MetricsLog

from .documents import CountingDocuments, TinyVocabulary, recipe_values, untie

SIZE = 64


def trainer(output: Path, tied: bool = True, **changes: dict[str, Any]) -> Trainer:
    recipe = Recipe.model_validate(recipe_values(output, **changes))
    vocabulary: Any = TinyVocabulary(SIZE)
    model = build_model(recipe.model, vocabulary, recipe.run)
    if not tied:
        untie(model)
    held_out = {"counting": CountingDocuments(30, SIZE, seed=9)}
    return Trainer(recipe, model, vocabulary, CountingDocuments(200, SIZE), held_out)


def losses(output: Path) -> list[float]:
    return [line["loss"] for line in MetricsLog.read(output / "metrics.jsonl") if "loss" in line]


def weights(run: Trainer) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in run.model.state_dict().items()}


def test_a_run_learns_and_measures(tmp_path: Path) -> None:
    result = trainer(tmp_path, run={"max_steps": 60, "evaluate_every": 30}).train()
    told = losses(tmp_path)
    assert result.finished
    assert len(told) == 60
    assert sum(told[-5:]) < 0.8 * sum(told[:5])
    assert set(result.held_out) == {"text", "all", "view:counting"}
    assert result.held_out["all"]["nats"] < 4.0


@pytest.mark.parametrize(("layout", "tied"), [("bucketed", True), ("packed", True), ("packed", False)])
def test_resuming_repeats_the_losses_and_the_weights(tmp_path: Path, layout: str, tied: bool) -> None:
    whole = trainer(tmp_path / "whole", tied, batches={"layout": layout})
    whole.train()
    first = trainer(tmp_path / "parts", tied, batches={"layout": layout}, run={"save_every": 5, "keep": 5})
    original = first._advance

    def stop_at_seven(tokens: int, elapsed: float) -> int:
        step = original(tokens, elapsed)
        if step == 7:
            os.kill(os.getpid(), signal.SIGTERM)
        return step

    first._advance = stop_at_seven  # type: ignore[method-assign]
    stopped = first.train()
    assert (stopped.step, stopped.finished) == (7, False)
    assert [path.name for path in checkpoints(tmp_path / "parts")] == ["checkpoint-00000005", "checkpoint-00000007"]
    second = trainer(tmp_path / "parts", tied, batches={"layout": layout}, run={"save_every": 5, "keep": 5})
    assert second.resume()
    assert second.train().finished
    assert losses(tmp_path / "parts") == losses(tmp_path / "whole")
    wanted = weights(whole)
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in weights(second).items())


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
def test_checkpoints_hold_no_pickle_and_open_elsewhere(tmp_path: Path, tied: bool) -> None:
    run = trainer(tmp_path, tied)
    result = run.train()
    suffixes = {path.suffix for path in result.checkpoint.iterdir()}
    assert suffixes <= {".json", ".safetensors"}
    opened = AutoModelForCausalLM.from_pretrained(result.checkpoint, dtype=torch.float32).eval()
    ids = torch.arange(4, 20)[None]
    with torch.no_grad():
        torch.testing.assert_close(opened(ids).logits, run.model.eval()(ids).logits, atol=1e-5, rtol=1e-5)
    assert opened.config.rope_parameters["rope_theta"] == 1_000_000.0
    assert opened.config.tie_word_embeddings is tied
    same = torch.equal(opened.lm_head.weight, opened.model.embed_tokens.weight)
    assert same is tied
    assert not list(tmp_path.glob(".*.part"))


def test_old_checkpoints_are_removed(tmp_path: Path) -> None:
    trainer(tmp_path, run={"save_every": 2, "keep": 2}).train()
    assert [path.name[-2:] for path in checkpoints(tmp_path)] == ["10", "12"]


def test_a_half_written_checkpoint_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / ".checkpoint-00000099.part").mkdir(parents=True)
    assert not trainer(tmp_path).resume()


def test_a_damaged_state_is_named(tmp_path: Path) -> None:
    result = trainer(tmp_path).train()
    (result.checkpoint / "training_state.json").write_text("{")
    with pytest.raises(WeightsError, match="training_state"):
        trainer(tmp_path).resume()


def test_another_model_does_not_resume(tmp_path: Path) -> None:
    trainer(tmp_path, run={"max_steps": 2}).train()
    with pytest.raises((ConfigurationError, WeightsError)):
        trainer(tmp_path, model={"num_layers": 3}).resume()


def test_a_time_budget_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count(step=0.01)  # each look at the clock finds it a hundredth further, busy machine or not
    monkeypatch.setattr("biomatrix.progress.time.monotonic", lambda: next(seconds))
    result = trainer(tmp_path, run={"max_steps": None, "max_minutes": 0.02}).train()
    assert result.finished
    rates = [line["learning_rate"] for line in MetricsLog.read(tmp_path / "metrics.jsonl") if "loss" in line]
    assert len(rates) > 10
    assert rates[-1] < 0.5 * max(rates)


def test_accumulated_batches_equal_the_sum_over_one_step(tmp_path: Path) -> None:
    run = trainer(tmp_path, batches={"accumulate": 3})
    batches = [next(run.stream) for _ in range(3)]
    weight, _ = run._total_weight(batches)
    from biomatrix.training.evaluation import batch_tensors

    device = torch.device("cpu")
    with torch.no_grad():
        total = sum(float(run.loss_module(**batch_tensors(batch, device))) for batch in batches)
    fresh = trainer(tmp_path, batches={"accumulate": 3})
    assert fresh._step(0.0)[0] == pytest.approx(total / weight, rel=1e-5)
