"""The forward pass of a Qwen3 decoder.

The same operations in the same order as in the stock network with scaled dot-product attention, so that its answers
are the same bit for bit; but importing this takes none of the three seconds that importing Transformers' models takes,
and a step of nano on one thread takes 0.7 times as long for one row, 0.8 for 8 and 0.9 for 64
(``benchmarks/start_up.py --steps``).

Legend of shapes: R rows, T tokens, S tokens in the cache, H heads, G key-value heads, C width of a head, D hidden size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import embedding, linear, rms_norm, scaled_dot_product_attention, silu

from biomatrix.generation.qwen3.cache import KeyValues
from biomatrix.generation.qwen3.configuration import Configuration


class Qwen3:
    """A Qwen3 decoder in evaluation mode.

    Parameters
    ----------
    config : Configuration
        Its sizes.
    tensors : mapping of str to Tensor
        The weights by their stock names, all of one floating-point type and on one device.
    open_stock : callable
        Returns the Transformers network of the same weights.
    """

    def __init__(
        self, config: Configuration, tensors: Mapping[str, Tensor], open_stock: Callable[[Mapping[str, Tensor]], Any]
    ) -> None:
        self.config = config
        self._tensors = dict(tensors)
        self._open_stock = open_stock
        self._layers = [_Layer(config, tensors, number) for number in range(config.num_hidden_layers)]
        self.embedding: Tensor = tensors["model.embed_tokens.weight"]
        self.output_rows: Tensor = self.embedding if config.tie_word_embeddings else tensors["lm_head.weight"]
        """The weights of the last layer, ``[vocab_size, D]``: a token's logit is its row times the hidden state."""
        steps = torch.arange(0, config.head_dim, 2, dtype=torch.float)
        self._frequencies = (1.0 / (config.rope_theta ** (steps / config.head_dim))).to(self.device)
        self.spare_steps: list[Any] = []
        """:class:`~biomatrix.generation.qwen3.static_steps.StaticSteps` that no batch uses at the moment."""
        self.spare_heads: list[Any] = []
        """:class:`~biomatrix.generation.grouping.HeadTable` that no call uses at the moment."""

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.embedding.device

    def parameters(self) -> Iterator[Tensor]:
        """Yield the weights, tied ones once."""
        yield from self._tensors.values()

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Yield the weights by their stock names, tied ones once."""
        yield from self._tensors.items()

    def stock(self) -> Any:
        """Return the Transformers network of the same weights."""
        return self._open_stock(self._tensors)

    def __call__(
        self,
        input_ids: Tensor | None,
        attention_mask: Tensor,
        position_ids: Tensor,
        past_key_values: KeyValues,
        inputs_embeds: Tensor | None = None,
    ) -> Tensor:
        """Read tokens.

        Parameters
        ----------
        input_ids, position_ids : Tensor, shape=(R, T), dtype=int64
            The tokens, and the place of each in its document.
        inputs_embeds : Tensor, shape=(R, T, D), optional
            In place of the tokens, what stands for them.
        attention_mask : Tensor, shape=(R, S + T), dtype=int64
            1 for a token, 0 for padding.
        past_key_values : KeyValues
            Of the tokens read before; these are added.

        Returns
        -------
        Tensor, shape=(R, T, D)
            The last hidden states.
        """
        mask = _attention_mask(attention_mask.bool(), position_ids.shape[1])
        states = inputs_embeds
        if states is None:
            assert input_ids is not None, "a network reads ids or embeddings"
            states = embedding(input_ids, self.embedding)
        return self._read(states, position_ids, mask, past_key_values.append)

    def read(
        self,
        input_ids: Tensor,
        position_ids: Tensor,
        mask: Tensor | None,
        remember: Callable[[int, Tensor, Tensor], tuple[Tensor, Tensor]],
    ) -> Tensor:
        """Read tokens; as a call, but for the mask and the cache.

        Parameters
        ----------
        mask : Tensor, shape=(R, 1, T, S), optional
            What each token may see: True or 0, where False or -inf hides; all before it when not given.
        remember : callable
            Takes the number of a layer and the newest keys and values, and returns all of them.
        """
        return self._read(embedding(input_ids, self.embedding), position_ids, mask, remember)

    def _read(
        self,
        states: Tensor,
        position_ids: Tensor,
        mask: Tensor | None,
        remember: Callable[[int, Tensor, Tensor], tuple[Tensor, Tensor]],
    ) -> Tensor:
        angles = position_ids[..., None].float() * self._frequencies
        angles = torch.cat((angles, angles), dim=-1)
        turn = angles.cos().to(states.dtype)[:, None], angles.sin().to(states.dtype)[:, None]
        for number, layer in enumerate(self._layers):
            states = layer(states, turn, mask, partial(remember, number))
        return _norm(states, self._tensors["model.norm.weight"], self.config.rms_norm_eps)


class _Layer:
    """One layer: attention, then the gated linear unit, each added to what comes in."""

    def __init__(self, config: Configuration, tensors: Mapping[str, Tensor], number: int) -> None:
        def weight(name: str) -> Tensor:
            return tensors[f"model.layers.{number}.{name}.weight"]

        self._eps = config.rms_norm_eps
        self._width = config.head_dim
        self._groups = config.num_attention_heads // config.num_key_value_heads
        self._first_norm, self._second_norm = weight("input_layernorm"), weight("post_attention_layernorm")
        self._query, self._key, self._value, self._output = (
            weight(f"self_attn.{name}_proj") for name in ("q", "k", "v", "o")
        )
        self._query_norm, self._key_norm = weight("self_attn.q_norm"), weight("self_attn.k_norm")
        self._gate, self._up, self._down = (weight(f"mlp.{name}_proj") for name in ("gate", "up", "down"))

    def __call__(
        self,
        states: Tensor,
        turn: tuple[Tensor, Tensor],
        mask: Tensor | None,
        remember: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    ) -> Tensor:
        states = states + self._attend(_norm(states, self._first_norm, self._eps), turn, mask, remember)
        inner = _norm(states, self._second_norm, self._eps)
        return states + linear(silu(linear(inner, self._gate)) * linear(inner, self._up), self._down)

    def _attend(
        self,
        states: Tensor,
        turn: tuple[Tensor, Tensor],
        mask: Tensor | None,
        remember: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    ) -> Tensor:
        heads = (*states.shape[:-1], -1, self._width)
        query = _norm(linear(states, self._query).view(heads), self._query_norm, self._eps).transpose(1, 2)
        key = _norm(linear(states, self._key).view(heads), self._key_norm, self._eps).transpose(1, 2)
        value = linear(states, self._value).view(heads).transpose(1, 2)
        key, value = remember(_turned(key, turn), value)
        seen = _attention(_turned(query, turn), key, value, mask, self._groups)
        return linear(seen.transpose(1, 2).reshape(*states.shape[:-1], -1), self._output)


def _norm(states: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Return states divided by their root mean square in single precision, times the weight."""
    if states.dtype == torch.float32:
        return rms_norm(states, weight.shape, weight, eps)  # the same operations in one call
    if states.is_cuda:
        return weight * rms_norm(states, weight.shape, None, eps)  # in single precision inside
    single = states.to(torch.float32)
    single = single * torch.rsqrt(single.pow(2).mean(-1, keepdim=True) + eps)
    return weight * single.to(states.dtype)


