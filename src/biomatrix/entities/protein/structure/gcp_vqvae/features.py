"""From backbone coordinates to a graph: residues are nodes, the 16 nearest CA atoms are neighbours.

Legend: L residues (nodes), E edges, B chains in a batch, T padded length. ``edge_index[0]`` ("row") is the neighbour,
``edge_index[1]`` ("column") the centre whose neighbour it is. All coordinates in Angstrom, angles in radians.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from biomatrix.entities.protein.structure.gcp_vqvae.configuration import AMINO_ACIDS

NEIGHBOURS = 16
_NUM_FREQUENCIES = 8
_BLIND_TYPE = AMINO_ACIDS.index("X")
_TYPE_OF_LETTER = {letter: index for index, letter in enumerate(AMINO_ACIDS)} | dict.fromkeys("UOBZ", _BLIND_TYPE)
_CLAMP = 1e-7
_CENTRES_AT_ONCE = 512


@dataclass(frozen=True)
class Graph:
    """One chain, or several side by side.

    Parameters
    ----------
    node_scalars : Tensor, shape=(L, 49)
    node_vectors : Tensor, shape=(L, 2, 3)
    edge_index : Tensor, shape=(2, E), dtype=int64
    edge_scalars : Tensor, shape=(E, 1)
    edge_vectors : Tensor, shape=(E, 1, 3)
    edge_frames : Tensor, shape=(E, 3, 3)
        Rows are the axes; neither orthogonal nor of length one.
    node_frames : Tensor, shape=(L, 3, 3)
        Mean of the frames of the edges whose row is this node, zero where there is none.
    slots : Tensor, shape=(L,), dtype=int64
        Where each node stands in its padded chain, counted over the flattened [B, T]; -1 for nowhere.
    valid : Tensor, shape=(B, T), dtype=bool
        Positions that hold a resolved residue.
    pose : Tensor, shape=(L, 47), optional
        Only for networks that are posed, see `pose.pose_features`.
    """

    node_scalars: Tensor
    node_vectors: Tensor
    edge_index: Tensor
    edge_scalars: Tensor
    edge_vectors: Tensor
    edge_frames: Tensor
    node_frames: Tensor
    slots: Tensor
    valid: Tensor
    pose: Tensor | None = None

    def to(self, device: torch.device) -> Graph:
        """Return the graph on a device."""
        tensors = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: value.to(device) for name, value in tensors.items() if value is not None})


def residue_types(sequence: str) -> Tensor:
    """Return the index of each residue's one-hot column, int64 [L]; letters without a column count as X."""
    return torch.tensor([_TYPE_OF_LETTER.get(letter, _BLIND_TYPE) for letter in sequence], dtype=torch.int64)


def blind_types(length: int) -> Tensor:
    """Return the types of a chain whose sequence is not shown: X throughout, int64 [L]."""
    return torch.full((length,), _BLIND_TYPE, dtype=torch.int64)


