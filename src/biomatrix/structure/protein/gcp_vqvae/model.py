"""The whole network under the published parameter names.

Legend: B chains, T positions, N graph nodes, M valid positions, D latent width.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from biomatrix.structure.protein.gcp_vqvae.configuration import NetworkSizes
from biomatrix.structure.protein.gcp_vqvae.decoder import Decoder
from biomatrix.structure.protein.gcp_vqvae.features import Graph
from biomatrix.structure.protein.gcp_vqvae.gcpnet import GCPNet
from biomatrix.structure.protein.gcp_vqvae.linear import linear
from biomatrix.structure.protein.gcp_vqvae.quantizer import CodebookTraining, VectorQuantizer
from biomatrix.structure.protein.gcp_vqvae.transformer import Transformer

TRAINING_ONLY = ("vqvae.vector_quantizer._codebook.embed_avg", "vqvae.vector_quantizer._codebook.cluster_size")
"""Tensors that neither encoding nor decoding reads."""


class StructureVQVAE(nn.Module):
    """Everything after the graph network."""

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        width = sizes.encoder_width
        self.encoder_tail = nn.Sequential(nn.Conv1d(sizes.node_scalars, width, 1))
        self.encoder_blocks = Transformer(width, sizes.encoder_depth, sizes.heads, sizes.kv_heads, sizes.ff_mult)
        self.encoder_head = nn.Sequential(nn.Conv1d(width, sizes.code_width, 1))
        self.vector_quantizer = VectorQuantizer(sizes.codebook_size, sizes.code_width)
        if sizes.next_token_head:
            self.ntp_projector_head = nn.Linear(sizes.code_width, sizes.codebook_size)
        self.decoder = Decoder(sizes)


class GCPVQVAE(nn.Module):
    """Graphs to codes, codes to backbones.

    Parameters
    ----------
    sizes : NetworkSizes
    """

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.encoder = GCPNet(sizes)
        self.vqvae = StructureVQVAE(sizes)

    def latents(self, graph: Graph) -> Tensor:
        """Return latents before quantisation, [B, T, D]; meaningless where ``graph.valid`` is false."""
        with torch.autocast(graph.node_scalars.device.type, enabled=False):  # no faster in bfloat16, and less exact
            invariants = self.encoder(graph)
        inside = graph.slots >= 0
        padded = invariants.new_zeros(graph.valid.numel(), invariants.shape[-1])
        padded = padded.index_copy(0, graph.slots[inside], invariants[inside]).unflatten(0, graph.valid.shape)
        hidden = _pointwise(self.vqvae.encoder_tail, padded)
        hidden = self.vqvae.encoder_blocks(hidden, graph.valid)
        return _pointwise(self.vqvae.encoder_head, hidden)

    def encode(self, graph: Graph) -> Tensor:
        """Return codes, int64 [B, T]; -1 where not valid."""
        nearest = self.vqvae.vector_quantizer.codebook.nearest(self.latents(graph).float())
        return torch.where(graph.valid, nearest, -1)

    def decode(self, codes: Tensor) -> Tensor:
        """Return N, CA, C in Angstrom, [B, T, 3, 3], of codes [B, T]; meaningless where a code is -1."""
        return cast(Tensor, self.vqvae.decoder(self.vqvae.vector_quantizer.rows(codes), codes >= 0))

    def quantised_latents(
        self, graph: Graph, training: CodebookTraining, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Encode and quantise with gradients and codebook updates: rows [B, T, D], zero where not valid, and a loss."""
        z_BTD = self.latents(graph).float()
        quantised = self.vqvae.vector_quantizer.learn(z_BTD[graph.valid], training, generator)
        rows_BTD = torch.zeros_like(z_BTD)
        rows_BTD[graph.valid] = quantised.rows
        return rows_BTD, quantised.loss


def _pointwise(layer: nn.Sequential, x_BTD: Tensor) -> Tensor:
    """Apply a convolution of width one as the linear map it is."""
    convolution = cast(nn.Conv1d, layer[0])
    return linear(x_BTD, convolution.weight[:, :, 0], convolution.bias)
