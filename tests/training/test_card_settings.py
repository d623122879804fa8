"""Settings for a card that a CPU can judge: the same losses without masks or casts, and with layers computed again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState
from torch import nn

from biomatrix.errors import ConfigurationError
from biomatrix.training.batches import Batch
from biomatrix.training.compilation import allow_any_number, filled
from biomatrix.training.config import Recipe
from biomatrix.training.document_attention import _on_gpu, document_borders
from biomatrix.training.evaluation import batch_tensors
from biomatrix.training.loop import Trainer
from biomatrix.training.master_weights import MasterLinear, MasterWeights

from .documents import recipe_values
from .test_loop import losses, trainer, weights
from .test_loss import CPU, document_losses, module, stream


@pytest.fixture
def half_precision() -> Iterator[None]:
    """Let runs compute under bf16 autocast: Accelerate keeps one precision for a process."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


PACKED: dict[str, Any] = {"layout": "packed"}


def gradients(run: Trainer, batch: Batch) -> dict[str, torch.Tensor]:
    run.model.zero_grad()
    run.loss_module(**batch_tensors(batch, CPU)).backward()
    return {name: p.grad.clone() for name, p in run.model.named_parameters() if p.grad is not None}


def test_borders_are_where_documents_begin() -> None:
    for batch, _ in zip(stream("packed"), range(5), strict=False):
        borders, longest = document_borders(batch.position_ids)
        assert borders.dtype == np.int32
        assert len(borders) == int((batch.position_ids == 0).sum()) + 1
        assert borders[-1] == batch.position_ids.size
        assert np.diff(borders).max() <= longest < 2 * np.diff(borders).max()


def test_attention_within_borders_equals_separate_documents(tmp_path: Path) -> None:
    net = module("sdpa", tmp_path).eval()
    separate = document_losses(net, "bucketed")
    trainer(tmp_path, batches=PACKED, run={"attention": "varlen"})  # makes the attention known
    net.model.config._attn_implementation = "varlen"
    packed = document_losses(net, "packed")
    assert separate.keys() == packed.keys()
    for key in separate:
        np.testing.assert_allclose(separate[key], packed[key], atol=2e-5)


def test_the_kernel_of_this_torch_takes_what_it_is_given() -> None:
    # Shapes alone: a CPU has no such kernel, but its names and its settings are those of the card.
    query, key, value = (torch.randn(1, heads, 12, 8, device="meta", dtype=torch.bfloat16) for heads in (4, 2, 2))
    borders = torch.tensor([0, 5, 12], dtype=torch.int32, device="meta")
    parts = [part.transpose(1, 2).flatten(0, 1).requires_grad_() for part in (query, key, value)]
    out = _on_gpu(parts[0], parts[1], parts[2], borders, 8, 0.3)
    out.sum().backward()
    assert out.shape == (12, 4, 8)
    assert all(part.grad is not None and part.grad.shape == part.shape for part in parts)


def test_attention_within_borders_gives_the_same_gradients(tmp_path: Path) -> None:
    masked, bordered = (trainer(tmp_path, batches=PACKED, run={"attention": name}) for name in ("sdpa", "varlen"))
    batch = next(masked.stream)
    wanted = gradients(masked, batch)
    for name, gradient in gradients(bordered, batch).items():
        torch.testing.assert_close(gradient, wanted[name], atol=1e-4, rtol=1e-4)
    with pytest.raises(ValueError, match="borders"):
        bordered.loss_module(torch.from_numpy(batch.input_ids), *(torch.zeros(batch.labels.shape),) * 2)


@pytest.mark.parametrize("settings", [{"attention": "varlen"}, {"compile": "fixed"}])
def test_what_needs_packed_rows_is_refused_without(tmp_path: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="packed"):
        Recipe.model_validate(recipe_values(tmp_path, run=settings))


