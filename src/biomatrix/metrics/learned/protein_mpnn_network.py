"""The network of ProteinMPNN, with the parameter names of its released weights (``dauparas/ProteinMPNN``).

Legend: L residues, K neighbours of each, H hidden channels. One chain at a time: no batch axis.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

ALPHABET: Final = "ACDEFGHIKLMNPQRSTVWYX"
MESSAGE_SCALE: Final = 30.0
NEAREST_BIN, FARTHEST_BIN, BINS = 2.0, 22.0, 16
"""Angstrom: the centres of the radial bins of a distance."""
FARTHEST_OFFSET: Final = 32
ATOM_PAIRS: Final = [
    "N-N",
    "C-C",
    "O-O",
    "Cb-Cb",
    "Ca-N",
    "Ca-C",
    "Ca-O",
    "Ca-Cb",
    "N-C",
    "N-O",
    "N-Cb",
    "Cb-C",
    "Cb-O",
    "O-C",
    "N-Ca",
    "C-Ca",
    "O-Ca",
    "Cb-Ca",
    "C-N",
    "O-N",
    "Cb-N",
    "C-Cb",
    "O-Cb",
    "C-O",
]
"""The distances between neighbours that are binned, after that of CA to CA, in the order of the weights."""


class _FeedForward(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.W_in, self.W_out = nn.Linear(hidden, 4 * hidden), nn.Linear(4 * hidden, hidden)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.W_out(functional.gelu(self.W_in(x)))
        return result


class _Layer(nn.Module):
    """What encoder and decoder layers share: messages from neighbours, summed, and a feed-forward step."""

    def __init__(self, hidden: int, incoming: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.W1 = nn.Linear(hidden + incoming, hidden)
        self.W2, self.W3 = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden)
        self.dense = _FeedForward(hidden)

    def update(self, nodes: Tensor, messages_in: Tensor, used: Tensor | None) -> Tensor:
        """Return nodes ``[L, H]`` after messages from ``messages_in`` ``[L, K, incoming]`` of the used neighbours."""
        wide = torch.cat([nodes.unsqueeze(-2).expand(*messages_in.shape[:-1], -1), messages_in], dim=-1)
        message = self.W3(functional.gelu(self.W2(functional.gelu(self.W1(wide)))))
        if used is not None:
            message = used.unsqueeze(-1) * message
        nodes = self.norm1(nodes + message.sum(dim=-2) / MESSAGE_SCALE)
        result: Tensor = self.norm2(nodes + self.dense(nodes))
        return result


class EncoderLayer(_Layer):
    """Updates residues, then the edges between them."""

    def __init__(self, hidden: int) -> None:
        super().__init__(hidden, 2 * hidden)
        self.norm3 = nn.LayerNorm(hidden)
        self.W11 = nn.Linear(3 * hidden, hidden)
        self.W12, self.W13 = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden)

    def forward(self, nodes: Tensor, edges: Tensor, neighbours: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Return nodes ``[L, H]`` and edges ``[L, K, H]``; ``known`` is 1 for residues with coordinates, ``[L]``."""
        nodes = self.update(nodes, torch.cat([edges, nodes[neighbours]], dim=-1), known[:, None] * known[neighbours])
        nodes = known[:, None] * nodes
        wide = torch.cat([nodes.unsqueeze(1).expand(*edges.shape[:-1], -1), edges, nodes[neighbours]], dim=-1)
        message = self.W13(functional.gelu(self.W12(functional.gelu(self.W11(wide)))))
        return nodes, self.norm3(edges + message)


class DecoderLayer(_Layer):
    """Updates residues by what their neighbours are."""

    def __init__(self, hidden: int) -> None:
        super().__init__(hidden, 3 * hidden)

    def forward(self, nodes: Tensor, messages_in: Tensor, known: Tensor) -> Tensor:
        """Return nodes, ``[L, H]``."""
        return known[..., None] * self.update(nodes, messages_in, None)


