"""Properties of the tokenizer that hold for any weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from biomatrix.entities import Protein
from biomatrix.entities.protein.structure.gcp_vqvae.tokenizer import GCPVQVAETokenizer
from biomatrix.errors import DecodeError, LimitError, UnsupportedError

Chain = Callable[[int, int], Protein]


def test_codes_do_not_depend_on_the_batch(tokenizer: GCPVQVAETokenizer, chain: Chain) -> None:
    proteins = [chain(length, seed) for seed, length in enumerate((90, 12, 40, 41, 3, 77))]
    together = tokenizer.encode(proteins)
    for protein, codes in zip(proteins, together, strict=True):
        np.testing.assert_array_equal(tokenizer.encode([protein])[0], codes)
    decoded = tokenizer.decode(together)
    for codes, coords in zip(together, decoded, strict=True):
        np.testing.assert_allclose(tokenizer.decode([codes])[0], coords, atol=1e-4)


def test_padding_changes_nothing(tokenizer: GCPVQVAETokenizer, chain: Chain) -> None:
    protein = chain(30, 1)
    (codes,) = tokenizer.encode([protein])
    np.testing.assert_array_equal(tokenizer.padded(96).encode([protein])[0], codes)
    np.testing.assert_allclose(tokenizer.padded(96).decode([codes])[0], tokenizer.decode([codes])[0], atol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_codes_do_not_depend_on_place_but_on_handedness(tokenizer: GCPVQVAETokenizer, chain: Chain, seed: int) -> None:
    protein, rng = chain(80, seed), np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    assert protein.backbone is not None
    moved = replace(protein, backbone=(protein.backbone @ rotation.T + 30 * rng.normal(size=3)).astype(np.float32))
    mirrored = replace(protein, backbone=protein.backbone * np.float32([1, 1, -1]))
    (codes,), (same,), (other,) = (tokenizer.encode([p]) for p in (protein, moved, mirrored))
    assert (codes == same).mean() > 0.97  # a latent may stand between two codes
    assert (codes == other).mean() < 0.7


def test_sequence_is_seen_only_as_published(tokenizer: GCPVQVAETokenizer, chain: Chain) -> None:
    protein = chain(60, 4)
    poly = replace(protein, sequence="A" * 60)
    np.testing.assert_array_equal(tokenizer.encode([protein])[0], tokenizer.encode([poly])[0])
    published = tokenizer.as_published()
    assert (published.encode([protein])[0] != published.encode([poly])[0]).any()
    assert published.fingerprint != tokenizer.fingerprint


@pytest.mark.parametrize("missing", [[0], [59], [10, 11, 12], [0, 1, 30, 58, 59], list(range(1, 60))])
@pytest.mark.parametrize("published", [False, True])
def test_unresolved_residues_keep_their_place(
    tokenizer: GCPVQVAETokenizer, chain: Chain, missing: list[int], published: bool
) -> None:
    if published:
        tokenizer = tokenizer.as_published()
    protein = chain(60, 5)
    assert protein.backbone is not None
    backbone = protein.backbone.copy()
    backbone[missing, 1] = np.nan
    (codes,) = tokenizer.encode([replace(protein, backbone=backbone)])
    assert codes.shape == (60,)
    assert set(np.flatnonzero(codes == -1)) == set(missing)
    (decoded,) = tokenizer.decode([codes])
    assert set(np.flatnonzero(np.isnan(decoded).any(axis=(1, 2)))) == set(missing)


def test_decoded_residues_have_ideal_bonds(tokenizer: GCPVQVAETokenizer) -> None:
    codes = np.random.default_rng(0).integers(0, tokenizer.num_codes, 50)
    (coords,) = tokenizer.decode([codes])
    n, ca, c = np.moveaxis(coords, 1, 0)
    np.testing.assert_allclose(np.linalg.norm(n - ca, axis=-1), 1.459, atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(c - ca, axis=-1), 1.525, atol=2e-3)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 17])
def test_very_short_chains(tokenizer: GCPVQVAETokenizer, chain: Chain, length: int) -> None:
    (codes,) = tokenizer.encode([chain(length, 6)])
    assert (codes >= 0).all()
    assert np.isfinite(tokenizer.decode([codes])[0]).all()


def test_nothing_resolved_and_nothing_at_all(tokenizer: GCPVQVAETokenizer) -> None:
    blank = Protein("AAAA", np.full((4, 3, 3), np.nan, dtype=np.float32))
    assert (tokenizer.encode([blank])[0] == -1).all()
    assert np.isnan(tokenizer.decode([[-1, -1]])[0]).all()
    assert tokenizer.decode([[]])[0].shape == (0, 3, 3)
    assert tokenizer.encode([]) == []


def test_long_chains_by_policy(tokenizer: GCPVQVAETokenizer, chain: Chain) -> None:
    protein = chain(250, 7)
    with pytest.raises(LimitError, match=r"chain7.*250 residues.*96"):
        tokenizer.encode([chain(20, 1), protein])
    with pytest.raises(LimitError, match="record 2"):
        tokenizer.decode([[0], [0] * 250])
    windowed = tokenizer.with_behaviour(replace(tokenizer.behaviour, long_chains="windows"))
    (codes,) = windowed.encode([protein])
    assert (codes >= 0).all()
    assert np.isfinite(windowed.decode([codes])[0]).all()
    assert windowed.seams(96) == []
    assert windowed.seams(250) == [(51, 96), (103, 147), (154, 199)]
    wider = replace(windowed.behaviour, max_length=48, overlap=16, encoded_length=96)
    (shorter,) = tokenizer.with_behaviour(wider).encode([chain(90, 7)])
    np.testing.assert_array_equal(shorter, tokenizer.encode([chain(90, 7)])[0])
    cut = tokenizer.with_behaviour(replace(tokenizer.behaviour, long_chains="cut"))
    (codes,) = cut.encode([protein])
    assert (codes[:96] >= 0).all()
    assert (codes[96:] == -1).all()


@pytest.mark.parametrize(("codes", "position"), [([0, 32], 2), ([-2], 1), ([0, 1, 9999], 3)])
def test_codes_out_of_range_are_named(tokenizer: GCPVQVAETokenizer, codes: list[int], position: int) -> None:
    with pytest.raises(DecodeError, match=f"position {position}"):
        tokenizer.decode([codes])


def test_codes_must_be_flat_integers(tokenizer: GCPVQVAETokenizer) -> None:
    for wrong in ([[0, 1]], [0.5, 1.0], "abc"):
        with pytest.raises(DecodeError):
            tokenizer.decode([wrong])  # type: ignore[list-item]


def test_a_sequence_alone_is_refused(tokenizer: GCPVQVAETokenizer) -> None:
    with pytest.raises(UnsupportedError, match="no structure"):
        tokenizer.encode([Protein("ACDE")])


def test_code_features(tokenizer: GCPVQVAETokenizer) -> None:
    features = tokenizer.code_features
    assert features.shape == (32, 8)
    assert features.dtype == np.float64
    assert np.isfinite(features).all()