@pytest.mark.usefixtures("half_precision")
@pytest.mark.parametrize(
    "changes",
    [{}, {"averaging": {"decay": 0.8, "start": 3}, "optimiser": {"name": "muon"}}],
    ids=["plain", "averaged, muon"],
)
def test_working_copies_compute_what_autocast_computes(tmp_path: Path, changes: dict[str, Any]) -> None:
    cast = trainer(tmp_path / "cast", run={"precision": "bf16"}, **changes)
    kept = trainer(tmp_path / "kept", run={"precision": "bf16", "weights": "bf16"}, **changes)
    wanted_result, result = cast.train(), kept.train()
    assert losses(tmp_path / "kept") == losses(tmp_path / "cast")
    assert result.held_out == wanted_result.held_out
    assert result.held_out_averaged == wanted_result.held_out_averaged
    assert bool(result.held_out_averaged) is ("averaging" in changes)
    wanted = weights(cast)
    assert weights(kept).keys() == wanted.keys()
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in weights(kept).items())


@pytest.mark.usefixtures("half_precision")
def test_a_run_with_working_copies_goes_on_without_them_and_back(tmp_path: Path) -> None:
    whole = trainer(tmp_path / "whole", run={"precision": "bf16"})
    whole.train()
    (tmp_path / "parts").mkdir()
    for steps, kind in ((4, "bf16"), (8, "fp32"), (12, "bf16")):
        part = trainer(tmp_path / "parts", run={"precision": "bf16", "weights": kind, "max_steps": 12})
        part.resume()
        while part.state.step < steps:
            part._advance(part._step(part.state.step / 12)[3], 0.0)
        part.save()
    wanted = weights(whole)
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in weights(part).items())


def test_updates_too_small_for_bfloat16_are_not_lost() -> None:
    layers = nn.Sequential(nn.Linear(4, 4, bias=False))
    nn.init.ones_(layers[0].weight)
    masters = MasterWeights(layers)
    layer = layers[0]
    assert isinstance(layer, MasterLinear)
    optimizer = torch.optim.SGD(layers.parameters(), lr=1e-3)
    masters.follow(layers, optimizer)
    alone = torch.ones(4, 4, dtype=torch.bfloat16)
    for _ in range(8):
        optimizer.zero_grad()
        (-layers(torch.ones(1, 4)).float().sum()).backward()
        optimizer.step()
        alone += 1e-3
    assert torch.equal(alone, torch.ones_like(alone))
    torch.testing.assert_close(layer.weight.detach(), torch.full((4, 4), 1.008))
    assert torch.equal(layer.working, torch.full((4, 4), 1.0078125, dtype=torch.bfloat16))
    assert list(layers.state_dict()) == ["0.weight"]
    with pytest.raises(ConfigurationError, match="one process"):
        MasterWeights(layers, processes=2)


def test_layers_computed_again_change_nothing(tmp_path: Path) -> None:
    plain, again = trainer(tmp_path), trainer(tmp_path, run={"gradient_checkpointing": True, "checkpointed_share": 0.5})
    layers: Any = again.model.model.layers
    assert sorted(layer.gradient_checkpointing for layer in layers) == [False, True]
    batch = next(plain.stream)
    wanted = gradients(plain, batch)
    assert all(torch.equal(gradient, wanted[name]) for name, gradient in gradients(again, batch).items())


def test_rows_that_fill_a_batch_change_no_loss(tmp_path: Path) -> None:
    run = trainer(tmp_path, batches=PACKED, run={"attention": "varlen"})
    batch = next(run.stream)
    part = Batch(*(array[:2] for array in (batch.input_ids, batch.labels, batch.position_ids, batch.weights)), True)
    full = filled(part, 4)
    assert full.input_ids.shape == (4, 32)
    assert full.num_tokens == part.num_tokens
    with torch.no_grad():
        torch.testing.assert_close(*(run.loss_module(**batch_tensors(one, CPU)) for one in (part, full)))


def test_a_new_number_of_documents_compiles_nothing_anew() -> None:
    compiled: list[int] = []

    def backend(graph: Any, inputs: Any) -> Any:
        compiled.append(len(inputs))
        return graph.forward

    torch.compiler.reset()
    spread = torch.compile(lambda x, borders: x * borders.sum(), backend=backend, dynamic=False)
    for count in (3, 5, 9):
        spread(torch.ones(4), allow_any_number(torch.arange(count, dtype=torch.int32)))
    assert len(compiled) == 1
