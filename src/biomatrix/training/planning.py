"""What training a decoder of some size takes on some GPUs: memory of each, days and money.

Rates and activations are those measured with this trainer on one NVIDIA H200 (torch 2.11, bf16 autocast, 28 layers of
2,048, one packed row of 8,192, 168,000 rows): 22% of a matrix peak of 753 TFLOP/s as it is and 27% with layers and loss
compiled. What other counts of GPUs do is arithmetic and assumption, and the plan says which.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from biomatrix.errors import ConfigurationError

GIB: Final = 2**30
PEAK_TFLOPS: Final = 753.0
MFU, MFU_COMPILED = 0.22, 0.27
"""Measured, without and with ``compile = true``."""
MEASURED_CHUNK: Final = 256
"""Positions whose logits were held at a time where nothing was compiled."""
MFU_CHECKPOINTED: Final = 0.86
"""What activation checkpointing leaves of either: the recomputation is no work of the model's."""
STATE_BYTES: Final = 16
"""Of each parameter: weight, gradient and AdamW's two moments, all float32."""
ACTIVATION_BYTES, ACTIVATION_BYTES_COMPILED = 74, 36
"""Kept for the backward pass, for each token, layer and dimension of the model, in bf16 autocast: fitted to peaks."""
CHECKPOINT_BYTES: Final = 4
"""Kept of a layer that is computed again: what goes into it, float32."""
LOGIT_BYTES: Final = 11
"""Of each logit that is held at once, fitted to 16.0 GiB for 8,192 x 168,000: bf16, float32 and gradients."""
_BF16, _FP32 = 2, 4


@dataclass(frozen=True)
class DecoderShape:
    """The sizes of a Qwen3 decoder.

    Parameters
    ----------
    rows : int
        Rows of the embedding.
    hidden, layers, intermediate, heads, kv_heads, head_dim : int
        As in its configuration.
    tied : bool
        Whether the output projection is the embedding.
    """

    rows: int
    hidden: int
    layers: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int = 128
    tied: bool = True

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> DecoderShape:
        """Return the shape that a model folder's ``config.json`` says.

        Raises
        ------
        ConfigurationError
            It says no size of a decoder's.
        """
        try:
            heads = config["num_attention_heads"]
            return cls(
                config["vocab_size"],
                config["hidden_size"],
                config["num_hidden_layers"],
                config["intermediate_size"],
                heads,
                config.get("num_key_value_heads") or heads,
                config.get("head_dim") or config["hidden_size"] // heads,
                bool(config.get("tie_word_embeddings")),
            )
        except KeyError as error:
            raise ConfigurationError(f"config.json of the checkpoint says no {error}; give --size") from error

    @property
    def table(self) -> int:
        """Parameters of the embedding."""
        return self.rows * self.hidden

    @property
    def layer_matrices(self) -> int:
        """Weights of the matrices of one layer."""
        attention = 2 * self.hidden * (self.heads + self.kv_heads) * self.head_dim
        return attention + 3 * self.hidden * self.intermediate

    @property
    def parameters(self) -> int:
        """All parameters."""
        norms = 2 * self.hidden + 2 * self.head_dim
        tables = self.table if self.tied else 2 * self.table
        return self.layers * (self.layer_matrices + norms) + self.hidden + tables

    def flops(self, document: float) -> float:
        """Return the FLOPs of training on one token of documents of a length, as MFU counts them."""
        pairs = (document + 1) / 2
        matrices = self.layers * self.layer_matrices + self.table
        return 6.0 * matrices + 12.0 * self.layers * self.heads * self.head_dim * pairs


SIZES: Final = {
    "0.6B": DecoderShape(151_936, 1024, 28, 3072, 16, 8),
    "1.7B": DecoderShape(151_936, 2048, 28, 6144, 16, 8),
    "4B": DecoderShape(151_936, 2560, 36, 9728, 32, 8),
    "8B": DecoderShape(151_936, 4096, 36, 12288, 32, 8, tied=False),
}
"""The published sizes of Qwen3."""


@dataclass(frozen=True)
class TrainingSetting:
    """How a run computes, and what it costs.

    Parameters
    ----------
    tokens : float
        Of the whole run.
    batch_tokens : int
        Tokens of one forward pass on one GPU.
    document : float
        Mean tokens of a document, which is as far as attention looks.
    compiled, checkpointed : bool
        ``run.compile`` and ``run.gradient_checkpointing``.
    loss_chunk : int, optional
        ``run.loss_rows``: positions whose logits are held at a time, 0 for all of them. None for what was measured.
    accumulate : int
        Forward passes of a step: from the second on, gradients are there beside the activations.
    mfu : float
        The share of the peak on one GPU.
    peak_tflops : float
        Of one GPU, in matrix products.
    card_gib : float
        Memory of one GPU.
    gpu_hour : float
        Dollars.
    """

    tokens: float
    batch_tokens: int = 8192
    document: float = 455.0
    compiled: bool = False
    checkpointed: bool = False
    loss_chunk: int | None = None
    accumulate: int = 1
    mfu: float = MFU
    peak_tflops: float = PEAK_TFLOPS
    card_gib: float = 80.0
    gpu_hour: float = 2.5


@dataclass(frozen=True)
class Memory:
    """The memory of one GPU, in bytes.

    Parameters
    ----------
    states : float
        Weights, gradients and moments, this GPU's share of them.
    working : float
        bf16 copies, and what FSDP gathers of a layer and the embedding.
    activations : float
        Kept for the backward pass.
    loss : float
        Logits, and the gradient of the table.
    peak : float
        The most at one time: in the first pass of a step, gradients are not there yet while all activations are.
    """

    states: float
    working: float
    activations: float
    loss: float
    peak: float


