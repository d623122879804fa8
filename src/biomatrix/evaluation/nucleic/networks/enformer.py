"""Enformer's network: 196,608 bases to tracks of 896 bins of 128 bases, in the published layout of enformer-pytorch.

Names of modules are those of the tensors of ``EleutherAI/enformer-official-rough`` (enformer-pytorch 0.8). Its
``_trunk.`` names are the same tensors a second time.

Legend: B rows, L bases, N bins, d width, H heads, k width of a key.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad, softplus

from biomatrix.errors import UnsupportedError, WeightsError

BASES: Final = 196_608
BIN: Final = 128
_ORDER: Final = "ACGT"
_STAGES: Final = ("stem", "conv_tower", "transformer", "crop_final", "final_pointwise")


@dataclass(frozen=True)
class EnformerSizes:
    """The sizes of the network, by default those of the published one.

    Parameters
    ----------
    dim, depth, heads, attn_dim_key : int
        Width, layers, heads, and the width of a key.
    num_downsamples : int
        How often bases are halved: seven times make bins of 128.
    dim_divisible_by : int
        Widths of the tower are multiples of it.
    target_length : int
        Central bins that are kept; -1 for all.
    output_heads : mapping of str to int
        Tracks by species.
    """

    dim: int = 1536
    depth: int = 11
    heads: int = 8
    attn_dim_key: int = 64
    num_downsamples: int = 7
    dim_divisible_by: int = 128
    target_length: int = 896
    output_heads: Mapping[str, int] = field(default_factory=lambda: {"human": 5313, "mouse": 1643})

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> EnformerSizes:
        """Return the sizes of a ``config.json``; WeightsError where one makes no sense."""
        base = cls()
        found = {name: told.get(name, getattr(base, name)) for name in cls.__dataclass_fields__}
        heads = found["output_heads"]
        numbers = [*(value for name, value in found.items() if name not in ("output_heads", "target_length"))]
        if not isinstance(heads, Mapping) or not heads:
            raise WeightsError(f"config.json says output_heads {heads!r}")
        if not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in [*numbers, *heads.values()]):
            raise WeightsError("a size of config.json is no whole number above 0")
        sizes = cls(**found)
        if sizes.dim % (6 * sizes.heads) or sizes.num_downsamples < 3 or told.get("use_convnext"):
            raise WeightsError("config.json describes no Enformer: the width is a multiple of six times the heads")
        return sizes

    def widths(self) -> list[int]:
        """Return the widths of the convolutional tower, from half the width to the width."""
        steps = self.num_downsamples - 1
        growth = math.exp(math.log(2) / (steps - 1))
        unit = self.dim_divisible_by
        half = self.dim // 2
        return [half, *(round(half * growth**step / unit) * unit for step in range(steps))]


class EnformerNetwork(nn.Module):
    """The network.

    Parameters
    ----------
    sizes : EnformerSizes
    """

    def __init__(self, sizes: EnformerSizes) -> None:
        super().__init__()
        widths = sizes.widths()
        half = widths[0]
        stem = [nn.Identity(), nn.Conv1d(4, half, 15, padding=7), _Beside(_convolution(half, half)), _Pool(half)]
        self.stem = nn.Sequential(*stem)
        self.conv_tower = nn.Sequential(
            *(
                nn.Sequential(_convolution(before, after, 5), _Beside(_convolution(after, after)), _Pool(after))
                for before, after in itertools.pairwise(widths)
            )
        )
        self.transformer = nn.Sequential(nn.Identity(), *(_layer(sizes) for _ in range(sizes.depth)))
        self.final_pointwise = nn.Sequential(nn.Identity(), _convolution(widths[-1], 2 * sizes.dim))
        self._heads = nn.ModuleDict(
            {name: nn.Sequential(nn.Linear(2 * sizes.dim, tracks)) for name, tracks in sizes.output_heads.items()}
        )
        self._kept = sizes.target_length

    def forward(self, bases: Tensor) -> dict[str, Tensor]:
        """Return the tracks of each species, ``float [B, N, tracks]``, not below 0.

        Parameters
        ----------
        bases : tensor, shape=(B, L, 4)
            As :func:`one_hot` makes them.

        Raises
        ------
        UnsupportedError
            The bases make fewer bins than are kept.
        """
        states = self.states(bases)
        return {name: softplus(head(states)) for name, head in self._heads.items()}

    def states(self, bases: Tensor) -> Tensor:
        """Return what the heads read, ``float [B, N, 2 d]``."""
        found = self.conv_tower(self.stem(bases.transpose(1, 2))).transpose(1, 2)
        found = self.transformer(found)
        bins = found.shape[1]
        if self._kept >= 0:
            if bins < self._kept:
                raise UnsupportedError(f"{bins} bins, of which {self._kept} are to be kept: give a longer sequence")
            cut = (bins - self._kept) // 2
            found = found[:, cut : bins - cut if cut else bins]
        return _gelu(self.final_pointwise(found.transpose(1, 2))).transpose(1, 2)


def one_hot(sequence: str) -> Tensor:
    """Return bases as Enformer reads them, ``float32 [L, 4]`` in the order A C G T; any other letter is all zeros.

    Case does not count.
    """
    codes = np.frombuffer(sequence.upper().encode("ascii", "replace"), dtype=np.uint8)
    return torch.from_numpy((codes[:, None] == np.frombuffer(_ORDER.encode(), dtype=np.uint8)).astype(np.float32))


def plain_names(tensors: Mapping[str, Tensor], path: str = "") -> dict[str, Tensor]:
    """Return published tensors without the second names that the trunk gives them.

    Raises
    ------
    WeightsError
        The two names of one tensor hold different numbers.
    """
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        plain = name
        if name.startswith("_trunk."):
            number, _, rest = name.removeprefix("_trunk.").partition(".")
            if not number.isdigit() or int(number) >= len(_STAGES):
                raise WeightsError("is no tensor of this network", file=path, position=name)
            plain = f"{_STAGES[int(number)]}.{rest}"
        if plain in found and not torch.equal(found[plain], tensor):
            raise WeightsError("has two names that hold different numbers", file=path, position=name)
        found[plain] = tensor
    return found


class _Beside(nn.Module):
    """What a part makes, added to what it was given."""

    def __init__(self, fn: nn.Module) -> None:
        super().__init__()
        self.fn = fn

    def forward(self, states: Tensor) -> Tensor:
        found: Tensor = self.fn(states) + states
        return found


class _Gelu(nn.Module):
    def forward(self, states: Tensor) -> Tensor:
        return _gelu(states)


class _Pool(nn.Module):
    """Two neighbours to one, weighted by attention; ``[B, d, n]`` to ``[B, d, ceil(n / 2)]``."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.to_attn_logits = nn.Parameter(torch.eye(width))

    def forward(self, states: Tensor) -> Tensor:
        logits = torch.einsum("bdn,de->ben", states, self.to_attn_logits)
        odd = states.shape[-1] % 2
        states, logits = pad(states, (0, odd)), pad(logits, (0, odd), value=torch.finfo(logits.dtype).min)
        pairs, weights = (each.reshape(*each.shape[:-1], -1, 2) for each in (states, logits))
        return torch.sum(pairs * weights.softmax(dim=-1), dim=-1)


