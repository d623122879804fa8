"""Muon, averages, the z-loss and the spike guard: each resumes exactly, does what it says, and is off by default."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from biomatrix.errors import BioMatrixError, ConfigurationError, WeightsError
from biomatrix.training.checkpoint import checkpoints
from biomatrix.training.config import Recipe
from biomatrix.training.loop import Trainer
from biomatrix.training.model import build_model
from biomatrix.training.optimisers import hidden_matrices
from biomatrix.training.progress import MetricsLog

from .documents import CountingDocuments, TinyVocabulary, recipe_values, untie

SIZE = 64
MUON: dict[str, Any] = {"optimiser": {"name": "muon", "muon_lr": 6e-3}}
AVERAGED: dict[str, Any] = {"averaging": {"decay": 0.8, "start": 3}}
GUARDED: dict[str, Any] = {"stability": {"spike_multiple": 4.0, "spike_limit": 3, "spike_history": 5}}
PENALISED: dict[str, Any] = {"stability": {"z_loss": 1e-2}}


def trainer(output: Path, tied: bool = True, **changes: dict[str, Any]) -> Trainer:
    recipe = Recipe.model_validate(recipe_values(output, **changes))
    vocabulary: Any = TinyVocabulary(SIZE)
    model = build_model(recipe.model, vocabulary, recipe.run)
    if not tied:
        untie(model)
    held_out = {"counting": CountingDocuments(20, SIZE, seed=9)}
    return Trainer(recipe, model, vocabulary, CountingDocuments(100, SIZE), held_out)


def corrupt(run: Trainer, *steps: int, factor: float = 1e3) -> None:
    """Make the gradients of some steps as large as those of a corrupt batch; NaN where the factor is."""
    clip = run.accelerator.clip_grad_norm_

    def clipped(parameters: Any, most: float) -> Any:
        held = list(parameters)
        if run.state.step in steps:
            for parameter in held:
                parameter.grad.mul_(factor)
        return clip(held, most)

    run.accelerator.clip_grad_norm_ = clipped  # type: ignore[method-assign]


def metrics(output: Path, key: str) -> list[Any]:
    return [line[key] for line in MetricsLog.read(output / "metrics.jsonl") if key in line]


@pytest.mark.parametrize(
    "changes",
    [MUON, AVERAGED, GUARDED, PENALISED, {**MUON, **AVERAGED, "stability": {"z_loss": 1e-3, "spike_multiple": 4.0}}],
    ids=["muon", "averaged", "guarded", "z-loss", "all"],
)
def test_each_option_resumes_exactly(tmp_path: Path, changes: dict[str, Any]) -> None:
    guarded = "spike_multiple" in changes.get("stability", {})
    told = []
    for name, stops in (("whole", (10,)), ("parts", (6, 10))):
        for last in stops:
            run = trainer(tmp_path / name, tied=False, **changes, run={"max_steps": 10, "evaluate_every": 5})
            run.resume()
            if guarded:
                corrupt(run, 5, 8)  # one before the stop, one after it
            while run.state.step < last:
                run._step(run.state.step / 10)
                run._advance(1, 0.0)
            saved = run.save()
        told.append(
            (run._measure(None), run.state.norms, {p.name: p.read_bytes() for p in saved.glob("*.safetensors")})
        )
    assert told[0] == told[1]
    assert ("averaged.safetensors" in told[0][2]) is ("averaging" in changes)
    assert bool(told[0][1].recent) is guarded


def test_muon_takes_the_hidden_matrices_alone(tmp_path: Path) -> None:
    run = trainer(tmp_path, tied=False, **MUON, run={"max_steps": 30})
    adamw, muon = run.optimizer.bare
    assert isinstance(muon, torch.optim.Muon)
    mine = {id(p) for group in muon.param_groups for p in group["params"]}
    others = {id(p) for group in adamw.param_groups for p in group["params"]}
    assert not mine & others
    assert mine | others == {id(p) for p in run.model.parameters()}
    names = {name for name, p in run.model.named_parameters() if id(p) in mine}
    assert len(names) == 2 * 7
    assert all(name.endswith("_proj.weight") for name in names)
    assert names == {name.removeprefix("model.") for name in hidden_matrices(run.loss_module)}
    run.train()
    losses = metrics(tmp_path, "loss")
    assert losses[-1] < 0.9 * losses[0]
    rates = zip(metrics(tmp_path, "learning_rate"), metrics(tmp_path, "muon_learning_rate"), strict=True)
    assert all(theirs == pytest.approx(2 * rate) for rate, theirs in rates)


def test_muon_is_refused_where_it_has_nothing_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="trains none"):
        Recipe.model_validate(recipe_values(tmp_path, **MUON, tuning={"mode": "lora"}))
    trainer(tmp_path, run={"max_steps": 2}).train()
    with pytest.raises(ConfigurationError, match=r'optimiser\.name: "adamw" then, "muon" now'):
        trainer(tmp_path, **MUON).resume()


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
def test_the_export_is_the_average_and_the_checkpoint_plain(tmp_path: Path, tied: bool) -> None:
    run = trainer(tmp_path, tied, **AVERAGED, run={"max_steps": 8})
    seen: list[dict[str, torch.Tensor]] = []
    advance = run._advance

    def noted(tokens: int, elapsed: float) -> int:
        seen.append({name: tensor.clone() for name, tensor in run.model.state_dict().items()})
        return advance(tokens, elapsed)

    run._advance = noted  # type: ignore[method-assign]
    result = run.train()
    wanted = seen[2]  # after three steps the average begins
    for later in seen[3:]:
        wanted = {name: 0.8 * tensor + 0.2 * later[name] for name, tensor in wanted.items()}
    run.export(tmp_path / "model", torch.float32)
    opened = AutoModelForCausalLM.from_pretrained(tmp_path / "model", dtype=torch.float32).state_dict()
    for name, tensor in opened.items():
        torch.testing.assert_close(tensor, wanted[name], atol=1e-6, rtol=1e-5)
    plain = load_file(result.checkpoint / "model.safetensors")
    assert all(torch.equal(tensor, seen[-1][name]) for name, tensor in plain.items())
    assert all(torch.equal(tensor, seen[-1][name]) for name, tensor in run.model.state_dict().items())
    assert result.held_out["all"] != result.held_out_averaged["all"]
    assert metrics(tmp_path, "held_out_averaged") == [result.held_out_averaged]
    (result.checkpoint / "averaged.safetensors").unlink()
    with pytest.raises(WeightsError, match="averaged"):
        trainer(tmp_path, tied, **AVERAGED, run={"max_steps": 8}).resume()


def test_the_average_may_be_given_in_steps(tmp_path: Path) -> None:
    recipe = Recipe.model_validate(recipe_values(tmp_path, averaging={"steps": 1000}))
    assert recipe.averaging.kept == pytest.approx(0.999)
    with pytest.raises(ValueError, match="not both"):
        Recipe.model_validate(recipe_values(tmp_path, averaging={"steps": 1000, "decay": 0.9}))


@pytest.mark.parametrize("factor", [1e3, math.nan], ids=["large", "not finite"])
def test_a_planted_spike_is_left_out_and_training_recovers(tmp_path: Path, factor: float) -> None:
    run = trainer(tmp_path, **GUARDED, run={"max_steps": 30})
    corrupt(run, 12, 13, factor=factor)
    before: list[torch.Tensor] = []
    advance = run._advance

    def noted(tokens: int, elapsed: float) -> int:
        before.append(run.model.get_input_embeddings().weight.detach().clone())
        return advance(tokens, elapsed)

    run._advance = noted  # type: ignore[method-assign]
    result = run.train()
    assert result.finished
    assert torch.equal(before[11], before[13])
    assert not torch.equal(before[13], before[14])
    assert metrics(tmp_path, "skipped_updates")[-1] == run.state.norms.skipped == 2
    losses = metrics(tmp_path, "loss")
    assert sum(losses[-3:]) < sum(losses[9:12])


def test_a_guard_that_only_skips_ends_the_run(tmp_path: Path) -> None:
    run = trainer(tmp_path, **GUARDED, run={"max_steps": 30})
    corrupt(run, *range(12, 30))
    with pytest.raises(BioMatrixError, match=r"3 updates in a row were left out up to step 15.*spike_multiple") as told:
        run.train()
    assert "\n" not in str(told.value)


def test_options_are_off_by_default(tmp_path: Path) -> None:
    run = trainer(tmp_path, run={"max_steps": 2})
    result = run.train()
    assert run.average is None
    assert [type(one) for one in run.optimizer.bare] == [torch.optim.AdamW]
    assert result.held_out_averaged == {}
    assert {p.name for p in checkpoints(tmp_path)[-1].glob("*.safetensors")} == {
        "model.safetensors",
        "optimizer.safetensors",
    }
    extra = {"muon_learning_rate", "z_loss", "skipped_updates", "held_out_averaged"}
    assert not extra & {key for line in MetricsLog.read(tmp_path / "metrics.jsonl") for key in line}
