"""DNABERT-2's network: a BERT with slopes on distance (ALiBi) instead of positions and a gated feed-forward.

``zhihan1996/DNABERT-2-117M`` names code of its own (MosaicBERT's ``bert_layers.py``); its description says "absolute"
positions, of which the code has none. Names of modules are those of its tensors. Layers are normalised after each half.

Legend: B rows, T tokens, d width, H heads, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from biomatrix.errors import WeightsError

LEFT_OUT: Final = ("bert.pooler.",)
"""A part of classifiers, which masked tokens do not pass."""
LONGEST: Final = 10_000
"""Tokens; distances have slopes at any length, and models of it were tuned at most this far."""


@dataclass(frozen=True)
class DnaBert2Sizes:
    """The sizes of the network, by default those of the published one."""

    vocab_size: int = 4096
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> DnaBert2Sizes:
        """Return the sizes of a ``config.json``; WeightsError where one is no number or heads do not divide."""
        found = {name: told.get(name, getattr(cls, name)) for name in cls.__dataclass_fields__}
        for name, value in found.items():
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not (value > 0 if whole or (name == "layer_norm_eps" and isinstance(value, float)) else False):
                raise WeightsError(f"config.json says {name} {value!r}")
        sizes = cls(**found)
        if sizes.hidden_size % sizes.num_attention_heads or told.get("hidden_act", "gelu") != "gelu":
            raise WeightsError("config.json describes no DNABERT-2: heads must divide the width, and the gate is GELU")
        return sizes


class DnaBert2Network(nn.Module):
    """The masked language model.

    Parameters
    ----------
    sizes : DnaBert2Sizes
    """

    def __init__(self, sizes: DnaBert2Sizes) -> None:
        super().__init__()
        self.bert = _Body(sizes)
        self.cls = _Predictions(sizes)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits ``[B, T, V]`` and the last states ``[B, T, d]``.

        Parameters
        ----------
        ids, mask : tensor, shape=(B, T), dtype=int64, bool
            The mask is True where there is no padding.
        """
        states = self.bert(ids, mask)
        return self.cls.predictions(states), states


class _Predictions(nn.Module):
    def __init__(self, sizes: DnaBert2Sizes) -> None:
        super().__init__()
        self.predictions = _Head(sizes)


class _Normed(nn.Module):
    """A matrix and the norm after it."""

    def __init__(self, sizes: DnaBert2Sizes) -> None:
        super().__init__()
        self.dense = nn.Linear(sizes.hidden_size, sizes.hidden_size)
        self.LayerNorm = nn.LayerNorm(sizes.hidden_size, eps=sizes.layer_norm_eps)


class _Projections(nn.Module):
    """Queries, keys and values in one matrix."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.Wqkv = nn.Linear(width, 3 * width)


class _Encoder(nn.Module):
    def __init__(self, sizes: DnaBert2Sizes) -> None:
        super().__init__()
        self.layer = nn.ModuleList(_Layer(sizes) for _ in range(sizes.num_hidden_layers))


class _Body(nn.Module):
    def __init__(self, sizes: DnaBert2Sizes) -> None:
        super().__init__()
        self.embeddings = _Embeddings(sizes)
        self.encoder = _Encoder(sizes)
        self._heads = sizes.num_attention_heads

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        bias = distance_bias(ids.shape[1], self._heads, ids.device)
        bias = bias.masked_fill(~mask[:, None, None, :], -10000.0)  # as published
        states: Tensor = self.embeddings(ids)
        for layer in self.encoder.layer:
            states = layer(states, bias)
        return states


class _Embeddings(nn.Module):
    def __init__(self, sizes: DnaBert2Sizes) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(sizes.vocab_size, sizes.hidden_size)
        self.token_type_embeddings = nn.Embedding(sizes.type_vocab_size, sizes.hidden_size)
        self.LayerNorm = nn.LayerNorm(sizes.hidden_size, eps=sizes.layer_norm_eps)

    def forward(self, ids: Tensor) -> Tensor:
        found: Tensor = self.LayerNorm(self.word_embeddings(ids) + self.token_type_embeddings.weight[0])
        return found


class _Layer(nn.Module):
    def __init__(self, sizes: DnaBert2Sizes) -> None:
        super().__init__()
        self.attention = _Attention(sizes)
        self.mlp = _FeedForward(sizes)

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        found: Tensor = self.mlp(self.attention(states, bias))
        return found


class _Attention(nn.Module):
    def __init__(self, sizes: DnaBert2Sizes) -> None:
        super().__init__()
        self.self = _Projections(sizes.hidden_size)
        self.output = _Normed(sizes)
        self._heads = sizes.num_attention_heads

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        rows, tokens, width = states.shape
        qkv = self.self.Wqkv(states).view(rows, tokens, 3, self._heads, width // self._heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=bias)
        mixed = self.output.dense(mixed.transpose(1, 2).reshape(rows, tokens, width))
        found: Tensor = self.output.LayerNorm(mixed + states)
        return found


class _FeedForward(nn.Module):
    def __init__(self, sizes: DnaBert2Sizes) -> None:
        super().__init__()
        self.gated_layers = nn.Linear(sizes.hidden_size, 2 * sizes.intermediate_size, bias=False)
        self.wo = nn.Linear(sizes.intermediate_size, sizes.hidden_size)
        self.layernorm = nn.LayerNorm(sizes.hidden_size, eps=sizes.layer_norm_eps)

    def forward(self, states: Tensor) -> Tensor:
        gate, value = self.gated_layers(states).chunk(2, dim=-1)
        found: Tensor = self.layernorm(self.wo(gelu(gate) * value) + states)
        return found


class _Head(nn.Module):
    def __init__(self, sizes: DnaBert2Sizes) -> None:
        super().__init__()
        self.transform = _Normed(sizes)
        self.decoder = nn.Linear(sizes.hidden_size, sizes.vocab_size)

    def forward(self, states: Tensor) -> Tensor:
        found: Tensor = self.decoder(self.transform.LayerNorm(gelu(self.transform.dense(states))))
        return found


def distance_bias(tokens: int, heads: int, device: torch.device) -> Tensor:
    """Return what attention loses by distance, ``float32 [1, H, T, T]``: a slope a head, both ways alike."""
    place = torch.arange(tokens, device=device)
    distance = (place[None] - place[:, None]).abs()
    slopes = torch.tensor(head_slopes(heads), device=device)
    return -slopes[None, :, None, None] * distance


def head_slopes(heads: int) -> list[float]:
    """Return the slopes of ALiBi (Press and others 2022), from steep to flat; heads need not be a power of two.

    Examples
    --------
    >>> head_slopes(4)
    [0.25, 0.0625, 0.015625, 0.00390625]
    """
    whole = 1 << (heads.bit_length() - 1)
    start = 2.0 ** -(2.0 ** -(math.log2(whole) - 3))
    slopes = [start ** (number + 1) for number in range(whole)]
    return slopes if whole == heads else [*slopes, *head_slopes(2 * whole)[0::2][: heads - whole]]
