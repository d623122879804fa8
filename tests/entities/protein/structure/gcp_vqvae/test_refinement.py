"""Refined codes decode closer to the chain, never further off, whatever the batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from biomatrix.entities import Protein
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour, to_mapping
from biomatrix.entities.protein.structure.gcp_vqvae.model import GCPVQVAE
from biomatrix.entities.protein.structure.gcp_vqvae.tokenizer import GCPVQVAETokenizer
from biomatrix.errors import ConfigurationError
from biomatrix.metrics.superposition import rmsd

Chain = Callable[[int, int], Protein]


@pytest.mark.parametrize("kind", ["network", "posed_network"])
def test_refined_codes_decode_closer(kind: str, request: pytest.FixtureRequest, chain: Chain) -> None:
    plain = GCPVQVAETokenizer(request.getfixturevalue(kind), Behaviour(), "plain", "0")
    refined = plain.with_behaviour(replace(plain.behaviour, refinements=4))
    proteins = [chain(50, seed) for seed in range(4)]
    before, after = (
        [
            float(rmsd(decoded.reshape(-1, 3), np.asarray(protein.backbone).reshape(-1, 3)))
            for decoded, protein in zip(t.decode(t.encode(proteins)), proteins, strict=True)
        ]
        for t in (plain, refined)
    )
    assert all(a <= b + 1e-3 for a, b in zip(after, before, strict=True))
    assert kind == "network" or np.mean(after) < np.mean(before) - 0.01


def test_refined_codes_do_not_depend_on_the_batch(posed_network: GCPVQVAE, chain: Chain) -> None:
    tokenizer = GCPVQVAETokenizer(posed_network, Behaviour(refinements=2), "refined", "0")
    protein = chain(46, 1)
    broken = np.array(protein.backbone)
    broken[[0, 20, 21]] = np.nan
    proteins = [protein, replace(protein, backbone=broken), chain(50, 2)]
    together = tokenizer.encode(proteins)
    for codes, one in zip(together, proteins, strict=True):
        (alone,) = tokenizer.encode([one])
        assert (codes == alone).mean() > 0.95
        np.testing.assert_array_equal(codes == -1, ~one.resolved)
    with torch.inference_mode():
        np.testing.assert_array_equal(tokenizer.encode(proteins)[0], together[0])


def test_refinements_are_counted_and_written() -> None:
    with pytest.raises(ConfigurationError, match="refinements"):
        Behaviour(refinements=-1)
    assert to_mapping(Behaviour(refinements=2))["refinements"] == 2
    assert "refinements" not in to_mapping(Behaviour())
