"""The models that are timed: the shipped one, and one of random weights over the published vocabulary."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

SHARED = Path(os.environ.get("BIOMATRIX_SHARED", "../shared"))
TOKENIZER = SHARED / "data" / "tokenizer"
ROWS = 168_192
"""Rows of the embedding of the published layout, a multiple of 128."""


def published_tokens() -> list[str]:
    """Return control, SELFIES, joint, residue and structure tokens, about 16,500, in the published spelling."""
    from biomatrix.entities import default_modalities

    known = {modality.name: modality for modality in default_modalities()}
    symbols = list(known["molecule_selfies"].vocabulary())
    joint = [f"[{symbol[1:-1]} {code}]" for symbol in symbols[:22] for code in range(512)]
    joint += list(known["molecule_structure"].vocabulary())
    structure = [f"<S {code}>" for code in range(-1, 4096)]
    controls = [token for modality in known.values() for token in (modality.start_token, modality.end_token)]
    return [*controls, *symbols, *joint, *known["protein_sequence"].vocabulary(), *structure]


TINY: dict[str, Any] = {
    "hidden_size": 64, "num_layers": 2, "intermediate_size": 128, "num_heads": 4, "num_kv_heads": 2, "head_dim": 16,
}  # fmt: skip
LARGE: dict[str, Any] = {
    "hidden_size": 1024, "num_layers": 28, "intermediate_size": 3072, "num_heads": 16, "num_kv_heads": 8,
    "head_dim": 128,
}  # fmt: skip
"""Those of Qwen3-0.6B."""


def write_published(folder: Path, tokenizer_folder: Path = TOKENIZER, sizes: dict[str, Any] = TINY) -> None:
    """Write a model of the published layout: the real Qwen3 vocabulary, shuffled tokens, random weights."""
    import torch
    from tokenizers import AddedToken
    from transformers import Qwen3ForCausalLM

    from biomatrix.entities import default_modalities
    from biomatrix.training.config import ModelSection
    from biomatrix.training.model import qwen3_config
    from biomatrix.vocabulary import qwen3_tokenizer

    tokenizer = qwen3_tokenizer(tokenizer_folder)
    tokens = list(dict.fromkeys(published_tokens()))
    random.Random(5).shuffle(tokens)
    special = {token for modality in default_modalities() for token in (modality.start_token, modality.end_token)}
    tokenizer.add_tokens([AddedToken(token, special=token in special, normalized=False) for token in tokens])
    tokenizer.save_pretrained(folder)
    section = ModelSection(vocabulary=Path("unused"), max_positions=2048, row_multiple=128, **sizes)
    torch.manual_seed(0)
    config = qwen3_config(section, ROWS, pad_id=tokenizer.pad_token_id, end_ids=[tokenizer.eos_token_id])
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        network = Qwen3ForCausalLM(config)
    network.save_pretrained(folder)


def opened(name_or_folder: str | Path, device: str = "cpu", dtype: str = "float32") -> Any:
    """Return a model, by default on the CPU in single precision."""
    from biomatrix.generation import load

    return load(name_or_folder, device=device, dtype=dtype)
