"""Properties of imputation, windows, features, codebook and losses."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from biomatrix.entities.protein.structure.gcp_vqvae.configuration import (
    Behaviour,
    NetworkSizes,
    from_mapping,
    to_mapping,
)
from biomatrix.entities.protein.structure.gcp_vqvae.features import nearest_neighbours
from biomatrix.entities.protein.structure.gcp_vqvae.imputation import impute_missing
from biomatrix.entities.protein.structure.gcp_vqvae.losses import LossWeights, frame_error, structure_terms
from biomatrix.entities.protein.structure.gcp_vqvae.quantizer import (
    CodebookTraining,
    VectorQuantizer,
    k_means,
    rotate_to,
)
from biomatrix.entities.protein.structure.gcp_vqvae.windows import join_backbones, join_codes, windows
from biomatrix.errors import ConfigurationError

Backbone = Callable[[int, int], NDArray[np.float32]]
EVERY_TERM = LossWeights(trace=1.0, frame=1.0, peptide=1.0)


@pytest.mark.parametrize("gap", [(5, 6), (5, 12), (0, 4), (36, 40)])
def test_imputation_fills_gaps_and_moves_only_the_next_nitrogen(backbone: Backbone, gap: tuple[int, int]) -> None:
    whole = backbone(40, 0)
    start, end = gap
    broken = whole.copy()
    broken[start:end] = np.nan
    filled = impute_missing(broken)
    assert np.isfinite(filled).all()
    moved = np.flatnonzero((np.abs(filled - whole) > 1e-4).any(axis=(1, 2)))
    assert set(moved) <= set(range(start, end + 1))
    if end < 40:
        np.testing.assert_allclose(filled[end, 1:], whole[end, 1:], atol=1e-5)


@pytest.mark.parametrize("length", [1, 20, 21, 47, 200])
def test_windows_cover_and_overlap(length: int) -> None:
    ranges = windows(length, 20, 6)
    assert ranges[0][0] == 0
    assert ranges[-1][1] == length
    for (_, done), (start, end) in pairwise(ranges):
        assert done - start >= 6
        assert end - start == 20


def test_joining_windows_restores_a_chain(backbone: Backbone) -> None:
    rng, whole = np.random.default_rng(1), backbone(130, 1)
    ranges = windows(130, 40, 12)
    pieces = []
    for start, end in ranges:
        rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        rotation *= np.sign(np.linalg.det(rotation))
        pieces.append((whole[start:end] @ rotation.T + rng.normal(size=3)).astype(np.float32))
    joined = join_backbones(pieces, ranges)
    ours, theirs = (np.linalg.norm(x[:, None, 1] - x[None, :, 1], axis=-1) for x in (joined, whole))
    np.testing.assert_allclose(ours, theirs, atol=1e-2)
    codes = [np.arange(start, end, dtype=np.int16) for start, end in ranges]
    np.testing.assert_array_equal(join_codes(codes, ranges), np.arange(130))


def test_neighbours_are_the_nearest() -> None:
    points = torch.randn(600, 3, generator=torch.Generator().manual_seed(0))
    row, column = nearest_neighbours(points)
    distances = torch.cdist(points.double(), points.double()).fill_diagonal_(torch.inf)
    expected = distances.topk(16, largest=False).values.sum()
    found = (points[row] - points[column]).double().norm(dim=-1).sum()
    assert torch.isclose(found, expected)
    assert (row != column).all()


def test_rotation_trick_gives_the_code_and_keeps_gradient_length() -> None:
    generator = torch.Generator().manual_seed(0)
    source = torch.randn(10, 5, generator=generator, requires_grad=True)
    target = torch.randn(10, 5, generator=generator)
    moved = rotate_to(source, target)
    torch.testing.assert_close(moved, target, atol=1e-5, rtol=1e-5)
    upstream = torch.randn(10, 5, generator=generator)
    (gradient,) = torch.autograd.grad(moved, source, upstream)
    scale = (target.norm(dim=-1) / source.norm(dim=-1)).detach()
    torch.testing.assert_close(gradient.norm(dim=-1), upstream.norm(dim=-1) * scale, atol=1e-5, rtol=1e-5)


def test_codebook_learns_clusters_and_revives_dead_codes() -> None:
    generator = torch.Generator().manual_seed(0)
    centres = 10 * torch.randn(8, 4, generator=generator)
    quantiser = VectorQuantizer(24, 4)
    training = CodebookTraining(decay=0.8, dead_below=0.05, orthogonality=0.0)
    for _ in range(60):
        batch = centres[torch.randint(8, (64,), generator=generator)] + 0.1 * torch.randn(64, 4, generator=generator)
        result = quantiser.learn(batch, training, generator)
    assert result.loss < 0.1
    assert torch.cdist(centres, quantiser.codebook.embed[0]).min(dim=1).values.max() < 0.5
    found, members = k_means(centres.repeat(5, 1), 8, generator)
    assert found.shape == (8, 4)
    assert members.sum() == 40


def test_rows_of_missing_codes_are_zero() -> None:
    quantiser = VectorQuantizer(4, 3)
    quantiser.codebook.embed.fill_(1.0)
    assert quantiser.rows(torch.tensor([0, -1]))[1].abs().sum() == 0


def test_losses_vanish_for_a_moved_chain_and_grow_with_noise(backbone: Backbone) -> None:
    target = torch.from_numpy(np.stack([backbone(24, 0), backbone(24, 1)]))
    valid = torch.ones(2, 24, dtype=torch.bool)
    valid[1, 18:] = False
    rotation = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1))).Q
    rotation = rotation * torch.linalg.det(rotation).sign()
    moved = target @ rotation.T + torch.tensor([3.0, -2.0, 9.0])
    junk = torch.where(valid[..., None, None], moved, torch.full_like(moved, 1e3))
    for name, value in structure_terms(junk, target, valid, EVERY_TERM).items():
        assert value < 1e-2, name
    generator = torch.Generator().manual_seed(2)
    noise = torch.randn(target.shape, generator=generator)
    levels = [structure_terms(moved + s * noise, target, valid, EVERY_TERM) for s in (0.1, 0.5)]
    for name in levels[0]:
        assert levels[0][name] < levels[1][name], name


def test_frame_error_sees_mirror_images(backbone: Backbone) -> None:
    target = torch.from_numpy(backbone(24, 0))[None]
    mirrored = target * torch.tensor([1.0, 1.0, -1.0])
    assert frame_error(mirrored, target, torch.ones(1, 24, dtype=torch.bool)) > 0.1


def test_settings_are_checked_and_round_trip() -> None:
    sizes, behaviour = NetworkSizes(), Behaviour(long_chains="windows")
    assert from_mapping(NetworkSizes, to_mapping(sizes)) == sizes
    assert from_mapping(Behaviour, to_mapping(behaviour)) == behaviour
    with pytest.raises(ConfigurationError, match="colour"):
        from_mapping(Behaviour, {"colour": 1})
    with pytest.raises(ConfigurationError, match="heads"):
        NetworkSizes(heads=3)
    with pytest.raises(ConfigurationError, match="overlap"):
        Behaviour(long_chains="windows", max_length=16, overlap=12)
