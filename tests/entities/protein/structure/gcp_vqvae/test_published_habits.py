"""Each habit of the published code that we do not share is behind a switch, does what it did, and is off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from biomatrix.entities import Protein
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import (
    Behaviour,
    published_corpus_behaviour,
    reference_behaviour,
)
from biomatrix.entities.protein.structure.gcp_vqvae.inputs import describe_chain, with_phantom_residues
from biomatrix.entities.protein.structure.gcp_vqvae.tokenizer import GCPVQVAETokenizer
from biomatrix.errors import ConfigurationError, LimitError

Chain = Callable[[int, int], Protein]


def switched(tokenizer: GCPVQVAETokenizer, **settings: Any) -> GCPVQVAETokenizer:
    return tokenizer.with_behaviour(replace(tokenizer.behaviour, **settings))


def test_ours_shares_none_of_them() -> None:
    ours, theirs = Behaviour(), published_corpus_behaviour()
    for name in ("sequence_blind", "impute", "break_distance", "long_chains", "batch_independent", "padding",
                 "unresolved", "phantom_residues"):  # fmt: skip
        assert getattr(ours, name) != getattr(theirs, name), name
    assert reference_behaviour().unresolved == "keep"


def test_batches_matter_only_as_published(tokenizer: GCPVQVAETokenizer, chain: Chain) -> None:
    short, long = chain(20, 1), chain(60, 2)
    theirs = switched(tokenizer, batch_independent=False)
    np.testing.assert_array_equal(theirs.encode([short])[0], tokenizer.encode([short])[0])
    together = theirs.encode([short, long])
    np.testing.assert_array_equal(together[1], tokenizer.encode([long])[0])
    scalars = [theirs.graph(short, padded=padded).node_scalars for padded in (False, True)]
    assert set(np.flatnonzero((scalars[0] != scalars[1]).any(dim=1).numpy())) == {18, 19}


def test_padding_to_the_maximum_gives_the_same_codes(tokenizer: GCPVQVAETokenizer, chain: Chain) -> None:
    proteins = [chain(20, 1), chain(60, 2)]
    padded = switched(tokenizer, padding="max_length")
    for ours, theirs in zip(tokenizer.encode(proteins), padded.encode(proteins), strict=True):
        np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_allclose(tokenizer.decode([ours])[0], padded.decode([ours])[0], atol=1e-4)


def test_unresolved_residues_are_left_out_only_as_published(tokenizer: GCPVQVAETokenizer, chain: Chain) -> None:
    protein = chain(40, 3)
    assert protein.backbone is not None
    backbone = protein.backbone.copy()
    backbone[10:14] = np.nan
    broken = replace(protein, backbone=backbone)
    (kept,), (dropped,) = tokenizer.encode([broken]), switched(tokenizer, unresolved="drop").encode([broken])
    assert len(kept) == 40
    np.testing.assert_array_equal(dropped, kept[kept >= 0])


def test_measured_atoms_are_never_moved(tokenizer: GCPVQVAETokenizer, chain: Chain) -> None:
    protein = chain(40, 4)
    assert protein.backbone is not None
    backbone = protein.backbone.copy()
    backbone[10:14] = np.nan
    before = backbone.copy()
    for behaviour in (Behaviour(), reference_behaviour(96)):
        describe_chain(backbone, protein.sequence, behaviour)
        np.testing.assert_array_equal(backbone, before)
    alpha = np.delete(backbone[:, 1], slice(10, 14), axis=0)
    step = np.linalg.norm(np.diff(alpha, axis=0), axis=-1)
    graph = tokenizer.graph(replace(protein, backbone=backbone))
    place = {edge: i for i, edge in enumerate(zip(*graph.edge_index.tolist(), strict=True))}
    found = [float(graph.edge_scalars[place[i + 1, i]]) for i in range(len(alpha) - 1) if (i + 1, i) in place]
    np.testing.assert_allclose(found, [d for i, d in enumerate(step) if (i + 1, i) in place], atol=1e-4)


@pytest.mark.parametrize(
    ("jump", "distance", "inserted"),
    [(1, 3.8, 0), (2, 3.8, 1), (6, 3.8, 5), (7, 3.8, 0), (7, 10.0, 2), (100, 38.0, 11), (8, np.nan, 0), (0, 3.8, 0)],
)
def test_phantom_residues_follow_the_published_rule(jump: int, distance: float, inserted: int) -> None:
    backbone = np.zeros((4, 3, 3), dtype=np.float32)
    backbone[2:, :, 0] = distance
    numbers = np.array([1, 2, 2 + jump, 3 + jump], dtype=np.int32)
    protein = Protein("ACDE", backbone, "p", residue_numbers=numbers)
    found = with_phantom_residues(protein)
    assert found.sequence == "AC" + "X" * inserted + "DE"
    assert found.backbone is not None
    assert np.isnan(found.backbone[2 : 2 + inserted]).all()
    np.testing.assert_array_equal(found.backbone[[0, 1, -2, -1]], backbone)


def test_phantoms_are_met_only_as_published(tokenizer: GCPVQVAETokenizer, chain: Chain) -> None:
    numbers = np.arange(40, dtype=np.int32) + 3 * (np.arange(40) >= 20)
    protein = replace(chain(40, 5), residue_numbers=numbers)
    assert (tokenizer.encode([protein])[0] >= 0).all()
    (codes,) = switched(tokenizer, phantom_residues=True).encode([protein])
    assert list(np.flatnonzero(codes < 0)) == [20, 21, 22]


def test_numbering_cannot_blow_a_chain_up() -> None:
    backbone = np.zeros((2, 3, 3), dtype=np.float32)
    backbone[1] = 1e7
    far = Protein("AC", backbone, "far", residue_numbers=np.array([-(2**31), 2**31 - 1]).astype(np.int32))
    with pytest.raises(LimitError, match="far"):
        with_phantom_residues(far)


def test_switches_are_checked() -> None:
    with pytest.raises(ConfigurationError, match="padding"):
        Behaviour(padding="most")  # type: ignore[arg-type]
