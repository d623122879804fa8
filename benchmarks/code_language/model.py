"""A causal transformer over symbols and codes: it says the next symbol, and the code of a symbol it is given.

Legend of shapes: R rows, T positions, D width, H heads, K codes, N symbols.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn import functional

from biomatrix.vocabulary.initialisation import fourier_features

_SPREAD = 0.02
"""The standard deviation of rows and weights at the start."""


@dataclass(frozen=True)
class Sizes:
    """The sizes of a model.

    Parameters
    ----------
    num_symbols : int
        With the boundary.
    num_codes, width, layers, heads : int
    """

    num_symbols: int
    num_codes: int
    width: int = 160
    layers: int = 4
    heads: int = 5


class Cache:
    """Keys and values of the positions read so far, one pair a layer.

    Parameters
    ----------
    layers : int
    visible_RT : Tensor, shape=(R, T), dtype=bool, optional
        Which positions of a first text of several are no padding.
    """

    def __init__(self, layers: int, visible_RT: Tensor | None = None) -> None:
        self.pairs: list[tuple[Tensor, Tensor] | None] = [None] * layers
        self.lengths = [0] * layers
        self.visible_RT = visible_RT

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add keys and values [R, H, T, D / H] and return all so far."""
        start, end = self.lengths[layer], self.lengths[layer] + keys.shape[2]
        held = self.pairs[layer]
        if held is None or held[0].shape[2] < end:
            held = self.pairs[layer] = _roomier(held, keys, 2 * end)
        held[0][:, :, start:end], held[1][:, :, start:end] = keys, values
        self.lengths[layer] = end
        return held[0][:, :, :end], held[1][:, :, :end]

    def keep(self, rows: Tensor) -> None:
        """Go on with some of the rows only."""
        self.pairs = [None if pair is None else (pair[0][rows], pair[1][rows]) for pair in self.pairs]
        self.visible_RT = None if self.visible_RT is None else self.visible_RT[rows]

    def mask(self, length: int) -> Tensor | None:
        """Return what the next position may read of so many, [R, 1, 1, length]; None where it may read all."""
        if self.visible_RT is None:
            return None
        later = torch.ones(len(self.visible_RT), length - self.visible_RT.shape[1], dtype=torch.bool)
        return torch.cat((self.visible_RT, later), dim=1)[:, None, None]


def _roomier(held: tuple[Tensor, Tensor] | None, like: Tensor, room: int) -> tuple[Tensor, Tensor]:
    """Return keys and values with room for so many positions: copying at each step would take longer than the rest."""
    rows, heads, _, size = like.shape
    keys, values = like.new_zeros(rows, heads, room, size), like.new_zeros(rows, heads, room, size)
    if held is not None:
        keys[:, :, : held[0].shape[2]], values[:, :, : held[1].shape[2]] = held
    return keys, values


