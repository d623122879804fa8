"""What a training step sees: crops drawn from the seed and the number of the draw, shared out among processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour
from biomatrix.entities.protein.structure.gcp_vqvae.features import Graph, collate
from biomatrix.entities.protein.structure.gcp_vqvae.inputs import describe_chain
from biomatrix.entities.protein.structure.gcp_vqvae.plan import Masking, TrainingPlan
from biomatrix.entities.protein.structure.gcp_vqvae.pose import in_pose
from biomatrix.errors import ConfigurationError

_CANDIDATES = 4
_LEAST_RESOLVED = 3
_LEAST_LENGTH = 32

Backbone = NDArray[np.float32]


@dataclass(frozen=True)
class Crop:
    """A stretch of a chain: its backbone [L, 3, 3], NaN where unresolved, and its sequence if that is shown."""

    backbone: Backbone
    sequence: str | None = None

    @property
    def num_resolved(self) -> int:
        """Residues with all three atoms."""
        return int(np.isfinite(self.backbone).all(axis=(1, 2)).sum())


@dataclass(frozen=True)
class Batch:
    """Crops of chains: their graph, and what they weigh among all processes.

    Parameters
    ----------
    graph : Graph
    target : Tensor, shape=(B, T, 3, 3)
        Coordinates in Angstrom, 0 where unresolved.
    chain_share, residue_share : float
        Chains and resolved residues here, in means over the processes: the factors that make the mean of the
        processes' means the mean of all. 1 for a single process.
    """

    graph: Graph
    target: Tensor
    chain_share: float = 1.0
    residue_share: float = 1.0

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return replace(self, graph=self.graph.to(device), target=self.target.to(device))


@dataclass
class ChainSource:
    """Backbones to learn from.

    Parameters
    ----------
    backbones : sequence of ndarray, shape=(L, 3, 3), dtype=float32
        NaN where unresolved.
    clusters : sequence of int
        Number of each chain's cluster: chains are drawn with weight one over the root of their cluster's size.
    sequences : sequence of str, optional
        Needed only by an encoder that sees them.

    Raises
    ------
    ConfigurationError
        No chains, or not one cluster number for each.
    """

    backbones: Sequence[Backbone]
    clusters: Sequence[int]
    sequences: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if not self.backbones or len(self.backbones) != len(self.clusters):
            raise ConfigurationError("training needs chains, and one cluster number for each")
        _, inverse, sizes = np.unique(np.asarray(self.clusters), return_inverse=True, return_counts=True)
        weight = 1.0 / np.sqrt(sizes[inverse])
        self._cumulative = np.cumsum(weight / weight.sum())

    def batch(
        self,
        plan: TrainingPlan,
        behaviour: Behaviour,
        number: int,
        *,
        rank: int = 0,
        processes: int = 1,
        posed: bool = False,
    ) -> Batch:
        """Return one process's part of a draw; the parts in order of rank are what one process alone would take."""
        crops = self.draw(plan, behaviour, number)
        if len(crops) < processes:
            raise ConfigurationError(
                f"a batch of {len(crops)} crops for {processes} processes: raise residues_a_batch, or use fewer"
            )
        bounds = [round(i * len(crops) / processes) for i in range(processes + 1)]
        mine = crops[bounds[rank] : bounds[rank + 1]]
        batch = make_batch(mine, behaviour, pad_to=max(len(crop.backbone) for crop in crops), posed=posed)
        residues = [sum(crop.num_resolved for crop in part) for part in (mine, crops)]
        return replace(
            batch,
            chain_share=len(mine) * processes / len(crops),
            residue_share=residues[0] * processes / residues[1],
        )

    def draw(self, plan: TrainingPlan, behaviour: Behaviour, number: int) -> list[Crop]:
        """Return crops of similar length, drawn from the seed and the number."""
        rng = np.random.default_rng([plan.seed, number])
        crop = plan.crop_at(number // plan.accumulate)
        count = plan.residues_a_batch // (_LEAST_LENGTH if plan.fill else crop)
        drawn = np.searchsorted(self._cumulative, rng.random(count * _CANDIDATES)).clip(max=len(self.backbones) - 1)
        lengths = np.array([min(len(self.backbones[i]), crop) for i in drawn])
        order = np.argsort(lengths, kind="stable")
        if plan.fill:
            end = int(np.searchsorted(np.cumsum(lengths[order]), rng.random() * lengths.sum(), side="right")) + 1
            start = max(end - plan.residues_a_batch // int(lengths[order[end - 1]]), 0)
        else:
            start = int(rng.integers(len(drawn) - count + 1))
            end = start + count
        chosen = drawn[order][start:end]
        crops = [self._crop(int(i), crop, behaviour, rng) for i in chosen]
        kept = [piece for piece in crops if piece.num_resolved >= _LEAST_RESOLVED]
        return [masked(piece, plan.masking, rng) for piece in kept] if plan.masking.probability else kept

    def _crop(self, index: int, length: int, behaviour: Behaviour, rng: np.random.Generator) -> Crop:
        backbone = self.backbones[index]
        start = int(rng.integers(max(len(backbone) - length, 0) + 1))
        place = slice(start, start + length)
        if behaviour.sequence_blind:
            return Crop(backbone[place])
        if self.sequences is None:
            raise ConfigurationError("an encoder that is not blind to sequences needs sequences to learn from")
        return Crop(backbone[place], self.sequences[index][place])


def masked(crop: Crop, masking: Masking, rng: np.random.Generator) -> Crop:
    """Return the crop, with the plan's probability with residues made unresolved and of unknown type."""
    length = len(crop.backbone)
    most = min(masking.most_residues, length // 2)
    if rng.random() >= masking.probability or most < 1:
        return crop
    count = int(rng.integers(1, most + 1))
    chunks = int(rng.integers(1, min(masking.most_chunks, count) + 1))
    cuts = np.sort(rng.choice(np.arange(1, count), chunks - 1, replace=False)) if chunks > 1 else np.zeros(0, int)
    hidden = np.zeros(length, dtype=bool)
    for size in np.diff([0, *cuts, count]):
        start = int(rng.integers(length - size + 1))
        hidden[start : start + size] = True
    backbone = np.where(hidden[:, None, None], np.float32(np.nan), crop.backbone)
    sequence = crop.sequence and "".join("X" if h else letter for h, letter in zip(hidden, crop.sequence, strict=True))
    result = Crop(backbone, sequence)
    return result if result.num_resolved >= _LEAST_RESOLVED else crop


def make_batch(crops: Sequence[Crop], behaviour: Behaviour, *, pad_to: int | None = None, posed: bool = False) -> Batch:
    """Describe crops as one graph, each in its own pose if ``posed``; at least one, each with a resolved residue."""
    if not crops:
        raise ConfigurationError("a batch needs a chain with three resolved residues")
    if posed:
        crops = [replace(crop, backbone=in_pose(crop.backbone)) for crop in crops]
    graphs = [describe_chain(crop.backbone, crop.sequence, behaviour, posed=posed) for crop in crops]
    graph = collate(graphs, pad_to=pad_to)
    length = graph.valid.shape[1]
    targets = [torch.nan_to_num(torch.from_numpy(crop.backbone)) for crop in crops]
    target = torch.stack([F.pad(coords, (0, 0, 0, 0, 0, length - len(coords))) for coords in targets])
    return Batch(graph, torch.where(graph.valid[..., None, None], target, 0.0))
