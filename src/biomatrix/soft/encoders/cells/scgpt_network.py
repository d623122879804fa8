"""The network of scGPT as its published weights want it, from torch alone: genes with values in, hidden states out.

A gene is the normed row of a table, its value an MLP of one number, and the two are added. There are no positions: a
cell is a set. Then come layers of attention and an MLP, each normed after it is added to what went in.

Legend of shapes: B cells, L positions, G genes of the vocabulary, d width, H heads, h width of the MLP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from biomatrix.errors import ConfigurationError

LARGEST_VALUE: Final = 512.0
"""Values above it count as it."""
MOST_NUMBERS: Final = 1 << 31
"""The most weights of a network that is opened: above all that is published, below what fills the memory."""


@dataclass(frozen=True)
class ScGptSizes:
    """The sizes of a network.

    Parameters
    ----------
    genes : int
        G, special tokens included.
    width, heads, hidden, layers : int
        d, which H divides; H; h; the number of layers.
    """

    genes: int
    width: int
    heads: int
    hidden: int
    layers: int

    def __post_init__(self) -> None:
        for name, size in vars(self).items():
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise ConfigurationError(f"{name} of scGPT is a whole number from 1 on, not {size!r}")
        if self.width % self.heads:
            raise ConfigurationError(f"{self.heads} heads do not divide a width of {self.width}")
        numbers = self.genes * self.width + self.layers * self.width * (4 * self.width + 2 * self.hidden)
        if numbers > MOST_NUMBERS:
            raise ConfigurationError(f"a network of {numbers:,} weights is larger than the limit of {MOST_NUMBERS:,}")


class ScGptNetwork(nn.Module):
    """The encoder of scGPT.

    Parameters
    ----------
    sizes : ScGptSizes
    """

    def __init__(self, sizes: ScGptSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.encoder = GeneEmbedding(sizes.genes, sizes.width)
        self.value_encoder = ValueEmbedding(sizes.width)
        self.transformer_encoder = Layers(sizes)

    def forward(self, genes_BL: Tensor, values_BL: Tensor, is_read_BL: Tensor) -> Tensor:
        """Return the hidden states, ``float32 [B, L, d]``.

        Parameters
        ----------
        genes_BL : Tensor, shape=(B, L), dtype=int64
        values_BL : Tensor, shape=(B, L), dtype=float32
        is_read_BL : Tensor, shape=(B, L), dtype=bool
            False for padding, which nothing attends to; what comes out there means nothing.
        """
        states_BLd = self.encoder(genes_BL) + self.value_encoder(values_BL)
        hidden: Tensor = self.transformer_encoder(states_BLd, is_read_BL)
        return hidden


class GeneEmbedding(nn.Module):
    """A normed row a gene."""

    def __init__(self, genes: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(genes, width)
        self.enc_norm = nn.LayerNorm(width)

    def forward(self, genes_BL: Tensor) -> Tensor:
        """Return ``float32 [B, L, d]``."""
        rows: Tensor = self.enc_norm(self.embedding(genes_BL))
        return rows


class ValueEmbedding(nn.Module):
    """An MLP of one number."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(1, width)
        self.linear2 = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, values_BL: Tensor) -> Tensor:
        """Return ``float32 [B, L, d]``."""
        capped_BL1 = values_BL.clamp(max=LARGEST_VALUE).unsqueeze(-1)
        made: Tensor = self.norm(self.linear2(self.linear1(capped_BL1).relu()))
        return made


class Layers(nn.Module):
    """The layers one after another."""

    def __init__(self, sizes: ScGptSizes) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.layers))

    def forward(self, states_BLd: Tensor, is_read_BL: Tensor) -> Tensor:
        """Return ``float32 [B, L, d]``."""
        # Without padding no mask is needed, and attention takes its faster path.
        seen = None if bool(is_read_BL.all()) else is_read_BL[:, None, None, :]
        for layer in self.layers:
            states_BLd = layer(states_BLd, seen)
        return states_BLd


class Layer(nn.Module):
    """Attention, then an MLP with ReLU, each normed after the sum."""

    def __init__(self, sizes: ScGptSizes) -> None:
        super().__init__()
        self.self_attn = SelfAttention(sizes.width, sizes.heads)
        self.linear1 = nn.Linear(sizes.width, sizes.hidden)
        self.linear2 = nn.Linear(sizes.hidden, sizes.width)
        self.norm1 = nn.LayerNorm(sizes.width)
        self.norm2 = nn.LayerNorm(sizes.width)

    def forward(self, states_BLd: Tensor, seen: Tensor | None) -> Tensor:
        """Return ``float32 [B, L, d]``; ``seen`` (bool, [B, 1, 1, L]) says which positions are attended to."""
        states_BLd = self.norm1(states_BLd + self.self_attn(states_BLd, seen))
        made: Tensor = self.norm2(states_BLd + self.linear2(self.linear1(states_BLd).relu()))
        return made


class SelfAttention(nn.Module):
    """Attention of every position to every position that is read."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, states_BLd: Tensor, seen: Tensor | None) -> Tensor:
        """Return ``float32 [B, L, d]``."""
        joint = functional.linear(states_BLd, self.in_proj_weight, self.in_proj_bias)
        split = joint.view(*joint.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4)  # [3, B, H, L, d / H]
        mixed = functional.scaled_dot_product_attention(split[0], split[1], split[2], attn_mask=seen)
        made: Tensor = self.out_proj(mixed.transpose(1, 2).flatten(-2))
        return made
