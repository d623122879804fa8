"""Tuning moves what it says it moves, bit for bit; adapters are peft's own, and dropout repeats after a stop."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from biomatrix.errors import ConfigurationError
from biomatrix.training.checkpoint import checkpoints
from biomatrix.training.config import Recipe
from biomatrix.training.loop import Trainer
from biomatrix.training.model import build_model
from biomatrix.training.progress import MetricsLog
from biomatrix.training.tuning import check_tuning

from .documents import CountingDocuments, TinyVocabulary, recipe_values, untie

SIZE = 64
IDS = torch.arange(4, 36)[None]


def trainer(output: Path, tied: bool = True, **changes: dict[str, Any]) -> Trainer:
    changes["run"] = {"max_steps": 6, "save_every": 3, **changes.get("run", {})}
    recipe = Recipe.model_validate({"tuning": changes.pop("tuning", {}), **recipe_values(output, **changes)})
    vocabulary: Any = TinyVocabulary(SIZE)
    model = build_model(recipe.model, vocabulary, recipe.run)
    if not tied:
        untie(model)
    return Trainer(recipe, model, vocabulary, CountingDocuments(200, SIZE))


def state(run: Trainer) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in run.model.state_dict().items()}


def losses(output: Path) -> list[float]:
    return [line["loss"] for line in MetricsLog.read(output / "metrics.jsonl") if "loss" in line]


def assert_resumes_exactly(whole: Trainer, output: Path, again: Trainer) -> None:
    """The second half of a run, done again from its middle checkpoint, ends in the same bits."""
    told, wanted = losses(output), state(whole)
    assert len(told) == 6
    shutil.rmtree(checkpoints(output)[-1])
    assert again.resume()
    assert again.state.step == 3
    again.train()
    assert losses(output) == told
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in state(again).items())


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
def test_only_rows_of_added_tokens_move(tmp_path: Path, tied: bool) -> None:
    settings: dict[str, Any] = {"tuning": {"mode": "new_rows"}, "optimiser": {"weight_decay": 0.5, "warmup_steps": 0}}
    run = trainer(tmp_path, tied, **settings)
    before = state(run)
    run.train()
    after = state(run)
    new = torch.from_numpy(run.vocabulary.new_ids)
    frozen = torch.ones(SIZE, dtype=torch.bool)
    frozen[new] = False
    tables = {"model.embed_tokens.weight", "lm_head.weight"}
    for name, tensor in after.items():
        if name in tables:
            assert torch.equal(tensor[frozen], before[name][frozen])
            assert (tensor[new] != before[name][new]).any(dim=1).all()
        else:
            assert torch.equal(tensor, before[name]), name
    moments = load_file(checkpoints(tmp_path)[-1] / "optimizer.safetensors")
    assert sum(name.startswith("exp_avg:") for name in moments) == (1 if tied else 2)
    for name, tensor in moments.items():
        if name.startswith("exp_avg"):
            assert not tensor[frozen].any()
            assert tensor[new].any(dim=1).all()
    assert_resumes_exactly(run, tmp_path, trainer(tmp_path, tied, **settings))


def test_rows_need_added_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TinyVocabulary, "new_ids", [])
    with pytest.raises(ConfigurationError, match="no added tokens"):
        trainer(tmp_path, tuning={"mode": "new_rows"})


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
def test_lora_writes_an_adapter_and_a_merged_model_of_equal_logits(tmp_path: Path, tied: bool) -> None:
    peft = pytest.importorskip("peft")
    settings: dict[str, Any] = {
        "tuning": {"mode": "lora", "rank": 4, "alpha": 32.0, "dropout": 0.1, "attention_dropout": 0.1},
        "optimiser": {"peak_lr": 1e-2, "warmup_steps": 0},
        "run": {"gradient_checkpointing": True},
    }
    run = trainer(tmp_path, tied, **settings)
    before = state(run)
    run.train()
    moved = {name for name, tensor in state(run).items() if not torch.equal(tensor, before[name])}
    assert moved == {name for name in before if ".lora_" in name}
    assert len(moved) == 2 * 7 * 2
    run.export(tmp_path / "merged", torch.float32)
    run.export_adapter(tmp_path / "adapter")
    base = trainer(tmp_path / "unused", tied).model
    wanted = run.model.eval()(IDS).logits.detach()
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged", dtype=torch.float32).eval()
    assert not any("lora" in name for name in merged.state_dict())
    assert float((base.eval()(IDS).logits.detach() - wanted).abs().max()) > 1e-3
    for folder in (tmp_path / "adapter", checkpoints(tmp_path)[-1]):
        adapted = peft.PeftModel.from_pretrained(trainer(tmp_path / "unused", tied).model, folder).eval()
        with torch.no_grad():
            torch.testing.assert_close(adapted(IDS).logits, wanted, atol=1e-5, rtol=1e-5)
            unloaded = adapted.merge_and_unload()
            torch.testing.assert_close(merged(IDS).logits, unloaded(IDS).logits, atol=1e-5, rtol=1e-5)
    assert_resumes_exactly(run, tmp_path, trainer(tmp_path, tied, **settings))


def test_dropout_is_the_runs_and_not_the_models(tmp_path: Path) -> None:
    pair = [trainer(tmp_path / f"{share}", tuning={"attention_dropout": share}) for share in (0.0, 0.5)]
    without, dropping = (run._step(0.5)[0] for run in pair)
    assert abs(without - dropping) > 1e-4
    assert dropping == trainer(tmp_path / "again", tuning={"attention_dropout": 0.5})._step(0.5)[0]
    saved = pair[1].save()
    assert AutoModelForCausalLM.from_pretrained(saved).config.attention_dropout == 0.0


def test_what_cannot_be_tuned_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = recipe_values(tmp_path)
    recipe = Recipe.model_validate({**values, "tuning": {"mode": "lora"}})
    vocabulary: Any = TinyVocabulary(SIZE)
    with pytest.raises(ConfigurationError, match=r"set model\.checkpoint"):
        check_tuning(recipe, vocabulary)
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(ConfigurationError, match=r"pip install \"biomatrix\[tuning\]\""):
        trainer(tmp_path, tuning={"mode": "lora"})
    monkeypatch.undo()
    pytest.importorskip("peft")
    with pytest.raises(
        ConfigurationError, match="'lm_head', which is no linear layer of the decoder; it has down_proj"
    ):
        trainer(tmp_path, tuning={"mode": "lora", "targets": ["lm_head"]})


def test_checkpoints_of_versions_without_tuning_go_on(tmp_path: Path) -> None:
    trainer(tmp_path).train()
    for checkpoint in checkpoints(tmp_path):
        file = checkpoint / "training_state.json"
        values = json.loads(file.read_text())
        del values["recipe"]["tuning"], values["best"]
        file.write_text(json.dumps(values))
    assert trainer(tmp_path).resume()
    with pytest.raises(ConfigurationError, match=r"tuning.mode: \"full\" then, \"new_rows\" now"):
        trainer(tmp_path, tuning={"mode": "new_rows"}).resume()
