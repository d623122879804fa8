"""The network gives what the published code gave, intermediate by intermediate, on eight PDB chains."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from biomatrix.entities.parity import ParityCheck, joined
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import reference_behaviour
from biomatrix.entities.protein.structure.gcp_vqvae.parity import (
    Recordings,
    batch_checks,
    chain_checks,
    edge_checks,
    feature_checks,
    graph_network_checks,
    large_checks,
    protein_parity,
    read_recordings,
    result_checks,
    tokenizer_checks,
    transformer_checks,
)
from biomatrix.entities.protein.structure.gcp_vqvae.tokenizer import GCPVQVAETokenizer
from biomatrix.errors import ParseError

pytestmark = pytest.mark.parity

CHAINS = ("1l2y_chain_id_A", "1aki_chain_id_A", "1k6p_chain_id_A", "1gya_chain_id_A", "1dix_chain_id_A",
          "1igy_chain_id_A", "1igy_chain_id_B", "2d0f_chain_id_A")  # fmt: skip
DETAILED = ("1l2y_chain_id_A", "1k6p_chain_id_A", "1gya_chain_id_A")


@pytest.fixture(scope="module")
def recorded(shared: Path) -> Recordings:
    return read_recordings(shared / "parity" / "gcp_vqvae")


def reached(checks: Iterable[ParityCheck]) -> None:
    parity = joined([checks])
    assert parity.reached, parity.as_text()


def test_the_recorded_chains_are_the_expected_ones(recorded: Recordings) -> None:
    assert set(recorded.chains) == set(CHAINS)
    assert [name for name in CHAINS if "edge_s" in recorded.chains[name]] == list(DETAILED)


@pytest.mark.parametrize("chain", CHAINS)
def test_features_of_measured_residues(chain: str, recorded: Recordings) -> None:
    reached(feature_checks(recorded.chains[chain]))


@pytest.mark.parametrize("chain", DETAILED)
def test_edge_features(chain: str, recorded: Recordings) -> None:
    reached(edge_checks(recorded.chains[chain]))


@pytest.mark.parametrize("chain", DETAILED)
@pytest.mark.parametrize("checks", [graph_network_checks, transformer_checks])
@torch.no_grad()
def test_inside_the_network(chain: str, checks: Callable[..., Iterable[ParityCheck]], recorded: Recordings) -> None:
    reached(checks(recorded.chains[chain], recorded.model))


@pytest.mark.parametrize("chain", CHAINS)
@torch.no_grad()
def test_latents_codes_and_coordinates(chain: str, recorded: Recordings) -> None:
    reached(result_checks(recorded.chains[chain], recorded.model))


@pytest.mark.parametrize("chain", CHAINS)
def test_tokenizer_as_published(chain: str, recorded: Recordings) -> None:
    reached(tokenizer_checks(recorded.chains[chain], recorded.model))


def test_batch_dependence_is_reproduced(recorded: Recordings) -> None:
    reached(batch_checks(recorded))
    pair = load_file(recorded.folder / "reduced_batch_pair.safetensors")
    alone = recorded.chains["1l2y_chain_id_A"].graph().node_scalars
    assert (alone - pair["node_s"][:20]).abs().max() > 0.1


@torch.no_grad()
def test_every_recorded_value_is_compared(recorded: Recordings) -> None:
    names = {"edge_index": "edges", "residue_type": "residue types", "coords_model": "imputed positions",
             "node_s": "node scalars", "node_v": "node vectors", "edge_s": "edge scalars", "edge_v": "edge vectors",
             "frames": "edge frames"}  # fmt: skip
    chain = recorded.chains["1l2y_chain_id_A"]
    kept = {name.split("/")[1] for name in chain.tensors if name.startswith(f"{chain.name}/")}
    compared = {check.what for check in chain_checks(chain, recorded.model)}
    assert {names.get(name, name) for name in kept - {"coords_raw", "plddt"}} <= compared


@torch.no_grad()
def test_other_values_are_not_parity(recorded: Recordings) -> None:
    chain = recorded.chains["1l2y_chain_id_A"]
    altered = dict(chain.tensors)
    altered[f"{chain.name}/z"] = chain["z"] + 1e-3
    failed = joined([result_checks(replace(chain, tensors=altered), recorded.model)]).failures
    assert [check.what for check in failed] == ["z"]


def test_published_codes_carry_the_sequence_and_blind_ones_do_not(recorded: Recordings) -> None:
    seeing = GCPVQVAETokenizer(recorded.model, reference_behaviour(512), "reduced", "0")
    blind = seeing.with_behaviour(replace(seeing.behaviour, sequence_blind=True))
    proteins = [recorded.chains[name].protein() for name in DETAILED]
    plain = [replace(protein, sequence="A" * len(protein)) for protein in proteins]
    changed = {
        tokenizer: np.concatenate(tokenizer.encode(proteins)) != np.concatenate(tokenizer.encode(plain))
        for tokenizer in (seeing, blind)
    }
    assert changed[seeing].mean() > 0.5
    assert not changed[blind].any()


def test_a_folder_without_recordings_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="not a folder of recordings"):
        protein_parity(tmp_path)


@pytest.mark.exhaustive
def test_default_size_network(recorded: Recordings) -> None:
    reached(large_checks(recorded))