class _Attention(nn.Module):
    def __init__(self, sizes: EnformerSizes) -> None:
        super().__init__()
        self._heads, self._key = sizes.heads, sizes.attn_dim_key
        self._features = sizes.dim // sizes.heads
        keys = self._heads * self._key
        self.to_q, self.to_k = (nn.Linear(sizes.dim, keys, bias=False) for _ in range(2))
        self.to_v = nn.Linear(sizes.dim, sizes.dim, bias=False)
        self.to_out = nn.Linear(sizes.dim, sizes.dim)
        self.to_rel_k = nn.Linear(self._features, keys, bias=False)
        self.rel_content_bias = nn.Parameter(torch.zeros(1, self._heads, 1, self._key))
        self.rel_pos_bias = nn.Parameter(torch.zeros(1, self._heads, 1, self._key))

    def forward(self, states: Tensor) -> Tensor:
        bins = states.shape[1]
        query, key, value = (
            made.unflatten(-1, (self._heads, -1)).transpose(1, 2)
            for made in (self.to_q(states), self.to_k(states), self.to_v(states))
        )
        query = query * self._key**-0.5
        places = relative_features(bins, self._features).to(states)
        relative = self.to_rel_k(places).unflatten(-1, (self._heads, -1)).transpose(0, 1)  # [H, 2N - 1, k]
        logits = (query + self.rel_content_bias) @ key.transpose(-1, -2)
        logits = logits + by_distance((query + self.rel_pos_bias) @ relative.transpose(-1, -2))
        mixed = (logits.softmax(dim=-1) @ value).transpose(1, 2).flatten(2)
        found: Tensor = self.to_out(mixed)
        return found


def relative_features(bins: int, features: int) -> Tensor:
    """Return what is told of each distance from ``1 - bins`` to ``bins - 1``, ``float32 [2 bins - 1, features]``.

    A sixth each: exponential decays, windows of growing width, gamma densities; then the same with the sign.
    """
    distance = torch.arange(-bins + 1, bins, dtype=torch.float64)
    size, each = distance.abs()[:, None], features // 6
    half_lives = 2 ** torch.linspace(3.0, math.log2(bins), each, dtype=torch.float64)
    decays = torch.exp(-math.log(2.0) / half_lives * size)
    windows = (2 ** torch.arange(1, each + 1, dtype=torch.float64) - 1 > size).double()
    spread = bins / (2 * each)
    mean = torch.linspace(bins / each, bins, each, dtype=torch.float64)
    shape, rate = (mean / spread) ** 2, mean / spread**2
    log_density = torch.xlogy(shape - 1.0, size) - rate * size - torch.lgamma(shape) + shape * torch.log(rate)
    gammas = torch.exp(log_density) + 1e-8
    told = torch.cat((decays, windows, gammas / gammas.max()), dim=-1)
    return torch.cat((told, torch.sign(distance)[:, None] * told), dim=-1).float()


def by_distance(logits: Tensor) -> Tensor:
    """Return ``[B, H, N, N]`` of ``[B, H, N, 2N - 1]``: for bins i and j, the entry of the distance j - i."""
    bins = logits.shape[-2]
    place = torch.arange(bins, device=logits.device)
    index = place[None, :] - place[:, None] + bins - 1
    return logits.gather(-1, index.expand(*logits.shape[:-2], bins, bins))


def _layer(sizes: EnformerSizes) -> nn.Sequential:
    width = sizes.dim
    attention = nn.Sequential(nn.LayerNorm(width), _Attention(sizes), nn.Identity())
    forward = (nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.Identity(), nn.ReLU(), nn.Linear(2 * width, width))
    return nn.Sequential(_Beside(attention), _Beside(nn.Sequential(*forward)))


def _convolution(before: int, after: int, size: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm1d(before), _Gelu(), nn.Conv1d(before, after, size, padding=size // 2))


def _gelu(states: Tensor) -> Tensor:
    return torch.sigmoid(1.702 * states) * states