def chain_graph(
    backbone: Tensor,
    types: Tensor,
    positions: Tensor,
    valid: Tensor,
    *,
    break_distance: float | None = None,
    padded: bool = False,
) -> Graph:
    """Describe one chain.

    Parameters
    ----------
    backbone : Tensor, shape=(L, 3, 3), dtype=float32
        (N, CA, C) of each node, finite.
    types : Tensor, shape=(L,), dtype=int64
        Residue types, see `residue_types`.
    positions : Tensor, shape=(L,), dtype=int64
        Index of each node in its chain, ascending; a step above 1 is a gap.
    valid : Tensor, shape=(T,), dtype=bool
        Which positions of the whole chain are resolved; positions from T on take no part in the transformer.
    break_distance : float, optional
        CA-CA distance above which consecutive nodes do not count as bonded.
    padded : bool
        Reproduce the published batching, where a chain shorter than its batch's longest takes the origin for its
        next residues when its last angles are computed.

    Returns
    -------
    Graph
        With one chain of T positions.
    """
    alpha = backbone[:, 1]
    bonded = bonded_nodes(alpha, positions, break_distance)
    edge_index = nearest_neighbours(alpha)
    row, column = edge_index
    frames = _edge_frames(alpha - alpha.mean(dim=0), row, column)
    count = torch.bincount(row, minlength=len(alpha)).clamp(min=1).to(frames.dtype)
    node_frames = torch.zeros(len(alpha), 3, 3, dtype=frames.dtype).index_add_(0, row, frames) / count[:, None, None]
    return Graph(
        node_scalars=torch.cat(
            [
                _position_waves(positions, backbone.dtype),
                F.one_hot(types, len(AMINO_ACIDS)).to(backbone.dtype),
                _angle_features(backbone, bonded, padded),
            ],
            dim=-1,
        ),
        node_vectors=_chain_directions(alpha, bonded),
        edge_index=edge_index,
        edge_scalars=(alpha[row] - alpha[column] + 1e-6).norm(dim=-1, keepdim=True),
        edge_vectors=_unit(alpha[row] - alpha[column])[:, None],
        edge_frames=frames,
        node_frames=node_frames,
        slots=torch.where(positions < len(valid), positions, -1),
        valid=valid[None],
    )


def bonded_nodes(alpha: Tensor, positions: Tensor, break_distance: float | None) -> Tensor:
    """Return which nodes count as bonded to the next one, bool [L - 1]; arguments as for `chain_graph`."""
    bonded = positions[1:] - positions[:-1] == 1
    if break_distance is not None:
        bonded = bonded & ((alpha[1:] - alpha[:-1]).norm(dim=-1) < break_distance)
    return bonded


def collate(graphs: Sequence[Graph], *, pad_to: int | None = None) -> Graph:
    """Put graphs of single chains side by side, padded to the longest of them (or to ``pad_to``)."""
    length = max(max(graph.valid.shape[1] for graph in graphs), pad_to or 0)
    edge_index, slots, offset = [], [], 0
    for i, graph in enumerate(graphs):
        edge_index.append(graph.edge_index + offset)
        slots.append(torch.where(graph.slots < 0, graph.slots, graph.slots + i * length))
        offset += len(graph.slots)
    joined = {
        name: torch.cat([getattr(graph, name) for graph in graphs])
        for name in ("node_scalars", "node_vectors", "edge_scalars", "edge_vectors", "edge_frames", "node_frames")
    }
    if graphs[0].pose is not None:
        joined["pose"] = torch.cat([graph.pose for graph in graphs if graph.pose is not None])
    return replace(
        graphs[0],
        edge_index=torch.cat(edge_index, dim=1),
        slots=torch.cat(slots),
        valid=torch.cat([F.pad(graph.valid, (0, length - graph.valid.shape[1])) for graph in graphs]),
        **joined,
    )


def nearest_neighbours(points: Tensor, count: int = NEIGHBOURS) -> Tensor:
    """Return edges from each point's nearest others to it, int64 [2, E], nearest first; all where they are few."""
    number = len(points)
    count = min(count, number - 1)
    if count < 1:
        return torch.zeros(2, 0, dtype=torch.int64)
    indices = []
    for start in range(0, number, _CENTRES_AT_ONCE):
        distance = (points[start : start + _CENTRES_AT_ONCE, None] - points[None]).square().sum(dim=-1)
        distance.diagonal(start).fill_(math.inf)
        indices.append(distance.topk(count, dim=1, largest=False, sorted=True).indices)
    neighbour = torch.cat(indices)
    centre = torch.arange(number)[:, None].expand(-1, count)
    return torch.stack([neighbour.reshape(-1), centre.reshape(-1)])


def _position_waves(positions: Tensor, dtype: torch.dtype) -> Tensor:
    """Eight sines, then eight cosines, of the index in the chain."""
    power = torch.arange(_NUM_FREQUENCIES, dtype=dtype) / (_NUM_FREQUENCIES - 1)
    angle = positions[:, None].to(dtype) * 10000.0**-power
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


