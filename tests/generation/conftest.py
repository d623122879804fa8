"""A tiny Qwen3 with random weights over a small vocabulary and the shipped structure tokenizers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import Qwen3ForCausalLM

from biomatrix.entities import default_modalities
from biomatrix.generation import Model, TransformersEngine
from biomatrix.training.config import ModelSection
from biomatrix.training.model import qwen3_config
from biomatrix.vocabulary import Vocabulary, train_byte_bpe

TEXTS = ["Describe the molecule and fold the protein. user assistant system CC(=O)Oc1ccccc1C(=O)O Tryptophan"]
JOINT = [f"[{symbol} {code}]" for symbol in ("C", "=C", "O", "N") for code in range(8)]
JOINT += ["[Branch1 -1]", "[Ring1 -1]", "[Ring2 -1]", "[C -1]", "[O -1]"]


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    """All five modalities over a byte-level BPE."""
    return Vocabulary.build(train_byte_bpe(TEXTS, 400), {"molecule_structure": JOINT}, default_modalities())


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
    return Model(TransformersEngine(tiny_network(vocabulary), vocabulary), "tiny")
