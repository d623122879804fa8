"""The decoder to train: a Qwen3 from scratch, or a checkpoint that grows by new tokens."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

from biomatrix.entities.files.paths import is_folder
from biomatrix.entities.hub import is_repository
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.training.config import ModelSection, RunSection
from biomatrix.training.document_attention import VARLEN, use_document_attention
from biomatrix.training.model_folder import check_model_folder
from biomatrix.training.network import CANNOT_OPEN, check_finite, open_network
from biomatrix.training.precision import computes_in_bf16
from biomatrix.vocabulary import initialise

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from biomatrix.vocabulary import Vocabulary
    from biomatrix.vocabulary.initialisation import Scheme

INITIALISER_RANGE = 0.02
_BYTES_PER_WEIGHT = 16
"""float32: the weight, its gradient, and two moments."""


def qwen3_config(sizes: ModelSection, vocabulary_size: int, *, pad_id: int | None, end_ids: list[int]) -> Qwen3Config:
    """Return a Qwen3 configuration with every field set, because the library's defaults are another model's.

    Parameters
    ----------
    sizes : ModelSection
        The decoder's sizes.
    vocabulary_size : int
        Tokens of the vocabulary; the embedding has this many rows, rounded up to ``sizes.row_multiple``.
    pad_id : int or None
        The padding token.
    end_ids : list of int
        The tokens at which an answer ends: the end of a turn and of a document.

    Returns
    -------
    Qwen3Config
        Tied embeddings, no bias, no dropout, rope theta as in ``sizes``, no beginning-of-sequence token.

    Raises
    ------
    ConfigurationError
        The heads cannot be shared among the key-value heads.
    """
    if sizes.num_heads % sizes.num_kv_heads:
        raise ConfigurationError(f"num_heads {sizes.num_heads} is not a multiple of num_kv_heads {sizes.num_kv_heads}")
    rows = -(-vocabulary_size // sizes.row_multiple) * sizes.row_multiple
    return Qwen3Config(
        vocab_size=rows,
        hidden_size=sizes.hidden_size,
        intermediate_size=sizes.intermediate_size,
        num_hidden_layers=sizes.num_layers,
        num_attention_heads=sizes.num_heads,
        num_key_value_heads=sizes.num_kv_heads,
        head_dim=sizes.head_dim,
        hidden_act="silu",
        max_position_embeddings=sizes.max_positions,
        initializer_range=INITIALISER_RANGE,
        rms_norm_eps=1e-6,
        use_cache=True,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": sizes.rope_theta},
        attention_bias=False,
        attention_dropout=0.0,
        use_sliding_window=False,
        sliding_window=None,
        max_window_layers=sizes.num_layers,
        layer_types=["full_attention"] * sizes.num_layers,
        pad_token_id=pad_id,
        bos_token_id=None,
        eos_token_id=end_ids,
        dtype="float32",
    )


def build_model(sizes: ModelSection, vocabulary: Vocabulary, run: RunSection) -> PreTrainedModel:
    """Return the decoder in float32, from scratch or from a checkpoint extended to the vocabulary.

    Parameters
    ----------
    sizes : ModelSection
        Sizes, or the checkpoint.
    vocabulary : Vocabulary
        What the model will read and write.
    run : RunSection
        The seed and the attention implementation.

    Returns
    -------
    PreTrainedModel
        Ready for training; every old row of a checkpoint stays bit-identical.

    Raises
    ------
    ConfigurationError
        Sizes that do not fit together, or random new rows for a checkpoint.
    WeightsError
        The checkpoint cannot be opened, or its tokens have other ids in the vocabulary.
    """
    torch.manual_seed(run.seed)
    attention = attention_implementation(run)
    if sizes.checkpoint is None:
        config = qwen3_config(sizes, len(vocabulary), pad_id=vocabulary.pad_id, end_ids=vocabulary.ending_ids)
        config._attn_implementation = attention
        _check_memory(sizes, config.vocab_size)
        model: PreTrainedModel = Qwen3ForCausalLM(config)
        if sizes.initialisation != "random":
            # Noise of the size that the other rows start from, not of the size of a trained model's rows.
            noise = INITIALISER_RANGE * math.sqrt(sizes.hidden_size)
            initialise(model, vocabulary, scheme=sizes.initialisation, seed=run.seed, noise=noise)
        return model
    model = open_checkpoint(sizes.checkpoint, attention)
    if sizes.initialisation == "random":
        raise ConfigurationError("new tokens of a checkpoint start from their description or geometry, not at random")
    grow(model, vocabulary, scheme=sizes.initialisation, seed=run.seed, source=sizes.checkpoint)
    return model


def _check_memory(sizes: ModelSection, rows: int) -> None:
    """Raise ConfigurationError where weights, gradients and moments do not fit in the memory of this machine."""
    attention = sizes.hidden_size * sizes.head_dim * 2 * (sizes.num_heads + sizes.num_kv_heads)
    layer = attention + 3 * sizes.hidden_size * sizes.intermediate_size
    needed = _BYTES_PER_WEIGHT * (rows * sizes.hidden_size + sizes.num_layers * layer)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > memory:
        raise ConfigurationError(
            f"a model of these sizes takes {needed / 2**30:,.0f} GiB to train, and this machine has "
            f"{memory / 2**30:,.0f} GiB; lower hidden_size, num_layers or intermediate_size under [model]"
        )


def open_checkpoint(name_or_path: str, attention: str = "sdpa") -> PreTrainedModel:
    """Open a causal language model in float32, from safetensors only; code that comes with it does not run.

    Raises
    ------
    WeightsError
        No such model, an adapter that is not merged, or a description or weights that are damaged, quantised, or do
        not fit each other: nothing is made up for what is missing.
    """
    if not is_folder(name_or_path) and not is_repository(name_or_path):
        raise WeightsError(
            "no such folder, nor a hub id (owner/name); correct model.checkpoint in the recipe", file=name_or_path
        )
    try:
        if Path(name_or_path).is_dir():
            check_model_folder(Path(name_or_path))
        model: PreTrainedModel = open_network(name_or_path, torch.float32, attn_implementation=attention)
        check_finite(model, name_or_path)
    except WeightsError as error:
        reason = error.message.removeprefix(CANNOT_OPEN)
        raise WeightsError(
            f"{CANNOT_OPEN}{reason}; correct model.checkpoint in the recipe", file=error.file, position=error.position
        ) from error.__cause__
    return model


def grow(model: PreTrainedModel, vocabulary: Vocabulary, *, scheme: Scheme, seed: int, source: str) -> int:
    """Give a checkpoint rows for the tokens that its own tokenizer lacks.

    Parameters
    ----------
    model : PreTrainedModel
        Changed in place.
    vocabulary : Vocabulary
        The extended vocabulary; ids of the checkpoint's own tokens must be unchanged.
    scheme : {"description", "geometry"}
        How new rows start.
    seed : int
        Seeds the noise.
    source : str
        The checkpoint's folder, whose tokenizer says which rows are old.

    Returns
    -------
    int
        The number of new rows; 0 where the checkpoint already has every token.

    Raises
    ------
    WeightsError
        A token of the checkpoint has another id in the vocabulary.
    """
    old = AutoTokenizer.from_pretrained(source, trust_remote_code=False).get_vocab()
    extended = vocabulary.tokenizer.get_vocab()
    moved = next((token for token, id_ in old.items() if extended.get(token) != id_), None)
    if moved is not None:
        raise WeightsError(
            f"token {moved!r} has id {old[moved]} in the checkpoint's tokenizer and {extended.get(moved)} in the "
            "vocabulary; extend the checkpoint's own tokenizer instead of building a new one",
            file=str(Path(source)),
        )
    new = len(extended) - len(old)
    if new:
        tables = [model.get_input_embeddings(), model.get_output_embeddings()]  # type: ignore[no-untyped-call]
        before: list[torch.Tensor] = [table.weight.detach().clone() for table in tables]
        initialise(model, vocabulary, scheme=scheme, seed=seed)
        old_ids = torch.tensor(sorted(old.values()))
        after = [model.get_input_embeddings(), model.get_output_embeddings()]  # type: ignore[no-untyped-call]
        with torch.no_grad():
            for table, rows in zip(after, before, strict=True):
                table.weight[old_ids] = rows[old_ids]
    return new


def attention_implementation(run: RunSection) -> str:
    """Return the attention to use: as the recipe says; for "auto", eager on a CPU and sdpa elsewhere."""
    if run.attention == VARLEN:
        use_document_attention(torch.cuda.is_available(), computes_in_bf16(run))
    if run.attention != "auto":
        return run.attention
    return "sdpa" if torch.cuda.is_available() else "eager"