class _Offsets(nn.Module):
    """How far apart two residues are along the chain."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(2 * FARTHEST_OFFSET + 2, channels)

    def forward(self, neighbours: Tensor) -> Tensor:
        offset = torch.arange(len(neighbours), device=neighbours.device)[:, None] - neighbours
        clipped = (offset + FARTHEST_OFFSET).clamp(0, 2 * FARTHEST_OFFSET)
        result: Tensor = self.linear(functional.one_hot(clipped, 2 * FARTHEST_OFFSET + 2).float())
        return result


class EdgeFeatures(nn.Module):
    """The neighbours of each residue, and what lies between it and them."""

    def __init__(self, hidden: int, neighbours: int, channels: int = 16) -> None:
        super().__init__()
        self.neighbours = neighbours
        self.embeddings = _Offsets(channels)
        self.edge_embedding = nn.Linear(channels + BINS * (1 + len(ATOM_PAIRS)), hidden, bias=False)
        self.norm_edges = nn.LayerNorm(hidden)

    def forward(self, backbone: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Return edge features ``[L, K, H]`` and the indices of neighbours ``[L, K]``.

        Parameters
        ----------
        backbone : Tensor, shape=(L, 4, 3)
            N, CA, C, O; zeros where a residue is not known.
        known : Tensor, shape=(L,)
        """
        n, ca, c, o = backbone.unbind(dim=1)
        first, second = ca - n, c - ca
        cb = -0.58273431 * torch.linalg.cross(first, second) + 0.56802827 * first - 0.54067466 * second + ca
        atoms = {"N": n, "Ca": ca, "C": c, "O": o, "Cb": cb}
        both = known[:, None] * known
        distances = both * _distances(ca, ca)
        shown = distances + (1.0 - both) * distances.max(dim=-1, keepdim=True).values
        _, neighbours = shown.topk(min(self.neighbours, len(ca)), dim=-1, largest=False)
        binned = [_bins(shown.gather(1, neighbours))]
        for pair in ATOM_PAIRS:
            a, b = pair.split("-")
            binned.append(_bins(_distances(atoms[a], atoms[b]).gather(1, neighbours)))
        features = torch.cat([self.embeddings(neighbours), *binned], dim=-1)
        return self.norm_edges(self.edge_embedding(features)), neighbours


def _distances(a: Tensor, b: Tensor) -> Tensor:
    return ((a[:, None] - b) ** 2).sum(dim=-1).add(1e-6).sqrt()


def _bins(distances: Tensor) -> Tensor:
    centres = torch.linspace(NEAREST_BIN, FARTHEST_BIN, BINS, device=distances.device)
    width = (FARTHEST_BIN - NEAREST_BIN) / BINS
    return torch.exp(-(((distances.unsqueeze(-1) - centres) / width) ** 2))


class ProteinMPNNNetwork(nn.Module):
    """Encoder of a backbone and decoder of a sequence in any order.

    Parameters
    ----------
    hidden, layers, neighbours : int
        128, 3 and 48 in the released weights.
    """

    def __init__(self, hidden: int = 128, layers: int = 3, neighbours: int = 48) -> None:
        super().__init__()
        self.features = EdgeFeatures(hidden, neighbours)
        self.W_e = nn.Linear(hidden, hidden)
        self.W_s = nn.Embedding(len(ALPHABET), hidden)
        self.encoder_layers = nn.ModuleList(EncoderLayer(hidden) for _ in range(layers))
        self.decoder_layers = nn.ModuleList(DecoderLayer(hidden) for _ in range(layers))
        self.W_out = nn.Linear(hidden, len(ALPHABET))

    def encode(self, backbone: Tensor, known: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return residues ``[L, H]``, edges ``[L, K, H]`` and neighbours ``[L, K]``."""
        features, neighbours = self.features(backbone, known)
        edges = self.W_e(features)
        nodes = torch.zeros(len(backbone), edges.shape[-1], device=edges.device)
        for layer in self.encoder_layers:
            nodes, edges = layer(nodes, edges, neighbours, known)
        return nodes, edges, neighbours

    def log_probabilities(self, backbone: Tensor, known: Tensor, residues: Tensor, order: Tensor) -> Tensor:
        """Return the log probabilities of every residue given those that come before it in ``order``, ``[L, 21]``."""
        nodes, edges, neighbours = self.encode(backbone, known)
        rank = torch.argsort(order)
        before = (rank[neighbours] < rank[:, None]).float() * known[:, None]
        encoded = nodes
        embedded = self.W_s(residues)
        for layer in self.decoder_layers:
            messages = self.messages(nodes, encoded, embedded, edges, neighbours, before, known)
            nodes = layer(nodes, messages, known)
        return functional.log_softmax(self.W_out(nodes), dim=-1)

    @staticmethod
    def messages(
        nodes: Tensor,
        encoded: Tensor,
        embedded: Tensor,
        edges: Tensor,
        neighbours: Tensor,
        before: Tensor,
        known: Tensor,
    ) -> Tensor:
        """Return what residues hear of their neighbours, ``[rows, K, 3 H]``.

        Of those before them edge, sequence and present state, of the others edge and encoding alone. ``edges``,
        ``neighbours``, ``before`` and ``known`` are of the residues that listen.
        """
        seen = torch.cat([edges, embedded[neighbours], nodes[neighbours]], dim=-1)
        unseen = torch.cat([edges, torch.zeros_like(embedded[neighbours]), encoded[neighbours]], dim=-1)
        return before.unsqueeze(-1) * seen + (known[:, None] - before).unsqueeze(-1) * unseen