def _turned(states: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Return heads ``[R, H, T, C]`` turned by their positions, of which the cosines and sines are given."""
    cosines, sines = turn
    half = states.shape[-1] // 2
    return states * cosines + torch.cat((-states[..., half:], states[..., :half]), dim=-1) * sines


def _attention_mask(tokens: Tensor, length: int) -> Tensor | None:
    """Return what each of the last ``length`` tokens may see, ``bool [R, 1, T, S]``; None where all is as usual."""
    total = tokens.shape[1]
    if length in (1, total) and bool(tokens.all()):
        return None
    if length == 1:
        return tokens[:, None, None, :]
    places = torch.arange(total, device=tokens.device)
    causal = places[None, :] <= places[total - length :, None]
    return (causal[None] & tokens[:, None, :])[:, None]


def _attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, groups: int) -> Tensor:
    """Return the values that each query sees, ``[R, H, T, C]``; heads share keys and values by groups."""
    rows, heads, length, width = query.shape
    shared: dict[str, bool] = {}
    if groups > 1 and mask is None and width <= 256:
        shared = {"enable_gqa": True}
    elif groups > 1 and length == 1:
        # One query a head: the heads of a group take the places of tokens, and no key is copied.
        query = query.reshape(rows, heads // groups, groups, width)
    elif groups > 1:
        key, value = _repeated(key, groups), _repeated(value, groups)
    causal = length > 1 and mask is None
    seen = scaled_dot_product_attention(
        query, key, value, attn_mask=mask, scale=width**-0.5, is_causal=causal, **shared
    )
    return seen.reshape(rows, heads, length, width)


def _repeated(states: Tensor, groups: int) -> Tensor:
    rows, shared, length, width = states.shape
    return states[:, :, None].expand(rows, shared, groups, length, width).reshape(rows, -1, length, width)
