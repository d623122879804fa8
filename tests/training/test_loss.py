"""Packed equals separate, chunks equal the whole, and nothing is seen across documents."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from biomatrix.training import loss as loss_module
from biomatrix.training.batches import BatchStream
from biomatrix.training.config import BatchSection, Recipe
from biomatrix.training.evaluation import batch_tensors
from biomatrix.training.loss import Losses, NextTokenLoss, token_losses
from biomatrix.training.model import build_model

from .documents import PAD, CountingDocuments, TinyVocabulary, recipe_values

CPU = torch.device("cpu")


def module(attention: str, tmp_path: object) -> NextTokenLoss:
    recipe = Recipe.model_validate(recipe_values(tmp_path, run={"attention": attention}))  # type: ignore[arg-type]
    return NextTokenLoss(build_model(recipe.model, TinyVocabulary(64), recipe.run))  # type: ignore[arg-type]


def stream(layout: str) -> BatchStream:
    settings = BatchSection(tokens=96, max_length=32, buckets=(8, 16), window=40, layout=layout)  # type: ignore[arg-type]
    return BatchStream(CountingDocuments(40, 64, longest=20), settings, seed=0, pad_id=PAD)


def document_losses(net: NextTokenLoss, layout: str) -> dict[tuple[int, ...], np.ndarray]:
    found = {}
    batches = stream(layout)
    for batch in batches:
        if batches.position.epoch:
            return found
        with torch.no_grad():
            losses = net(**batch_tensors(batch, CPU), per_token=True).numpy()
        for row in range(len(losses)):
            starts = [*np.flatnonzero(batch.position_ids[row] == 0), losses.shape[1]]
            for a, b in pairwise(starts):
                kept = batch.weights[row, a:b] > 0
                if kept.any():  # by its inputs too: two documents may end in the same labels
                    document = tuple(batch.input_ids[row, a:b][: int(np.flatnonzero(kept)[-1]) + 1].tolist())
                    found[document] = losses[row, a:b][kept]
    raise AssertionError("a stream never ends")


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_packed_equals_separate(attention: str, tmp_path: object) -> None:
    net = module(attention, tmp_path).eval()
    separate, packed = document_losses(net, "bucketed"), document_losses(net, "packed")
    assert separate.keys() == packed.keys()
    for key in separate:
        np.testing.assert_allclose(separate[key], packed[key], atol=2e-5)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_no_document_sees_another_in_its_row(attention: str, tmp_path: object) -> None:
    net = module(attention, tmp_path)
    batch = next(stream("packed"))
    row = int((batch.position_ids == 0).sum(axis=1).argmax())
    begins = np.flatnonzero(batch.position_ids[row] == 0)
    embedded = net.model.get_input_embeddings()(torch.from_numpy(batch.input_ids)).detach().requires_grad_()
    hidden = net.model.model(
        inputs_embeds=embedded, position_ids=torch.from_numpy(batch.position_ids), use_cache=False
    ).last_hidden_state
    second = slice(int(begins[1]), int(begins[2]) if len(begins) > 2 else None)
    hidden[row, second].square().sum().backward()
    seen = embedded.grad.abs().sum(-1)
    assert seen[row, second].sum() > 0
    outside = torch.ones_like(seen, dtype=torch.bool)
    outside[row, second] = False
    assert seen[outside].max() == 0


def test_chunked_losses_and_gradients_equal_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(70, 16, generator=generator, requires_grad=True)
    weight = torch.randn(97, 16, generator=generator, requires_grad=True)
    labels = torch.randint(0, 97, (70,), generator=generator)
    whole = token_losses(x, weight, labels)
    wanted = torch.autograd.grad((whole * labels).sum(), (x, weight))
    monkeypatch.setattr(loss_module, "LARGE_VOCABULARY", 10)
    chunked = token_losses(x, weight, labels, chunk_rows=16)
    torch.testing.assert_close(chunked, whole)
    gradients = torch.autograd.grad((chunked * labels).sum(), (x, weight))
    torch.testing.assert_close(gradients, wanted, atol=1e-3, rtol=1e-5)


def test_a_compiled_loss_takes_all_at_once_where_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biomatrix.training.loss.LARGE_VOCABULARY", 16)
    taken: list[int] = []

    def compiled(function: Losses, **_: object) -> Losses:
        def counted(x: torch.Tensor, table: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            taken.append(len(x))
            return function(x, table, labels)

        return counted

    monkeypatch.setattr("torch.compile", compiled)
    model = module("eager", tmp_path).model
    ids = torch.arange(4, 44)[None]
    found = []
    for compile_it, whole in ((False, 64), (True, 64), (True, None)):
        net = NextTokenLoss(model, chunk_rows=16, whole_rows=whole)
        if compile_it:
            net.compile_losses()
        found.append(float(net(ids, ids, torch.ones(1, 40)).detach()))
    assert taken == [40]
    assert found[1:] == pytest.approx(found[:1] * 2, rel=1e-5)


def test_only_weighted_labels_move_the_model(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    net = module("eager", tmp_path)
    batch = next(stream("bucketed"))
    tensors = batch_tensors(batch, CPU)
    before = net(**tensors)
    changed = torch.where(tensors["weights"] > 0, tensors["labels"], 5)
    assert torch.equal(net(**{**tensors, "labels": changed}), before)
    monkeypatch.setattr(loss_module, "LARGE_VOCABULARY", 10)
    torch.testing.assert_close(net(**tensors), before)


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
def test_the_z_loss_and_its_gradient_are_those_of_its_definition(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, chunked: bool
) -> None:
    net = module("eager", tmp_path)
    tensors = batch_tensors(next(stream("packed")), CPU)
    hidden = net.model.model(input_ids=tensors["input_ids"], position_ids=tensors["position_ids"], use_cache=False)
    logits = net.model.lm_head(hidden.last_hidden_state).log_softmax(-1), net.model.lm_head(hidden.last_hidden_state)
    nats = -logits[0].gather(-1, tensors["labels"][..., None])[..., 0]
    denominators = logits[1].exp().sum(-1).log()
    plain = (tensors["weights"] * nats).sum()
    penalty = 0.3 * (tensors["weights"] * denominators**2).sum()
    parameters = list(net.parameters())
    wanted = torch.autograd.grad(plain + penalty, parameters)
    if chunked:
        monkeypatch.setattr(loss_module, "LARGE_VOCABULARY", 10)
    ours = NextTokenLoss(net.model, chunk_rows=16, z_weight=0.3)
    loss = ours(**tensors)
    torch.testing.assert_close(loss, plain + penalty)
    torch.testing.assert_close(ours.z_sum, penalty.detach())
    torch.testing.assert_close(torch.autograd.grad(loss, parameters), wanted, atol=1e-4, rtol=1e-4)
    counted = nats * (tensors["weights"] > 0)
    torch.testing.assert_close(ours(**tensors, per_token=True), counted, atol=1e-5, rtol=1e-5)
