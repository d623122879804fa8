"""From codebook rows to backbone: a transformer, then one absolute frame per residue and a rigid N, CA, C template.

Legend: B chains, T positions, D width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from biomatrix.entities.protein.structure.gcp_vqvae.configuration import NetworkSizes
from biomatrix.entities.protein.structure.gcp_vqvae.linear import Linear
from biomatrix.entities.protein.structure.gcp_vqvae.transformer import Transformer

TEMPLATE = ((0.5256, 1.3612, 0.0), (0.0, 0.0, 0.0), (-1.5251, 0.0, 0.0))
"""N, CA, C of a residue in its own frame, Angstrom: N-CA 1.459, CA-C 1.525, N-CA-C 111.1 degrees."""


class FrameHead(nn.Module):
    """Nine numbers per residue: a translation and two vectors that span its frame."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.ffn1 = Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.proj = Linear(width, 9)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return rotations [..., 3, 3], axes in columns, and translations [..., 3]."""
        nine = self.proj(self.norm(F.gelu(self.ffn1(x)))).float()
        translation, first, second = nine.chunk(3, dim=-1)
        return frame_of(_shorten(first), _shorten(second)), translation


class Decoder(nn.Module):
    """Codebook rows to coordinates."""

    template: Tensor

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        width = sizes.decoder_width
        self.projector_in = Linear(sizes.code_width, width, bias=False)
        self.decoder_stack = Transformer(width, sizes.decoder_depth, sizes.heads, sizes.kv_heads, sizes.ff_mult)
        self.affine_output_projection = FrameHead(width)
        self.register_buffer("template", torch.tensor(TEMPLATE), persistent=False)

    def forward(self, rows_BTD: Tensor, valid_BT: Tensor) -> Tensor:
        """Return N, CA, C in Angstrom, [B, T, 3, 3]; meaningless where not valid."""
        hidden = self.decoder_stack(self.projector_in(rows_BTD), valid_BT)
        rotation, translation = self.affine_output_projection(hidden)
        coords: Tensor = self.template @ rotation.transpose(-1, -2) + translation[..., None, :]
        return coords


def frame_of(first: Tensor, second: Tensor) -> Tensor:
    """Orthonormal axes in columns, [..., 3, 3]: the first against ``first``, the second in the plane of both."""
    x = -first / (first.square().sum(-1, keepdim=True) + 1e-10).sqrt()
    y = second - x * (x * second).sum(-1, keepdim=True)
    y = y / (y.square().sum(-1, keepdim=True) + 1e-10).sqrt()
    return torch.stack([x, y, torch.linalg.cross(x, y)], dim=-1)


def _shorten(vector: Tensor) -> Tensor:
    length: Tensor = vector.norm(dim=-1, keepdim=True)
    return vector / (length + 1e-5)
