"""GCPNet: message passing over scalars and vectors that is invariant to rotation and knows left from right.

Morehead and Cheng, "Geometry-complete perceptron networks for 3D molecular graphs" (2024), in the form the published
tokenizer uses. Legend: N nodes, E edges, X either; scalars [X, ds]; vectors [X, 3, dv], space before feature, so that
linear maps over vectors act on the last axis.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from biomatrix.entities.protein.structure.gcp_vqvae.configuration import (
    EDGE_SCALARS_IN,
    EDGE_VECTORS_IN,
    NODE_SCALARS_IN,
    NODE_VECTORS_IN,
    NUM_RADIAL,
    NetworkSizes,
)
from biomatrix.entities.protein.structure.gcp_vqvae.features import Graph
from biomatrix.entities.protein.structure.gcp_vqvae.linear import Linear

_BOTTLENECK = 4
_RADIUS = 10.0
_LEAST_SQUARE = 1e-8
_MESSAGE_BLOCKS = 4
_FRAME_VECTORS = 3


class Features(NamedTuple):
    """Scalars [X, ds] and vectors [X, 3, dv]."""

    scalars: Tensor
    vectors: Tensor

    def __add__(self, other: object) -> Features:
        if not isinstance(other, Features):
            return NotImplemented
        return Features(self.scalars + other.scalars, self.vectors + other.vectors)


class FeatureNorm(nn.Module):
    """Layer norm over scalars; vectors divided by their root mean square length."""

    def __init__(self, scalars: int) -> None:
        super().__init__()
        self.scalar_norm = nn.LayerNorm(scalars)

    def forward(self, x: Features) -> Features:
        square = x.vectors.square().sum(dim=-2, keepdim=True).clamp(min=_LEAST_SQUARE)
        return Features(self.scalar_norm(x.scalars), x.vectors * square.mean(dim=-1, keepdim=True).rsqrt())


class GeometricPerceptron(nn.Module):
    """One GCP block: scalars hear of vectors through norms and frames, vectors are gated by scalars.

    Parameters
    ----------
    scalars_in, vectors_in, scalars_out, vectors_out : int
        Feature counts; no vectors leave when ``vectors_out`` is 0.
    bottleneck : int
        Hidden vectors are ``vectors_in / bottleneck``; with 1, the larger of both counts.
    active : bool
        SiLU on what leaves; otherwise linear.
    hidden_layer : bool
        Give the scalar map a hidden layer.
    """

    def __init__(
        self,
        scalars_in: int,
        vectors_in: int,
        scalars_out: int,
        vectors_out: int,
        *,
        bottleneck: int = _BOTTLENECK,
        active: bool = True,
        hidden_layer: bool = False,
    ) -> None:
        super().__init__()
        hidden = vectors_in // bottleneck if bottleneck > 1 else max(vectors_in, vectors_out)
        merged = scalars_in + hidden + 3 * _FRAME_VECTORS
        self.active = active
        self.vector_down = Linear(vectors_in, hidden, bias=False)
        self.vector_down_frames = Linear(vectors_in, _FRAME_VECTORS, bias=False)
        self.scalar_out: nn.Module = Linear(merged, scalars_out)
        if hidden_layer:
            self.scalar_out = nn.Sequential(self.scalar_out, nn.SiLU(), Linear(scalars_out, scalars_out))
        self.vector_up = Linear(hidden, vectors_out, bias=False) if vectors_out else None
        self.vector_out_scale = Linear(scalars_out, vectors_out) if vectors_out else None

    def forward(self, x: Features, frames: Tensor) -> Features:
        """Transform features; ``frames`` [X, 3, 3] are those of the edges, or the mean ones of the nodes."""
        hidden = self.vector_down(x.vectors)
        norms = hidden.square().sum(dim=-2).clamp(min=_LEAST_SQUARE).sqrt()
        local = _in_frames(self.vector_down_frames(x.vectors), frames)
        merged = self.scalar_out(torch.cat([x.scalars, norms, local], dim=-1))
        scalars = F.silu(merged) if self.active else merged
        if self.vector_up is None or self.vector_out_scale is None:
            return Features(scalars, x.vectors[..., :0])
        gate = torch.sigmoid(self.vector_out_scale(scalars))
        return Features(scalars, self.vector_up(hidden) * gate[:, None])


class Embedding(nn.Module):
    """From the features of a graph to hidden features of nodes and edges."""

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        self.edge_normalization = FeatureNorm(EDGE_SCALARS_IN)
        self.node_normalization = FeatureNorm(NODE_SCALARS_IN)
        self.edge_embedding = GeometricPerceptron(
            EDGE_SCALARS_IN, EDGE_VECTORS_IN, sizes.edge_scalars, sizes.edge_vectors, bottleneck=1
        )
        self.node_embedding = GeometricPerceptron(
            NODE_SCALARS_IN, NODE_VECTORS_IN, sizes.node_scalars, sizes.node_vectors, bottleneck=1, active=False
        )

    def forward(self, graph: Graph) -> tuple[Features, Features]:
        """Return node and edge features."""
        distance = graph.edge_scalars
        edges = self.edge_normalization(
            Features(torch.cat([distance, radial_basis(distance)], dim=-1), graph.edge_vectors.transpose(1, 2))
        )
        nodes = self.node_normalization(Features(graph.node_scalars, graph.node_vectors.transpose(1, 2)))
        return self.node_embedding(nodes, graph.node_frames), self.edge_embedding(edges, graph.edge_frames)


class Interaction(nn.Module):
    """Messages along edges: four perceptrons with residual additions and a gate on scalars, summed at the row node."""

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        nodes = (sizes.node_scalars, sizes.node_vectors)
        first = GeometricPerceptron(2 * nodes[0] + sizes.edge_scalars, 2 * nodes[1] + sizes.edge_vectors, *nodes)
        rest = [GeometricPerceptron(*nodes, *nodes) for _ in range(_MESSAGE_BLOCKS - 1)]
        self.message_fusion = nn.ModuleList([first, *rest])
        self.scalar_message_attention = nn.Sequential(Linear(nodes[0], 1), nn.Sigmoid())

    def forward(self, nodes: Features, edges: Features, graph: Graph) -> Features:
        row, column = graph.edge_index
        message = Features(
            torch.cat([nodes.scalars[row], edges.scalars, nodes.scalars[column]], dim=-1),
            torch.cat([nodes.vectors[row], edges.vectors, nodes.vectors[column]], dim=-1),
        )
        message = self.message_fusion[0](message, graph.edge_frames)
        for block in self.message_fusion[1:]:
            message = message + block(message, graph.edge_frames)
        gated = message.scalars * self.scalar_message_attention(message.scalars)
        return Features(_sum_at(row, gated, nodes.scalars), _sum_at(row, message.vectors, nodes.vectors))


class InteractionLayer(nn.Module):
    """Messages, a feed forward on each node, and a norm after the residual addition."""

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        s, v = sizes.node_scalars, sizes.node_vectors
        self.interaction = Interaction(sizes)
        self.gcp_norm = nn.ModuleList([FeatureNorm(s)])
        self.feedforward_network = nn.ModuleList(
            [
                GeometricPerceptron(2 * s, 2 * v, 4 * s, 2 * v),
                GeometricPerceptron(4 * s, 2 * v, s, v, active=False, hidden_layer=True),
            ]
        )

    def forward(self, nodes: Features, edges: Features, graph: Graph) -> Features:
        summed = self.interaction(nodes, edges, graph)
        update = Features(
            torch.cat([summed.scalars, nodes.scalars], dim=-1), torch.cat([summed.vectors, nodes.vectors], dim=-1)
        )
        for block in self.feedforward_network:
            update = block(update, graph.node_frames)
        normed: Features = self.gcp_norm[0](nodes + update)
        return normed


class GCPNet(nn.Module):
    """The graph network: a graph in, ``node_scalars`` rotation-invariant numbers per residue out."""

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        s, v = sizes.node_scalars, sizes.node_vectors
        self.gcp_embedding = Embedding(sizes)
        self.interaction_layers = nn.ModuleList([InteractionLayer(sizes) for _ in range(sizes.gcp_layers)])
        self.invariant_node_projection = nn.ModuleList([FeatureNorm(s), GeometricPerceptron(s, v, s, 0, bottleneck=1)])

    def forward(self, graph: Graph) -> Tensor:
        """Return invariants [N, node_scalars]."""
        nodes, edges = self.gcp_embedding(graph)
        for layer in self.interaction_layers:
            nodes = layer(nodes, edges, graph)
        normed = self.invariant_node_projection[0](nodes)
        projected: Features = self.invariant_node_projection[1](normed, graph.node_frames)
        return projected.scalars


def radial_basis(distance: Tensor) -> Tensor:
    """Eight Gaussians over 0 to 10 Angstrom: [E, 1] to [E, 8]."""
    centres = torch.linspace(0.0, _RADIUS, NUM_RADIAL, device=distance.device, dtype=distance.dtype)
    return torch.exp(-(((distance - centres) / (_RADIUS / NUM_RADIAL)) ** 2))


def _in_frames(vectors: Tensor, frames: Tensor) -> Tensor:
    """Three vectors [X, 3, 3] along the axes of frames, [X, 9], vector by vector; faster than small matrix products."""
    across = vectors.transpose(1, 2)[:, :, None] * frames[:, None]
    return across.sum(dim=-1).flatten(1)


def _sum_at(row: Tensor, values: Tensor, like: Tensor) -> Tensor:
    """Sum the edges' values at their row nodes."""
    return values.new_zeros(like.shape).index_add_(0, row, values)
