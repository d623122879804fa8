"""The whole network under the published parameter names.

Legend: B chains, T positions, N graph nodes, M valid positions, D latent width.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from biomatrix.entities.protein.structure.gcp_vqvae.configuration import NetworkSizes
from biomatrix.entities.protein.structure.gcp_vqvae.decoder import Decoder
from biomatrix.entities.protein.structure.gcp_vqvae.features import Graph
from biomatrix.entities.protein.structure.gcp_vqvae.gcpnet import GCPNet
from biomatrix.entities.protein.structure.gcp_vqvae.linear import Linear, linear
from biomatrix.entities.protein.structure.gcp_vqvae.pose import POSE_FEATURES
from biomatrix.entities.protein.structure.gcp_vqvae.quantizer import CodebookTraining, VectorQuantizer
from biomatrix.entities.protein.structure.gcp_vqvae.transformer import Transformer
from biomatrix.errors import ConfigurationError

TRAINING_ONLY = ("vqvae.vector_quantizer._codebook.embed_avg", "vqvae.vector_quantizer._codebook.cluster_size")
"""Tensors that neither encoding nor decoding reads."""


class StructureVQVAE(nn.Module):
    """Everything after the graph network."""

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        width = sizes.encoder_width
        self.encoder_tail = nn.Sequential(nn.Conv1d(sizes.node_scalars, width, 1))
        if sizes.posed:
            self.encoder_pose = nn.Sequential(Linear(POSE_FEATURES, width), nn.SiLU(), Linear(width, width))
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
        hidden = _pointwise(self.vqvae.encoder_tail, _in_slots(invariants, graph))
        if self.sizes.posed:
            if graph.pose is None:
                raise ConfigurationError("this network is posed: describe its chains with posed=True")
            hidden = hidden + self.vqvae.encoder_pose(_in_slots(graph.pose, graph))
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
        self, graph: Graph, training: CodebookTraining, generator: torch.Generator, *, share: float = 1.0
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Encode and quantise with gradients and codebook updates; ``share`` as for `VectorQuantizer.learn`.

        Returns
        -------
        rows : Tensor, shape=(B, T, D)
            Zero where not valid.
        codes : Tensor, shape=(B, T), dtype=int64
            -1 where not valid.
        loss : Tensor
            The quantiser's own.
        """
        z_BTD = self.latents(graph).float()
        with torch.autocast(z_BTD.device.type, enabled=False):
            quantised = self.vqvae.vector_quantizer.learn(z_BTD[graph.valid], training, generator, share=share)
        rows_BTD, codes_BT = torch.zeros_like(z_BTD), torch.full_like(graph.valid, -1, dtype=torch.int64)
        rows_BTD[graph.valid], codes_BT[graph.valid] = quantised.rows, quantised.codes
        return rows_BTD, codes_BT, quantised.loss


def _in_slots(nodes_ND: Tensor, graph: Graph) -> Tensor:
    """Put values of nodes at their places in the padded chains, [B, T, D], zero elsewhere."""
    inside = graph.slots >= 0
    padded = nodes_ND.new_zeros(graph.valid.numel(), nodes_ND.shape[-1])
    padded = padded.index_copy(0, graph.slots[inside], nodes_ND[inside])
    return padded.view(*graph.valid.shape, nodes_ND.shape[-1])


def _pointwise(layer: nn.Sequential, x_BTD: Tensor) -> Tensor:
    """Apply a convolution of width one as the linear map it is."""
    convolution = cast(nn.Conv1d, layer[0])
    return linear(x_BTD, convolution.weight[:, :, 0], convolution.bias)
