"""A causal transformer that says the next SELFIES symbol and then, seeing it, the code of its atom.

Legend of shapes: R rows, T positions, D width, H heads, K codes, N symbols.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


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
    """

    def __init__(self, layers: int) -> None:
        self.pairs: list[tuple[Tensor, Tensor] | None] = [None] * layers
        self.length = 0

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add keys and values [R, H, T, D / H] and return all so far."""
        held = self.pairs[layer]
        pair = (keys, values) if held is None else (torch.cat((held[0], keys), 2), torch.cat((held[1], values), 2))
        self.pairs[layer] = pair
        return pair

    def keep(self, rows: Tensor) -> None:
        """Go on with some of the rows only."""
        self.pairs = [None if pair is None else (pair[0][rows], pair[1][rows]) for pair in self.pairs]


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
        """Return the next layer's input [R, T, D]; with a cache, T is 1 and the past comes from it."""
        rows, length, width = x_RTD.shape
        parts = self.project(self.before_attention(x_RTD)).view(rows, length, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        query, key = rotated(query, turn), rotated(key, turn)
        if cache is not None:
            key, value = cache.extend(layer, key, value)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=cache is None)
        x_RTD = x_RTD + self.merge(mixed.transpose(1, 2).reshape(rows, length, width))
        added: Tensor = self.feed(self.before_feed(x_RTD))
        return x_RTD + added


class CodeLanguageModel(nn.Module):
    """p(molecule) = product of p(symbol | what came before) and p(code | what came before, symbol).

    Parameters
    ----------
    sizes : Sizes
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.symbol_read = nn.Embedding(sizes.num_symbols, sizes.width)
        self.code_read = nn.Embedding(sizes.num_codes + 1, sizes.width)  # the last for symbols without a code
        self.blocks = nn.ModuleList(Block(sizes.width, sizes.heads) for _ in range(sizes.layers))
        self.norm = nn.LayerNorm(sizes.width)
        self.symbol_head = nn.Linear(sizes.width, sizes.num_symbols)
        self.symbol_given = nn.Embedding(sizes.num_symbols, 2 * sizes.width)
        self.code_hidden = nn.Linear(sizes.width, 2 * sizes.width)
        self.code_head = nn.Linear(2 * sizes.width, sizes.num_codes)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)

    def forward(self, symbols_RT: Tensor, codes_RT: Tensor, cache: Cache | None = None) -> Tensor:
        """Return what is known after each position [R, T, D].

        Parameters
        ----------
        symbols_RT : Tensor, dtype=int64
            The boundary first.
        codes_RT : Tensor, dtype=int64
            -1 where there is none.
        cache : Cache, optional
            Of the positions before; the only position given is then the next one.
        """
        start = 0 if cache is None else cache.length
        turn = rotations(start, symbols_RT.shape[1], self.sizes.width // self.sizes.heads)
        no_code = torch.full_like(codes_RT, self.sizes.num_codes)
        x_RTD = self.symbol_read(symbols_RT) + self.code_read(torch.where(codes_RT < 0, no_code, codes_RT))
        for layer, block in enumerate(self.blocks):
            x_RTD = block(x_RTD, turn, cache, layer)
        if cache is not None:
            cache.length += symbols_RT.shape[1]
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


def rotations(start: int, length: int, size: int) -> tuple[Tensor, Tensor]:
    """Return cosines and sines [T, size / 2] of rotary position encoding."""
    frequency = 1000.0 ** (-torch.arange(0, size, 2) / size)
    angle = torch.arange(start, start + length)[:, None] * frequency
    return angle.cos(), angle.sin()


def rotated(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Turn pairs of features [R, H, T, size] by the angles of their position."""
    cosine, sine = (part.to(x.dtype) for part in turn)
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, first * sine + second * cosine), dim=-1)
