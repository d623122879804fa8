"""What a step sees: reproducible draws, shares of processes, masked residues, next-token pairs, loss multipliers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from biomatrix.entities.protein.structure.gcp_vqvae.batches import ChainSource, Crop, make_batch, masked
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour, reference_behaviour
from biomatrix.entities.protein.structure.gcp_vqvae.model import GCPVQVAE
from biomatrix.entities.protein.structure.gcp_vqvae.plan import AdaptiveWeights, Masking, TrainingPlan
from biomatrix.entities.protein.structure.gcp_vqvae.training import Trainer, next_token_error
from biomatrix.errors import ConfigurationError

Backbone = Callable[[int, int], NDArray[np.float32]]
PLAN = TrainingPlan(steps=10, crop=(32,), residues_a_batch=160, masking=Masking(probability=0.5, most_residues=8))


@pytest.fixture
def source(backbone: Backbone) -> ChainSource:
    lengths = [40, 41, 25, 60, 33, 21]
    return ChainSource([backbone(n, i) for i, n in enumerate(lengths)], range(6), ["ACDEFG" * 10] * 6)


@pytest.mark.parametrize("processes", [2, 3, 5])
def test_parts_of_all_processes_are_the_batch_of_one(source: ChainSource, processes: int) -> None:
    whole = source.batch(PLAN, Behaviour(), 7)
    parts = [source.batch(PLAN, Behaviour(), 7, rank=r, processes=processes) for r in range(processes)]
    torch.testing.assert_close(torch.cat([part.target for part in parts]), whole.target)
    torch.testing.assert_close(torch.cat([part.graph.node_scalars for part in parts]), whole.graph.node_scalars)
    assert whole.chain_share == whole.residue_share == 1.0
    per_chain = [part.graph.valid.sum(dim=1).float().mean() * part.chain_share for part in parts]
    assert float(sum(per_chain)) / processes == pytest.approx(float(whole.graph.valid.sum(dim=1).float().mean()))


def test_too_many_processes_are_refused(source: ChainSource) -> None:
    with pytest.raises(ConfigurationError, match="5 crops for 9 processes"):
        source.batch(PLAN, Behaviour(), 0, processes=9)


def test_an_encoder_that_sees_sequences_gets_them(source: ChainSource) -> None:
    seeing = reference_behaviour(512)
    types = source.batch(PLAN, seeing, 1).graph.node_scalars[:, 16:39]
    blind = source.batch(PLAN, Behaviour(), 1).graph.node_scalars[:, 16:39]
    assert (types.argmax(dim=1) == 0).any()
    assert len(blind.unique(dim=0)) == 1
    with pytest.raises(ConfigurationError, match="sequences"):
        replace(source, sequences=None).batch(PLAN, seeing, 1)


@pytest.mark.parametrize("seed", range(20))
def test_masking_hides_residues_and_their_types(backbone: Backbone, seed: int) -> None:
    whole = Crop(backbone(40, seed), "A" * 40)
    crop = masked(whole, Masking(probability=1.0), np.random.default_rng(seed))
    hidden = np.isnan(crop.backbone).all(axis=(1, 2))
    assert 1 <= hidden.sum() <= 20
    assert 1 <= np.diff(np.pad(hidden, 1).astype(int)).clip(min=0).sum() <= 6
    assert crop.sequence == "".join("X" if h else "A" for h in hidden)
    np.testing.assert_array_equal(crop.backbone[~hidden], whole.backbone[~hidden])
    assert masked(whole, Masking(probability=0.0), np.random.default_rng(seed)) is whole
    batch = make_batch([crop], Behaviour())
    np.testing.assert_array_equal(batch.graph.valid[0].numpy(), ~hidden)


def test_next_token_error_counts_neighbouring_codes_only() -> None:
    codes = torch.tensor([[0, 1, -1, 2, 0], [1, -1, -1, -1, -1]])
    sure = torch.full((2, 5, 3), -100.0)
    sure[0, 0, 1] = sure[0, 3, 0] = 100.0
    assert next_token_error(sure, codes) == 0
    even = next_token_error(torch.zeros(2, 5, 3), codes)
    assert float(even) == pytest.approx(np.log(3) / 2)


def test_multipliers_follow_gradients_within_bounds(network: GCPVQVAE, source: ChainSource) -> None:
    rule = AdaptiveWeights(every=2)
    assert rule.adjusted(1.0, 6.0) == 0.98
    assert rule.adjusted(1.0, 0.1) == 1.02
    assert rule.adjusted(1.0, 1.0) == 1.0
    assert rule.adjusted(0.01, 6.0) == 0.01
    plan = replace(PLAN, warm_up=1, adaptive=AdaptiveWeights(every=1, high=0.0, low=0.0), autocast=False)
    trainer = Trainer(network.sizes, Behaviour(), plan, source)
    for _ in range(4):
        trainer.train_step()
    assert trainer.multipliers["aligned"] == pytest.approx(0.98**3)
    assert set(trainer.multipliers) == {"aligned", "distance", "direction", "quantiser"}


def test_a_next_token_loss_needs_its_head(network: GCPVQVAE, source: ChainSource) -> None:
    plan = replace(PLAN, weights=replace(PLAN.weights, next_token=0.001))
    with pytest.raises(ConfigurationError, match="next_token_head"):
        Trainer(network.sizes, Behaviour(), plan, source)
    sizes = replace(network.sizes, next_token_head=True)
    told = Trainer(sizes, Behaviour(), replace(plan, compile=False), source).train_step()
    assert told["next_token"] > 0