@dataclass(frozen=True)
class PlannedRun:
    """One size on some GPUs."""

    size: str
    shape: DecoderShape
    gpus: int
    memory: Memory
    fits: bool
    efficiency: float
    tokens_per_second: float
    days: float
    dollars: float


def memory_of(shape: DecoderShape, gpus: int, setting: TrainingSetting) -> Memory:
    """Return what one of some GPUs holds, parameters, gradients and moments sharded over all of them (FSDP2).

    Parameters
    ----------
    shape : DecoderShape
    gpus : int
        The degree of sharding.
    setting : TrainingSetting
    """
    count = shape.parameters
    states = STATE_BYTES * count / gpus
    tables = shape.table if shape.tied else 2 * shape.table
    working = float(_BF16 * count)
    if gpus > 1:  # two layers gathered ahead of use, and the table, which is in use at both ends
        working = float(_BF16 * (tables + 2 * shape.layer_matrices) + _FP32 * shape.layer_matrices)
    stream = setting.batch_tokens * shape.hidden
    each = ACTIVATION_BYTES_COMPILED if setting.compiled else ACTIVATION_BYTES
    activations = float(shape.layers * stream * each)
    if setting.checkpointed:
        activations = float(stream * (shape.layers * CHECKPOINT_BYTES + each))
    chunk = MEASURED_CHUNK if setting.loss_chunk is None else setting.loss_chunk
    held = min(chunk or setting.batch_tokens, setting.batch_tokens)
    loss = float(held * shape.rows * LOGIT_BYTES + (_FP32 + _BF16) * shape.table)
    gradients = _FP32 * count / gpus if setting.accumulate == 1 else 0.0
    peak = max(states - gradients + working + activations + loss, states + working)
    return Memory(states, working, activations, loss, peak)


def efficiency_of(gpus: int) -> float:
    """Return the share of one GPU's speed that each of several keeps: 5% less for each factor of 8, assumed.

    Examples
    --------
    >>> [round(efficiency_of(gpus), 2) for gpus in (1, 8, 64)]
    [1.0, 0.95, 0.9]
    """
    return max(1.0 - 0.05 * math.log(gpus, 8), 0.5)


def planned(size: str, shape: DecoderShape, gpus: int, setting: TrainingSetting) -> PlannedRun:
    """Return what a size takes on some GPUs."""
    memory = memory_of(shape, gpus, setting)
    efficiency = efficiency_of(gpus)
    rate = gpus * efficiency * setting.mfu * setting.peak_tflops * 1e12 / shape.flops(setting.document)
    days = setting.tokens / rate / 86_400
    fits = memory.peak <= setting.card_gib * GIB
    return PlannedRun(size, shape, gpus, memory, fits, efficiency, rate, days, 24 * days * gpus * setting.gpu_hour)


def modes(setting: TrainingSetting) -> dict[str, TrainingSetting]:
    """Return the two ways of computing that were measured, by name: plain and compiled.

    The loss is held as it was measured, in chunks and in one piece, where the setting names no chunk of its own.
    """
    slower = MFU_CHECKPOINTED if setting.checkpointed else 1.0
    whole = setting.loss_chunk or 0
    return {
        "plain": replace(setting, compiled=False, mfu=MFU * slower),
        "compiled": replace(setting, compiled=True, loss_chunk=whole, mfu=MFU_COMPILED * slower),
    }


def assumptions(setting: TrainingSetting) -> Iterator[str]:
    """Yield what a plan takes for granted, a sentence each."""
    yield (
        f"Measured with this trainer on one H200 at the shape of 1.7B: {MFU:.0%} of {PEAK_TFLOPS:g} TFLOP/s as it is "
        f"(loss in chunks of {MEASURED_CHUNK}), {MFU_COMPILED:.0%} with layers compiled and the loss in one piece, "
        f"{MFU_CHECKPOINTED:.0%} of either with activation checkpointing. Other sizes and cards were not measured."
    )
    if setting.loss_chunk is None:
        yield (
            f"Logits are held as measured: plain {MEASURED_CHUNK} positions at a time (run.loss_rows = "
            f"{MEASURED_CHUNK}), compiled all at once. Left unset, run.loss_rows takes up to a quarter of the memory "
            "that weights, gradients and moments leave, which is faster and not in the plain peak."
        )
    else:
        yield f"Logits of {setting.loss_chunk:,} positions are held at a time, as run.loss_rows says."
    yield f"A card does {setting.peak_tflops:g} TFLOP/s in bf16 products of matrices."
    yield "Several GPUs lose 5% of their speed for each factor of 8: assumed. The trainer has not run on several."
    yield "AdamW with weights, gradients and moments in float32, 16 bytes a parameter, sharded over all GPUs (FSDP2)."
    yield (
        f"{ACTIVATION_BYTES} bytes of activations a token, layer and dimension, {ACTIVATION_BYTES_COMPILED} compiled: "
        "fitted to that H200, where peaks of 28 to 61 GiB come out within 12%."
    )
    yield f"{setting.batch_tokens:,} tokens a forward pass on each GPU, packed, {setting.accumulate} a step."
    yield f"Documents of {setting.document:,.0f} tokens on average; attention stays within a document."
    yield f"A GPU costs ${setting.gpu_hour:g} an hour. Evaluation, checkpoints, failures and the corpus are extra."
