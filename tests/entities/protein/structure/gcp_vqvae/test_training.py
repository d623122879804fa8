"""Training resumes exactly; networks are stored, converted and refused as they should be."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from biomatrix.entities import Protein
from biomatrix.entities.protein.structure.gcp_vqvae.batches import ChainSource
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour
from biomatrix.entities.protein.structure.gcp_vqvae.conversion import (
    convert_checkpoint,
    rename_published,
    save_network,
    sizes_of,
)
from biomatrix.entities.protein.structure.gcp_vqvae.losses import LossWeights
from biomatrix.entities.protein.structure.gcp_vqvae.model import GCPVQVAE
from biomatrix.entities.protein.structure.gcp_vqvae.plan import TrainingPlan
from biomatrix.entities.protein.structure.gcp_vqvae.recipe import load_recipe
from biomatrix.entities.protein.structure.gcp_vqvae.tokenizer import GCPVQVAETokenizer
from biomatrix.entities.protein.structure.gcp_vqvae.training import Trainer
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.errors import ConfigurationError, WeightsError

Backbone = Callable[[int, int], NDArray[np.float32]]
Published = Callable[[GCPVQVAE, str], dict[str, torch.Tensor]]
RECIPES = Path(__file__).parents[5] / "recipes"
PLAN = TrainingPlan(
    steps=12,
    crop=(24, 32),
    decoded_span=28,
    residues_a_batch=128,
    warm_up=2,
    unquantised=3,
    report_every=4,
    save_every=5,
    autocast=False,
    weights=LossWeights(direction=0.0, trace=1.0, frame=1.0, peptide=0.1),
)


POSED_PLAN = replace(
    PLAN, fill=True, wrong_codes=0.1, weights=replace(PLAN.weights, aligned=0.0, distance=0.0, placed=1.0, turned=1.0)
)


def make_trainer(network: GCPVQVAE, backbone: Backbone) -> Trainer:
    source = ChainSource([backbone(40 + i, i) for i in range(6)], [0, 0, 0, 1, 2, 3])
    return Trainer(network.sizes, Behaviour(), POSED_PLAN if network.sizes.posed else PLAN, source)


@pytest.mark.parametrize("kind", ["network", "posed_network"])
def test_a_resumed_run_is_the_run_that_was_never_stopped(
    kind: str, request: pytest.FixtureRequest, backbone: Backbone, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    network = request.getfixturevalue(kind)
    with caplog.at_level(logging.INFO):
        straight = make_trainer(network, backbone)
        straight.run(tmp_path / "straight")
    assert "residues/s" in caplog.text
    make_trainer(network, backbone).run(tmp_path / "stopped", stop_after=7)
    resumed = make_trainer(network, backbone)
    assert resumed.restore(tmp_path / "stopped")
    assert resumed.step == 7
    resumed.run(tmp_path / "stopped")
    for name, value in straight.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name


@pytest.mark.parametrize(("kind", "term"), [("network", "trace"), ("posed_network", "turned")])
def test_a_few_steps_lower_the_loss(kind: str, term: str, request: pytest.FixtureRequest, backbone: Backbone) -> None:
    trainer = make_trainer(request.getfixturevalue(kind), backbone)
    first = trainer.train_step()[term]
    for _ in range(PLAN.steps - 1):
        last = trainer.train_step()[term]
    assert last < first


def test_restoring_another_network_is_refused(network: GCPVQVAE, backbone: Backbone, tmp_path: Path) -> None:
    trainer = make_trainer(network, backbone)
    assert not trainer.restore(tmp_path)
    (tmp_path / "checkpoint.safetensors").write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match="safetensors"):
        trainer.restore(tmp_path)


def test_stored_networks_open_and_give_the_same_codes(network: GCPVQVAE, backbone: Backbone, tmp_path: Path) -> None:
    behaviour, protein = Behaviour(max_length=96), Protein("A" * 60, backbone(60, 3))
    save_network(tmp_path / "mine", network, behaviour, {"licence": "none"}, half=False)
    opened = ProteinStructureTokenizer.from_pretrained(tmp_path / "mine")
    assert isinstance(opened, GCPVQVAETokenizer)
    assert opened.name == "mine"
    assert opened.num_codes == 32
    fresh = GCPVQVAETokenizer(network, behaviour, "fresh", "0")
    np.testing.assert_array_equal(opened.encode([protein])[0], fresh.encode([protein])[0])


@pytest.mark.parametrize("prefix", ["", "_orig_mod.", "module._orig_mod."])
def test_published_checkpoints_convert(
    network: GCPVQVAE, published_names: Published, tmp_path: Path, prefix: str
) -> None:
    source = tmp_path / "best_valid.pth"
    torch.save({"model_state_dict": published_names(network, prefix), "epoch": 3}, source)
    convert_checkpoint(source, tmp_path / "converted", max_length=64)
    opened = ProteinStructureTokenizer.from_pretrained(tmp_path / "converted")
    assert isinstance(opened, GCPVQVAETokenizer)
    assert opened.behaviour.impute
    assert not opened.behaviour.sequence_blind
    assert opened.model.sizes == network.sizes
    for name, value in opened.model.vqvae.named_parameters():
        assert torch.equal(value, network.vqvae.get_parameter(name))


def test_incomplete_checkpoints_are_refused(network: GCPVQVAE, published_names: Published, tmp_path: Path) -> None:
    tensors, dropped = rename_published(published_names(network, ""))
    assert len(dropped) == 2
    assert sizes_of(tensors) == network.sizes
    del tensors["vqvae.encoder_head.0.bias"]
    torch.save({"model_state_dict": tensors}, tmp_path / "short.pth")
    with pytest.raises(WeightsError, match=r"1 missing.*encoder_head"):
        convert_checkpoint(tmp_path / "short.pth", tmp_path / "out")
    (tmp_path / "text.pth").write_text("not a checkpoint")
    with pytest.raises(WeightsError):
        convert_checkpoint(tmp_path / "text.pth", tmp_path / "out")


class Trap:
    """Would run code if a pickle were trusted."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return Path, ("touched",)


