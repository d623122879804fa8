"""The shipped weights open, are small, and rebuild a short chain better than chance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from biomatrix.entities import Protein
from biomatrix.entities.protein.structure.gcp_vqvae.tokenizer import GCPVQVAETokenizer
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.entities.tokenizer_folder import weights_root
from biomatrix.metrics.superposition import rmsd


@pytest.fixture(scope="module")
def small() -> ProteinStructureTokenizer:
    return ProteinStructureTokenizer.from_pretrained("gcp_vqvae-4096")


def test_the_folder(small: ProteinStructureTokenizer) -> None:
    assert isinstance(small, GCPVQVAETokenizer)
    assert small.num_codes == 4096
    assert small.behaviour.sequence_blind
    folder = weights_root("protein") / "gcp_vqvae-4096"
    assert sum(file.stat().st_size for file in folder.iterdir()) < 5_000_000


def test_short_chains_come_back_roughly(small: ProteinStructureTokenizer, chain: Callable[[int, int], Protein]) -> None:
    proteins = [chain(30, seed) for seed in range(12)]
    codes = small.encode(proteins)
    rng = np.random.default_rng(0)
    random = [rng.integers(0, small.num_codes, 30) for _ in proteins]
    errors, chance = (
        np.median([float(rmsd(d[:, 1], np.asarray(p.backbone)[:, 1])) for d, p in zip(made, proteins, strict=True)])
        for made in (small.decode(codes), small.decode(random))
    )
    assert errors < 0.75 * chance


def test_a_long_chain_passes(small: ProteinStructureTokenizer, chain: Callable[[int, int], Protein]) -> None:
    (codes,) = small.encode([chain(150, 1)])
    (decoded,) = small.decode([codes])
    assert (codes >= 0).all()
    assert decoded.shape == (150, 3, 3)
    assert np.isfinite(decoded).all()
