"""The speed benchmark compares ways that give the same answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from biomatrix.entities import Protein
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import NetworkSizes
from biomatrix.metrics.geometry import place_atom

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
TINY = NetworkSizes(
    gcp_layers=1, node_scalars=16, node_vectors=4, edge_scalars=8, edge_vectors=4, encoder_width=32, encoder_depth=1,
    decoder_width=32, decoder_depth=1, heads=2, kv_heads=1, code_width=8, codebook_size=64, next_token_head=False,
)  # fmt: skip
STEPS = ((1.329, 2.035, -0.82), (1.458, 2.124, np.pi), (1.525, 1.941, -1.05))


def wandering_chain(length: int, seed: int) -> Protein:
    rng = np.random.default_rng(seed)
    atoms = [np.array([0.0, 0.0, 0.0]), np.array([1.458, 0.0, 0.0]), np.array([2.0, 1.4, 0.0])]
    while len(atoms) < 3 * length:
        for bond, bend, torsion in STEPS:
            atoms.append(np.asarray(place_atom(*atoms[-3:], bond, bend, torsion + rng.normal(0, 0.3))))
    backbone = np.asarray(atoms, dtype=np.float32).reshape(length, 3, 3)
    return Protein("A" * length, backbone, f"chain{seed}")


@pytest.mark.slow
@pytest.mark.parametrize("padded", [128, pytest.param(512, marks=pytest.mark.exhaustive)])
def test_all_ways_agree_and_are_timed(monkeypatch: pytest.MonkeyPatch, padded: int) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import gcp_vqvae_speed

    for name in ("LENGTHS", "MIXED"):
        lengths = tuple(length * padded // 512 for length in getattr(gcp_vqvae_speed, name))
        monkeypatch.setattr(gcp_vqvae_speed, name, lengths)
    monkeypatch.setattr(gcp_vqvae_speed, "PADDED", padded)
    proteins = [wandering_chain(padded + 8, seed) for seed in range(8)]
    result = gcp_vqvae_speed.speed(proteins, 1, compiled=False, sizes=TINY)
    assert result["same codes as published way"] == 1.0
    assert result[f"one chain of {padded // 4}"]["encode"]["ratio"] > 0
    assert set(result["mixed lengths"]) == {"encode", "decode"}
    assert result["bfloat16"]["coordinate_rmsd"] < 1