class Block(nn.Module):
    """Attention and a feed-forward layer, both normalised before and added to what they read."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.project = nn.Linear(width, 3 * width, bias=False)
        self.merge = nn.Linear(width, width, bias=False)
        self.before_feed = nn.LayerNorm(width)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x_RTD: Tensor, turn: tuple[Tensor, Tensor], cache: Cache | None, layer: int) -> Tensor:
        """Return the next layer's input [R, T, D]; with a filled cache, T is 1 and the past comes from it."""
        rows, length, width = x_RTD.shape
        parts = self.project(self.before_attention(x_RTD)).view(rows, length, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        query, key = rotated(query, turn), rotated(key, turn)
        mask = None
        if cache is not None:
            key, value = cache.extend(layer, key, value)
            mask = cache.mask(key.shape[2]) if length == 1 else None
        mixed = attention(query, key, value, mask)
        x_RTD = x_RTD + self.merge(mixed.transpose(1, 2).reshape(rows, length, width))
        added: Tensor = self.feed(self.before_feed(x_RTD))
        return x_RTD + added


class CodeLanguageModel(nn.Module):
    """p(molecule) = product of p(symbol | what came before) and p(code | what came before, symbol).

    What came before may be the symbols of the whole molecule, read first: the codes are then those of a conformer.
    Documents of protein chains are other arrangements of the same: see ``documents``.

    Parameters
    ----------
    sizes : Sizes
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.symbol_read = nn.Embedding(sizes.num_symbols, sizes.width)
        self.code_read = nn.Embedding(sizes.num_codes + 1, sizes.width)  # the last for symbols without a code
        self.first_read = nn.Parameter(torch.zeros(sizes.width))
        self.blocks = nn.ModuleList(Block(sizes.width, sizes.heads) for _ in range(sizes.layers))
        self.norm = nn.LayerNorm(sizes.width)
        self.symbol_head = nn.Linear(sizes.width, sizes.num_symbols)
        self.symbol_given = nn.Embedding(sizes.num_symbols, 2 * sizes.width)
        self.code_hidden = nn.Linear(sizes.width, 2 * sizes.width)
        self.code_head = nn.Linear(2 * sizes.width, sizes.num_codes)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=_SPREAD)

    def start_codes_from(self, features: ArrayLike, seed: int) -> None:
        """Give codes with near features near rows, at the length rows have: random Fourier features of the former.

        Parameters
        ----------
        features : array, shape=(K, F)
        seed : int
        """
        table = np.asarray(features, dtype=np.float64)
        with torch.no_grad():
            for number, weight in enumerate((self.code_read.weight[:-1], self.code_head.weight)):
                rows = fourier_features(table, weight.shape[1], seed + number) * weight.shape[1] ** 0.5 * _SPREAD
                weight.copy_(torch.from_numpy(rows))

    def forward(
        self,
        symbols_RT: Tensor,
        codes_RT: Tensor,
        positions_RT: Tensor,
        first_RT: Tensor | None = None,
        cache: Cache | None = None,
    ) -> Tensor:
        """Return what is known after each position [R, T, D].

        Parameters
        ----------
        symbols_RT : Tensor, dtype=int64
            The boundary first.
        codes_RT : Tensor, dtype=int64
            -1 where there is none.
        positions_RT : Tensor, dtype=int64
            Counted from 0 at each boundary: what is read first and what is said of it share positions.
        first_RT : Tensor, dtype=bool, optional
            Which positions are read first; none if not given.
        cache : Cache, optional
            Of the positions before. Once it is filled, one position at a time is read.
        """
        turn = rotations(positions_RT, self.sizes.width // self.sizes.heads)
        no_code = torch.full_like(codes_RT, self.sizes.num_codes)
        x_RTD = self.symbol_read(symbols_RT) + self.code_read(torch.where(codes_RT < 0, no_code, codes_RT))
        if first_RT is not None:
            x_RTD = x_RTD + first_RT[..., None] * self.first_read
        for layer, block in enumerate(self.blocks):
            x_RTD = block(x_RTD, turn, cache, layer)
        known: Tensor = self.norm(x_RTD)
        return known

    def symbol_logits(self, known: Tensor) -> Tensor:
        """Return logits of the next symbol [..., N]."""
        logits: Tensor = self.symbol_head(known)
        return logits

    def code_logits(self, known: Tensor, symbols: Tensor) -> Tensor:
        """Return logits of the code of the next symbol, which is given, [..., K]."""
        hidden = functional.gelu(self.code_hidden(known) + self.symbol_given(symbols))
        logits: Tensor = self.code_head(hidden)
        return logits


def attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """Return the mixed values [R, H, T, size]; several queries at once are causal.

    Written out, because for short rows on a CPU the backward pass of the fused kernel takes longer than all else.
    """
    length, scale = query.shape[-2], key.shape[-1] ** -0.5
    scores = (query * scale) @ key.transpose(-2, -1) if length == 1 else query @ (key * scale).transpose(-2, -1)
    if length > 1:
        mask = torch.ones(length, length, dtype=torch.bool).tril()
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return torch.softmax(scores, dim=-1).to(value.dtype) @ value


def rotations(positions_RT: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return cosines and sines [R, 1, T, size / 2] of rotary position encoding."""
    frequency = 1000.0 ** (-torch.arange(0, size, 2) / size)
    angle = positions_RT[:, None, :, None] * frequency
    return angle.cos(), angle.sin()


def rotated(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Turn pairs of features [R, H, T, size] by the angles of their position."""
    cosine, sine = (part.to(x.dtype) for part in turn)
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, first * sine + second * cosine), dim=-1)
