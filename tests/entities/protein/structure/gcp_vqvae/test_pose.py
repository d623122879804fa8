"""Chains in their pose: turned alike whatever they came like, described, encoded and learned from as such."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from biomatrix.entities import Protein
from biomatrix.entities.protein.structure.gcp_vqvae.batches import ChainSource, Crop, make_batch
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour, to_mapping
from biomatrix.entities.protein.structure.gcp_vqvae.conversion import save_network, sizes_of
from biomatrix.entities.protein.structure.gcp_vqvae.features import collate
from biomatrix.entities.protein.structure.gcp_vqvae.inputs import describe_chain
from biomatrix.entities.protein.structure.gcp_vqvae.losses import placed_error, turned_error
from biomatrix.entities.protein.structure.gcp_vqvae.model import GCPVQVAE
from biomatrix.entities.protein.structure.gcp_vqvae.plan import TrainingPlan
from biomatrix.entities.protein.structure.gcp_vqvae.pose import POSE_FEATURES, in_pose
from biomatrix.entities.protein.structure.gcp_vqvae.tokenizer import GCPVQVAETokenizer
from biomatrix.entities.protein.structure.gcp_vqvae.training import ReconstructionLoss, Trainer
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.errors import ConfigurationError

Backbone = Callable[[int, int], NDArray[np.float32]]
Chain = Callable[[int, int], Protein]


def moved(backbone: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """The same chain elsewhere."""
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    return (backbone @ rotation.T + rng.normal(0, 50, size=3)).astype(np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_the_pose_does_not_depend_on_the_place(backbone: Backbone, seed: int) -> None:
    whole = backbone(50, seed)
    whole[[3, 4, 20]] = np.nan
    posed = in_pose(whole)
    np.testing.assert_allclose(in_pose(moved(whole, seed)), posed, atol=2e-3)
    np.testing.assert_allclose(in_pose(posed), posed, atol=1e-4)
    np.testing.assert_array_equal(np.isnan(posed), np.isnan(whole))
    ours, theirs = (np.linalg.norm(x[:, None, 1] - x[None, :, 1], axis=-1) for x in (posed, whole))
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
    spread = np.nanvar(posed[:, 1], axis=0)
    assert spread[0] >= spread[1] >= spread[2]


def test_a_mirror_image_stays_one(backbone: Backbone) -> None:
    whole = backbone(40, 1)
    mirrored = in_pose(whole * np.array([1.0, 1.0, -1.0], dtype=np.float32))
    np.testing.assert_allclose(mirrored, in_pose(whole) * np.array([1, 1, -1]), atol=1e-3)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_chains_of_hardly_any_residue_have_a_pose(backbone: Backbone, length: int) -> None:
    assert np.isfinite(in_pose(backbone(8, 0)[:length])).all()
    nothing = np.full((length, 3, 3), np.nan)
    assert np.isnan(in_pose(nothing)).all()


def test_features_tell_neighbours_only_where_bonded(backbone: Backbone) -> None:
    posed = in_pose(backbone(30, 2))
    posed[10] = np.nan
    pose = describe_chain(posed, None, Behaviour(), posed=True).pose
    assert pose is not None
    assert pose.shape == (29, POSE_FEATURES)
    np.testing.assert_allclose(pose[:, :3] * 10, posed[np.isfinite(posed[:, 1, 0]), 1], atol=1e-5)
    missing = [0, 10]
    assert (pose[missing, -2] == 0).all()
    assert (pose[missing, 9:18] == 0).all()
    assert pose[:, -2].sum() == pose[:, -1].sum() == 27
    assert describe_chain(posed, None, Behaviour()).pose is None


@pytest.mark.parametrize("seed", range(3))
def test_codes_do_not_depend_on_place_but_on_handedness(posed_network: GCPVQVAE, chain: Chain, seed: int) -> None:
    tokenizer = GCPVQVAETokenizer(posed_network, Behaviour(), "posed", "0")
    protein = chain(60, seed)
    assert protein.backbone is not None
    turned = replace(protein, backbone=moved(protein.backbone, seed))
    mirrored = replace(protein, backbone=protein.backbone * np.float32([1, 1, -1]))
    codes, again, other = tokenizer.encode([protein, turned, mirrored])
    assert (codes == again).mean() > 0.95
    assert (codes == other).mean() < 0.8


def test_windows_of_a_long_chain_stand_in_its_pose(posed_network: GCPVQVAE, chain: Chain) -> None:
    behaviour = Behaviour(max_length=64, long_chains="windows", overlap=16)
    tokenizer = GCPVQVAETokenizer(posed_network, behaviour, "posed", "0")
    (codes,) = tokenizer.encode([chain(150, 0)])
    (decoded,) = tokenizer.decode([codes])
    (alone,) = tokenizer.decode([codes[:64]])
    np.testing.assert_allclose(decoded[:20], alone[:20], atol=1e-4)
    assert tokenizer.seams(150)


def test_a_posed_network_refuses_graphs_without_a_pose(posed_network: GCPVQVAE, backbone: Backbone) -> None:
    with pytest.raises(ConfigurationError, match="posed"):
        posed_network.encode(describe_chain(backbone(30, 0), None, Behaviour()))


def test_a_posed_network_is_stored_and_opens(posed_network: GCPVQVAE, chain: Chain, tmp_path: Path) -> None:
    save_network(tmp_path / "posed", posed_network, Behaviour(), {"licence": "none"}, half=False)
    opened = ProteinStructureTokenizer.from_pretrained(tmp_path / "posed")
    assert isinstance(opened, GCPVQVAETokenizer)
    assert opened.model.sizes == posed_network.sizes == sizes_of(posed_network.state_dict())
    assert "posed" in to_mapping(posed_network.sizes)
    assert "posed" not in to_mapping(replace(posed_network.sizes, posed=False))
    fresh = GCPVQVAETokenizer(posed_network, Behaviour(), "fresh", "0")
    np.testing.assert_array_equal(opened.encode([chain(60, 1)])[0], fresh.encode([chain(60, 1)])[0])


def test_placed_and_turned_errors_are_of_the_pose(backbone: Backbone) -> None:
    target = torch.from_numpy(in_pose(backbone(30, 3)))[None]
    valid = torch.ones(1, 30, dtype=torch.bool)
    half_turn = target * torch.tensor([-1.0, -1.0, 1.0])
    assert float(placed_error(target, target, valid)) < 1e-3
    assert float(placed_error(target + torch.tensor([5.0, 0.0, 0.0]), target, valid)) == pytest.approx(1.0)
    assert float(turned_error(target + 5.0, target, valid)) < 1e-6
    assert float(turned_error(half_turn, target, valid)) == pytest.approx(8.0, rel=1e-4)


def test_losses_of_the_pose_need_a_posed_network(network: GCPVQVAE, backbone: Backbone) -> None:
    source, plan = ChainSource([backbone(40, 0)], [0]), TrainingPlan(autocast=False)
    for term in ("placed", "turned"):
        with pytest.raises(ConfigurationError, match="posed"):
            Trainer(network.sizes, Behaviour(), replace(plan, weights=replace(plan.weights, **{term: 1.0})), source)


def test_filled_batches_hold_what_fits_and_long_chains_often(backbone: Backbone) -> None:
    lengths = [24] * 30 + [200]
    source = ChainSource([backbone(n, i) for i, n in enumerate(lengths)], range(len(lengths)))
    plan = TrainingPlan(steps=200, crop=(200,), residues_a_batch=240, fill=True)
    shares = []
    for number in range(60):
        crops = [len(crop.backbone) for crop in source.draw(plan, Behaviour(), number)]
        assert len(crops) * max(crops) <= 240
        shares.append(max(crops) == 200)
    assert 0.05 < np.mean(shares) < 0.6
    assert any(len(source.draw(plan, Behaviour(), number)) == 10 for number in range(5))


def test_wrong_codes_replace_their_share_of_rows(posed_network: GCPVQVAE, backbone: Backbone) -> None:
    loss = ReconstructionLoss(posed_network, TrainingPlan(wrong_codes=0.25))
    batch = make_batch([Crop(backbone(200, i)) for i in range(4)], Behaviour(), posed=True)
    codes = posed_network.encode(collate([batch.graph]))
    rows = posed_network.vqvae.vector_quantizer.rows(codes)
    changed = (loss._with_wrong_codes(rows, codes, 0) != rows).any(dim=-1).float().mean()
    assert 0.15 < float(changed) < 0.3
    with pytest.raises(ConfigurationError, match="wrong_codes"):
        TrainingPlan(wrong_codes=1.0)
