"""Bonds of decoded backbones are closed, and only those."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.entities import Protein
from biomatrix.entities.protein.structure.gcp_vqvae.closing import close_bonds
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour
from biomatrix.entities.protein.structure.gcp_vqvae.model import GCPVQVAE
from biomatrix.entities.protein.structure.gcp_vqvae.tokenizer import GCPVQVAETokenizer
from biomatrix.metrics.superposition import rmsd

Backbone = Callable[[int, int], NDArray[np.float32]]


def peptide_bonds(backbone: NDArray[np.float32]) -> NDArray[np.floating]:
    return np.asarray(np.linalg.norm(backbone[1:, 0] - backbone[:-1, 2], axis=-1))


@pytest.mark.parametrize("seed", range(4))
def test_shaken_residues_meet_again(backbone: Backbone, seed: int) -> None:
    rng, whole = np.random.default_rng(seed), backbone(60, seed)
    shaken = (whole + rng.normal(0, 0.25, size=(60, 1, 3))).astype(np.float32)
    (closed,) = close_bonds([shaken])
    before, after = (np.abs(peptide_bonds(x) - 1.329).mean() for x in (shaken, closed))
    assert after < 0.05 < before
    assert rmsd(closed.reshape(-1, 3), whole.reshape(-1, 3)) < rmsd(shaken.reshape(-1, 3), whole.reshape(-1, 3))
    for first, second, length in ((0, 1, 1.458), (1, 2, 1.525)):
        np.testing.assert_allclose(np.linalg.norm(closed[:, first] - closed[:, second], axis=-1), length, atol=0.1)


def test_breaks_gaps_and_other_chains_stay_apart(backbone: Backbone) -> None:
    whole = backbone(41, 0)
    whole[20:] += np.float32(8.0)
    whole[30] = np.nan
    first, second = close_bonds([whole, backbone(25, 1)])
    assert peptide_bonds(first)[19] > 6
    np.testing.assert_array_equal(np.isnan(first), np.isnan(whole))
    np.testing.assert_array_equal(second, close_bonds([backbone(25, 1)])[0])
    assert rmsd(first.reshape(-1, 3), whole.reshape(-1, 3)) < 0.1


def test_nothing_to_close() -> None:
    assert close_bonds([]) == []
    (empty,) = close_bonds([np.zeros((0, 3, 3), np.float32)])
    assert empty.shape == (0, 3, 3)
    (missing,) = close_bonds([np.full((4, 3, 3), np.nan, np.float32)])
    assert np.isnan(missing).all()
    assert np.isfinite(close_bonds([np.zeros((5, 3, 3), np.float32)])[0]).all()


def test_a_tokenizer_closes_bonds_where_told(network: GCPVQVAE, chain: Callable[[int, int], Protein]) -> None:
    behaviour = Behaviour(max_length=96)
    open_, closing = (
        GCPVQVAETokenizer(network, b, "t", "0") for b in (behaviour, replace(behaviour, close_bonds=True))
    )
    codes = open_.encode([chain(40, 0)])
    np.testing.assert_array_equal(codes[0], closing.encode([chain(40, 0)])[0])
    (plain,) = open_.decode(codes)
    np.testing.assert_array_equal(closing.decode(codes)[0], close_bonds([plain])[0])