def test_code_in_a_checkpoint_never_runs(tmp_path: Path) -> None:
    torch.save({"model_state_dict": {"a": Trap()}}, tmp_path / "trap.pth")
    with pytest.raises(WeightsError, match="plain tensors"):
        convert_checkpoint(tmp_path / "trap.pth", tmp_path / "out")


@pytest.mark.parametrize("name", ["gcp_vqvae_small.toml", "gcp_vqvae_large.toml"])
def test_recipes_read(name: str) -> None:
    recipe = load_recipe(RECIPES / name)
    assert recipe.plan.steps > 0
    assert recipe.behaviour.sequence_blind


def test_a_misspelt_setting_is_named(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("[sizes]\n[behaviour]\n[plan]\nstepps = 3\n")
    with pytest.raises(ConfigurationError, match=r"unknown key plan\.stepps; did you mean steps"):
        load_recipe(path)


def test_a_run_starts_from_weights_and_their_codebook(
    posed_network: GCPVQVAE, backbone: Backbone, tmp_path: Path
) -> None:
    save_network(tmp_path / "first", posed_network, Behaviour(), {"licence": "none"}, half=False)
    opened = ProteinStructureTokenizer.from_pretrained(tmp_path / "first")
    assert isinstance(opened, GCPVQVAETokenizer)
    trainer = make_trainer(posed_network, backbone)
    with pytest.raises(ConfigurationError, match="unquantised"):
        trainer.start_from(opened.model)
    trainer = Trainer(posed_network.sizes, Behaviour(), replace(POSED_PLAN, unquantised=0), trainer.source)
    trainer.start_from(opened.model)
    rows = posed_network.vqvae.vector_quantizer.codebook.embed
    codebook = trainer.model.vqvae.vector_quantizer.codebook
    torch.testing.assert_close(codebook.embed, rows)
    trainer.train_step()
    kept = (codebook.embed - rows).norm(dim=-1) < 0.2 * rows.norm(dim=-1)
    assert kept.float().mean() > 0.5  # a codebook started anew by k-means would keep none
    other = Trainer(replace(posed_network.sizes, codebook_size=16), Behaviour(), POSED_PLAN, trainer.source)
    with pytest.raises(ConfigurationError, match="other sizes"):
        other.start_from(opened.model)


def test_a_recipe_names_the_weights_to_start_from(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('start = "run/tokenizer"\n[sizes]\n[behaviour]\n[plan]\n')
    assert load_recipe(path).start == "run/tokenizer"
    assert load_recipe(RECIPES / "gcp_vqvae_small.toml").start is None