def _angle_features(backbone: Tensor, bonded: Tensor, padded: bool) -> Tensor:
    """Cosines and sines of alpha, kappa, phi, psi and omega, [L, 10]; angle 0 where an angle is undefined."""
    number = len(backbone)
    if padded:
        backbone = torch.cat([backbone, backbone.new_zeros(3, 3, 3)])
        bonded = torch.cat([bonded, bonded.new_ones(3)])
    n, ca, c = backbone.unbind(dim=1)
    three = bonded[:-2] & bonded[1:-1] & bonded[2:]
    four = three[:-1] & three[1:]
    columns = [
        _on_circle(_dihedral(ca[:-3], ca[1:-2], ca[2:-1], ca[3:]), three, 1, len(ca)),
        _on_circle(_bend(ca[:-4], ca[2:-2], ca[4:]), four, 2, len(ca)),
        _on_circle(_dihedral(c[:-1], n[1:], ca[1:], c[1:]), bonded, 1, len(ca)),
        _on_circle(_dihedral(n[:-1], ca[:-1], c[:-1], n[1:]), bonded, 0, len(ca)),
        _on_circle(_dihedral(ca[:-1], c[:-1], n[1:], ca[1:]), bonded, 0, len(ca)),
    ]
    return torch.nan_to_num(torch.cat(columns, dim=-1)[:number], nan=0.0, posinf=0.0, neginf=0.0)


def _on_circle(angle: Tensor, defined: Tensor, start: int, length: int) -> Tensor:
    """Set angles of residues ``start``... on the unit circle, [length, 2], where defined; (1, 0) elsewhere."""
    full = angle.new_zeros(length)
    full[start : start + len(angle)] = torch.where(defined, angle, torch.zeros_like(angle))
    return torch.stack([full.cos(), full.sin()], dim=-1)


def _dihedral(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """Torsion about b-c, [...]."""
    first, axis, last = _unit(b - a), _unit(c - b), _unit(d - c)
    left, right = torch.linalg.cross(first, axis), torch.linalg.cross(axis, last)
    left, right = _unit(left), _unit(right)
    x = (left * right).sum(dim=-1).clamp(-1 + _CLAMP, 1 - _CLAMP)
    x = torch.where(x.abs() < _CLAMP, torch.full_like(x, _CLAMP), x)
    y = (torch.linalg.cross(left, right) * axis).sum(dim=-1)
    return torch.atan2(y, x)


def _bend(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Pi minus the angle at b, [...]."""
    cosine = (_unit(a - b) * _unit(c - b)).sum(dim=-1).clamp(-1 + _CLAMP, 1 - _CLAMP)
    return math.pi - torch.acos(cosine)


def _chain_directions(alpha: Tensor, bonded: Tensor) -> Tensor:
    """Unit vectors to the next and to the previous CA, [L, 2, 3]; zero where there is none."""
    step = _unit(alpha[1:] - alpha[:-1]) * bonded[:, None]
    return torch.stack([F.pad(step, (0, 0, 0, 1)), F.pad(-step, (0, 0, 1, 0))], dim=1)


def _edge_frames(centred: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """Frames of edges from positions about the chain's centroid, [E, 3, 3]; global, and sensitive to mirroring."""
    x_row, x_column = centred[row], centred[column]
    a = _squash(x_row - x_column)
    b = _squash(torch.linalg.cross(x_row, x_column))
    return torch.stack([a, b, torch.linalg.cross(a, b)], dim=1)


def _squash(vectors: Tensor) -> Tensor:
    length: Tensor = vectors.norm(dim=-1, keepdim=True)
    return vectors / (length + 1)


def _unit(vectors: Tensor) -> Tensor:
    return torch.nan_to_num(vectors / vectors.norm(dim=-1, keepdim=True))
