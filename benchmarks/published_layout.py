"""A model in the published layout to measure with: the real Qwen vocabulary, published token strings, no knowledge."""

from __future__ import annotations

import random
from pathlib import Path

import torch
from tokenizers import AddedToken
from transformers import Qwen3ForCausalLM

import biomatrix as bm
from biomatrix.entities.modality_registry import modalities
from biomatrix.generation.model import Model
from biomatrix.training.config import ModelSection
from biomatrix.training.model import qwen3_config
from biomatrix.vocabulary.base_tokenizers import qwen3_tokenizer

MOLECULE_CODES, PROTEIN_CODES = 512, 4_096
JOINT_SYMBOLS = 22
"""Symbols that carry a structure code, as many as give about the published number of joint tokens."""


def published_tokens() -> list[str]:
    """Return control, SELFIES, joint, residue and structure tokens, about 16,500, in the published spelling."""
    known = {one.name: one for one in modalities()}
    symbols = list(known["molecule_selfies"].vocabulary())
    joint = [f"[{symbol[1:-1]} {code}]" for symbol in symbols[:JOINT_SYMBOLS] for code in range(MOLECULE_CODES)]
    joint += list(known["molecule_structure"].vocabulary())
    residues = list(known["protein_sequence"].vocabulary())
    structure = [f"<S {code}>" for code in range(-1, PROTEIN_CODES)]
    controls = [token for one in known.values() for token in (one.start_token, one.end_token)]
    return [*controls, *symbols, *joint, *residues, *structure]


def write_published_checkpoint(folder: Path, tokenizer_files: Path, seed: int = 5) -> Model:
    """Write a tiny random Qwen3 whose tokens are published strings in shuffled order; return it, opened.

    Parameters
    ----------
    folder : Path
        Where to write.
    tokenizer_files : Path
        Qwen3's ``vocab.json``, ``merges.txt`` (or .gz) and ``special_tokens.json``.
    seed : int
        Of the order and the weights.
    """
    tokenizer = qwen3_tokenizer(tokenizer_files)
    tokens = list(dict.fromkeys(published_tokens()))
    random.Random(seed).shuffle(tokens)
    special = {token for one in modalities() for token in (one.start_token, one.end_token)}
    tokenizer.add_tokens([AddedToken(token, special=token in special, normalized=False) for token in tokens])
    tokenizer.save_pretrained(folder)
    sizes = ModelSection(
        vocabulary=Path("unused"), hidden_size=16, num_layers=1, intermediate_size=16, num_heads=2,
        num_kv_heads=1, head_dim=8, max_positions=2_048, row_multiple=128,
    )  # fmt: skip
    torch.manual_seed(seed)
    config = qwen3_config(sizes, len(tokenizer), pad_id=tokenizer.pad_token_id, end_ids=[tokenizer.eos_token_id])
    Qwen3ForCausalLM(config).save_pretrained(folder)
    return bm.load(folder, molecule_structure_tokenizer="conditioned-512", protein_structure_tokenizer="geometric-4096")
