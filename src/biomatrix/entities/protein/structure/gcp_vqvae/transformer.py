"""The pre-norm transformer of encoder and decoder, with parameter names of x-transformers.

Legend: B chains, T positions, D width, H query heads, K key/value heads, 64 per head.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from biomatrix.entities.protein.structure.gcp_vqvae.linear import Linear

HEAD_SIZE = 64
_ROTARY_SIZE = 32
_ATTENTION_SCALE = 10.0


class OffsetNorm(nn.Module):
    """Layer norm without bias whose stored ``gamma`` is the scale's offset from one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(width))

    def forward(self, x_BTD: Tensor) -> Tensor:
        return F.layer_norm(x_BTD, x_BTD.shape[-1:]) * (1 + self.gamma)


class Rotary(nn.Module):
    """Rotation angles of positions, on the first 32 numbers of a head, pairs interleaved."""

    inv_freq: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("inv_freq", 10000.0 ** -(torch.arange(0, _ROTARY_SIZE, 2).float() / _ROTARY_SIZE))

    def forward(self, length: int) -> tuple[Tensor, Tensor]:
        """Return cosines and sines, [T, 32]."""
        angle = torch.arange(length, device=self.inv_freq.device).float()[:, None] * self.inv_freq
        angle = angle.repeat_interleave(2, dim=-1)
        return angle.cos(), angle.sin()


class Attention(nn.Module):
    """Attention of unit queries and keys at a fixed scale of 10; query head h reads key/value head ``h mod K``."""

    def __init__(self, width: int, heads: int, kv_heads: int) -> None:
        super().__init__()
        self.heads, self.kv_heads = heads, kv_heads
        self.to_q = Linear(width, heads * HEAD_SIZE, bias=False)
        self.to_k = Linear(width, kv_heads * HEAD_SIZE, bias=False)
        self.to_v = Linear(width, kv_heads * HEAD_SIZE, bias=False)
        self.to_out = Linear(heads * HEAD_SIZE, width, bias=False)

    def forward(self, x_BTD: Tensor, valid_BT: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        q, k, v = (
            project(x_BTD).unflatten(-1, (heads, HEAD_SIZE)).transpose(1, 2)
            for project, heads in ((self.to_q, self.heads), (self.to_k, self.kv_heads), (self.to_v, self.kv_heads))
        )
        repeats = self.heads // self.kv_heads
        q, k = _rotate(F.normalize(q, dim=-1), rotation), _rotate(F.normalize(k, dim=-1), rotation)
        out = F.scaled_dot_product_attention(
            q.to(v.dtype),
            k.to(v.dtype).repeat(1, repeats, 1, 1),
            v.repeat(1, repeats, 1, 1),
            attn_mask=valid_BT[:, None, None],
            scale=_ATTENTION_SCALE,
        )
        return cast(Tensor, self.to_out(out.transpose(1, 2).flatten(-2))) * valid_BT[..., None]


class GatedLinear(nn.Module):
    """A linear map whose second half gates the first through SiLU."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.proj = Linear(width, 2 * hidden)

    def forward(self, x: Tensor) -> Tensor:
        up, gate = cast(Tensor, self.proj(x)).chunk(2, dim=-1)
        return up * F.silu(gate)


class FeedForward(nn.Module):
    """SwiGLU; the identity stands where the published module has its dropout."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.ff = nn.Sequential(GatedLinear(width, hidden), nn.Identity(), Linear(hidden, width, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.ff(x))


class Layers(nn.Module):
    """Alternating attention and feed forward, each ``[[norm], block]``."""

    def __init__(self, width: int, depth: int, heads: int, kv_heads: int, ff_mult: int) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        for _ in range(depth):
            for block in (Attention(width, heads, kv_heads), FeedForward(width, ff_mult * width)):
                blocks.append(nn.ModuleList([nn.ModuleList([OffsetNorm(width)]), block]))
        self.layers = nn.ModuleList(blocks)
        self.rotary_pos_emb = Rotary()
        self.final_norm = OffsetNorm(width)

    def forward(self, x_BTD: Tensor, valid_BT: Tensor) -> Tensor:
        rotation = self.rotary_pos_emb(x_BTD.shape[1])
        for index, layer in enumerate(self.layers):
            norms, block = cast(nn.ModuleList, layer)
            normed = cast(nn.ModuleList, norms)[0](x_BTD)
            x_BTD = x_BTD + (block(normed) if index % 2 else block(normed, valid_BT, rotation))
        return cast(Tensor, self.final_norm(x_BTD))


class Transformer(nn.Module):
    """Projection in, layers, projection out, all of one width; positions that are not valid are never attended to."""

    def __init__(self, width: int, depth: int, heads: int, kv_heads: int, ff_mult: int) -> None:
        super().__init__()
        self.project_in = Linear(width, width, bias=False)
        self.attn_layers = Layers(width, depth, heads, kv_heads, ff_mult)
        self.project_out = Linear(width, width, bias=False)

    def forward(self, x_BTD: Tensor, valid_BT: Tensor) -> Tensor:
        """Transform [B, T, D]; values at positions that are not valid mean nothing."""
        return cast(Tensor, self.project_out(self.attn_layers(self.project_in(x_BTD), valid_BT)))


def _rotate(x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """Turn the first numbers of each head, [B, H, T, 64], pair by pair."""
    cosine, sine = rotation
    turned, kept = x[..., :_ROTARY_SIZE], x[..., _ROTARY_SIZE:]
    even, odd = turned[..., 0::2], turned[..., 1::2]
    across = torch.stack([-odd, even], dim=-1).flatten(-2)
    return torch.cat([turned * cosine + across * sine, kept], dim=-1)
