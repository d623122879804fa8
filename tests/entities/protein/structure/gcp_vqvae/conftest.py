"""Backbones made from random torsions, and a small network with random weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from biomatrix.entities import Protein
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour, NetworkSizes
from biomatrix.entities.protein.structure.gcp_vqvae.model import GCPVQVAE
from biomatrix.entities.protein.structure.gcp_vqvae.tokenizer import GCPVQVAETokenizer
from biomatrix.metrics.geometry import place_atom

SIZES = NetworkSizes(
    gcp_layers=1,
    node_scalars=16,
    node_vectors=4,
    edge_scalars=8,
    edge_vectors=4,
    encoder_width=32,
    encoder_depth=1,
    decoder_width=32,
    decoder_depth=1,
    heads=2,
    kv_heads=1,
    code_width=8,
    codebook_size=32,
    next_token_head=False,
)
BONDS = ((1.329, 2.035), (1.458, 2.124), (1.525, 1.941))
"""Length and angle with which N, CA and C are placed."""


def make_backbone(length: int, seed: int) -> NDArray[np.float32]:
    """A chain of ideal bonds whose torsions alternate between helix and strand."""
    rng = np.random.default_rng(seed)
    atoms = [np.array([0.0, 0.0, 0.0]), np.array([1.458, 0.0, 0.0]), np.array([2.0, 1.4, 0.0])]
    helical = np.repeat(rng.random(length // 8 + 1) < 0.5, 8)[:length]
    phi, psi = np.where(helical, -1.05, -2.1), np.where(helical, -0.8, 2.3)
    noise = rng.normal(0, 0.15, size=(length, 2))
    for i in range(1, length):
        torsions = (psi[i - 1] + noise[i, 0], np.pi, phi[i] + noise[i, 1])
        for (bond, bend), torsion in zip(BONDS, torsions, strict=True):
            atoms.append(np.asarray(place_atom(*atoms[-3:], bond, bend, torsion)))
    return np.asarray(atoms, dtype=np.float32).reshape(length, 3, 3)


@pytest.fixture(scope="session")
def backbone() -> Callable[[int, int], NDArray[np.float32]]:
    return make_backbone


@pytest.fixture(scope="session")
def chain() -> Callable[[int, int], Protein]:
    def make(length: int, seed: int) -> Protein:
        letters = np.random.default_rng(seed).choice(list("ACDEFGHIKLMNPQRSTVWY"), length)
        return Protein("".join(letters), make_backbone(length, seed), f"chain{seed}")

    return make


def make_network(sizes: NetworkSizes) -> GCPVQVAE:
    """Random weights, with real latents as codebook rows so that many codes occur."""
    torch.manual_seed(0)
    model = GCPVQVAE(sizes).eval()
    probe = GCPVQVAETokenizer(model, Behaviour(), "probe", "0")
    protein = Protein("A" * 64, make_backbone(64, 99))
    with torch.no_grad():
        latents = model.latents(probe.graph(protein))[0]
        codebook = model.vqvae.vector_quantizer.codebook
        codebook.embed[0] = latents[:: len(latents) // SIZES.codebook_size]
        codebook.initted.fill_(True)
    return model


@pytest.fixture(scope="session")
def network() -> GCPVQVAE:
    """A small network as published."""
    return make_network(SIZES)


@pytest.fixture(scope="session")
def posed_network() -> GCPVQVAE:
    """As `network`, of the kind that sees where residues stand."""
    return make_network(replace(SIZES, posed=True))


@pytest.fixture
def tokenizer(network: GCPVQVAE) -> GCPVQVAETokenizer:
    return GCPVQVAETokenizer(network, Behaviour(max_length=96), "test", "0")


@pytest.fixture(scope="session")
def published_names() -> Callable[..., dict[str, torch.Tensor]]:
    """The tensors of a network as a published checkpoint names them, with some that nothing here needs."""

    def rename(network: GCPVQVAE, prefix: str, *, pretrained: bool = True) -> dict[str, torch.Tensor]:
        renamed = {}
        for name, value in network.state_dict().items():
            doubled = pretrained and name.startswith("encoder.")
            renamed[prefix + ("encoder." if doubled else "") + name] = value.clone()
        if pretrained:
            renamed[f"{prefix}encoder.featuriser.positional_encoding.frequency"] = torch.zeros(8)
        renamed[f"{prefix}vqvae.decoder.esm_head.weight"] = torch.zeros(2, 2)
        return renamed

    return rename
