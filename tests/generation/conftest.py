"""A tiny Qwen3 with random weights over a small vocabulary, structure tokenizers of no weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import Qwen3ForCausalLM

from biomatrix.entities import Protein
from biomatrix.errors import DecodeError
from biomatrix.generation import Model
from biomatrix.modalities import Modality, modality
from biomatrix.modalities.molecule_structure import MoleculeStructure
from biomatrix.modalities.protein_structure import ProteinStructure
from biomatrix.training.config import ModelSection
from biomatrix.training.model import qwen3_config
from biomatrix.vocabulary import Vocabulary, train_byte_bpe

TEXTS = ["Describe the molecule and fold the protein. user assistant system CC(=O)Oc1ccccc1C(=O)O Tryptophan"]
JOINT = [f"[{symbol} {code}]" for symbol in ("C", "=C", "O", "N") for code in range(8)]
JOINT += ["[Branch1 -1]", "[Ring1 -1]", "[Ring2 -1]", "[C -1]", "[O -1]"]


class StubStructureTokenizer:
    """Every code is the same residue: enough to decode."""

    name, fingerprint, num_codes = "stub", "0123abcd", 16

    @property
    def code_features(self) -> NDArray[np.float64]:
        return np.arange(self.num_codes, dtype=np.float64)[:, None]

    def encode(self, proteins: Sequence[Protein]) -> list[NDArray[np.int16]]:
        return [np.arange(len(protein), dtype=np.int16) % self.num_codes for protein in proteins]

    def decode(self, codes: Sequence[NDArray[np.int16]]) -> list[NDArray[np.float32]]:
        backbones = [np.tile(np.eye(3, dtype=np.float32), (len(array), 1, 1)) for array in codes]
        for array, backbone in zip(codes, backbones, strict=True):
            backbone[np.asarray(array) < 0] = np.nan
        return backbones


class StubMoleculeTokenizer(StubStructureTokenizer):
    """Refuses every molecule, as a tokenizer does whose codes place atoms nowhere."""

    def decode(self, codes: Sequence[object], on_error: str = "raise") -> list[DecodeError]:  # type: ignore[override]
        return [DecodeError("the codes place no finite coordinates") for _ in codes]


def all_modalities() -> list[Modality]:
    stub, molecules = StubStructureTokenizer(), StubMoleculeTokenizer()
    names = ("molecule_smiles", "molecule_selfies", "protein_sequence")
    return [*map(modality, names), MoleculeStructure(molecules), ProteinStructure(stub)]  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    """All five modalities over a byte-level BPE."""
    return Vocabulary.build(train_byte_bpe(TEXTS, 400), {"molecule_structure": JOINT}, all_modalities())


def tiny_network(vocabulary: Vocabulary, seed: int = 0, spread: float = 0.3) -> Qwen3ForCausalLM:
    """Return a random network whose embedding has rows to spare; large weights make it opinionated."""
    sizes = ModelSection(
        vocabulary=Path("unused"),
        hidden_size=32,
        num_layers=2,
        intermediate_size=48,
        num_heads=4,
        num_kv_heads=2,
        head_dim=8,
        max_positions=256,
        row_multiple=64,
    )
    torch.manual_seed(seed)
    config = qwen3_config(sizes, len(vocabulary), pad_id=vocabulary.pad_id, end_ids=vocabulary.ending_ids)
    network = Qwen3ForCausalLM(config)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 2:
                parameter.normal_(0.0, spread)
    return network.eval()


@pytest.fixture(scope="session")
def model(vocabulary: Vocabulary) -> Model:
    """The tiny model."""
    return Model(tiny_network(vocabulary), vocabulary, "tiny")
