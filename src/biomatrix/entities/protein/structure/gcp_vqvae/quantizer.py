"""The codebook: nearest row by Euclidean distance, learned by moving averages of the latents that fall to it.

Van den Oord et al. (2017), appendix A.1. Legend: C codes of width D, M latents.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from biomatrix.entities.protein.structure.gcp_vqvae.processes import from_first, joined, summed

_SMOOTHING = 1e-5
_KMEANS_ROUNDS = 10
_COMPARED = 512


@dataclass(frozen=True)
class CodebookTraining:
    """How the codebook learns.

    Parameters
    ----------
    decay : float
        Of the moving averages.
    dead_below : float
        A code whose moving count falls below this is replaced by a latent of the batch. In latents per batch.
    commitment : float
        Weight of the squared distance between latents and their codes.
    orthogonality : float
        Weight of the mean squared cosine between the codes of a batch (at most 512 of them); 0 for none. Rows are
        moved by averages, not by gradients, so it is only reported: nothing follows it, as in the published recipe.
    rotation_trick : bool
        Carry gradients through the rotation from latent to code (Fifty et al., 2024), else straight through.
    """

    decay: float = 0.99
    dead_below: float = 2.0
    commitment: float = 0.25
    orthogonality: float = 10.0
    rotation_trick: bool = True


@dataclass(frozen=True)
class Quantised:
    """Codes int64 [M], their rows [M, D] with gradients to the latents, and the quantiser's own loss."""

    codes: Tensor
    rows: Tensor
    loss: Tensor


class Codebook(nn.Module):
    """The rows and their moving averages; the leading 1 of every shape is the published layout's single codebook."""

    embed: Tensor
    embed_avg: Tensor
    cluster_size: Tensor
    initted: Tensor

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.register_buffer("embed", torch.zeros(1, size, width))
        self.register_buffer("embed_avg", torch.zeros(1, size, width))
        self.register_buffer("cluster_size", torch.zeros(1, size))
        self.register_buffer("initted", torch.tensor(False))

    def nearest(self, z_MD: Tensor) -> Tensor:
        """Return the code of each latent, int64 [M]."""
        rows = self.embed[0]
        return (z_MD @ rows.T - 0.5 * rows.square().sum(dim=-1)).argmax(dim=-1)

    def start(self, z_MD: Tensor, generator: torch.Generator) -> None:
        """Set the rows to k-means centres of the latents, which must be those of all processes."""
        centres, count = (from_first(part) for part in k_means(z_MD, self.embed.shape[1], generator))
        self.embed[0], self.cluster_size[0] = centres, count
        self.embed_avg[0] = centres * count[:, None]
        self.initted.fill_(True)

    def update(
        self, z_MD: Tensor, count: Tensor, total: Tensor, training: CodebookTraining, generator: torch.Generator
    ) -> None:
        """Move the averages towards a batch, of which each code has a count [C] and a sum [C, D] over all processes.

        Then give dead codes latents of the batch, of any process.
        """
        self.cluster_size[0].lerp_(count, 1 - training.decay)
        self.embed_avg[0].lerp_(total, 1 - training.decay)
        size = self.cluster_size[0]
        smoothed = (size + _SMOOTHING) / (size.sum() + len(size) * _SMOOTHING) * size.sum()
        self.embed[0] = self.embed_avg[0] / smoothed[:, None]
        dead = torch.nonzero(size < training.dead_below)[:, 0]
        if len(dead):
            latents = joined(z_MD)
            chosen = latents[torch.randint(len(latents), (len(dead),), generator=generator).to(latents.device)]
            self.embed[0, dead] = chosen
            self.embed_avg[0, dead] = chosen * training.dead_below
            self.cluster_size[0, dead] = training.dead_below


class VectorQuantizer(nn.Module):
    """Latents to codes and back."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self._codebook = Codebook(size, width)

    @property
    def codebook(self) -> Codebook:
        """The rows and their averages."""
        return self._codebook

    def rows(self, codes: Tensor) -> Tensor:
        """Return the rows of codes, [..., D]; zeros where a code is -1."""
        rows: Tensor = self._codebook.embed[0][codes.clamp(min=0)]
        return rows * (codes >= 0)[..., None]

    def learn(
        self, z_MD: Tensor, training: CodebookTraining, generator: torch.Generator, *, share: float = 1.0
    ) -> Quantised:
        """Quantise a batch of valid latents and update the codebook; the first batch starts it.

        Parameters
        ----------
        z_MD : Tensor, shape=(M, D), dtype=float32
            Of this process.
        training : CodebookTraining
        generator : torch.Generator
            In the same state in every process.
        share : float
            Factor of the commitment loss that makes its mean over processes the mean over all latents.
        """
        detached = z_MD.detach()
        if not self._codebook.initted:
            self._codebook.start(joined(detached), generator)
        codes = self._codebook.nearest(detached)
        rows = self.rows(codes)
        count, total = (summed(part) for part in _gather(detached, codes, self._codebook.embed.shape[1]))
        loss = training.commitment * (z_MD - rows).square().mean() * share
        if training.orthogonality:
            loss = loss + training.orthogonality * overlap(self._codebook.embed[0, _some_used(count, generator)])
        self._codebook.update(detached, count, total, training, generator)
        passed = rotate_to(z_MD, rows) if training.rotation_trick else z_MD + (rows - detached)
        return Quantised(codes, passed, loss)


def rotate_to(source: Tensor, target: Tensor) -> Tensor:
    """Return ``target`` [M, D], differentiable in ``source`` as if a fixed rotation and scaling had made it."""
    length: Tensor = source.norm(dim=-1, keepdim=True)
    target_length: Tensor = target.norm(dim=-1, keepdim=True)
    u, q = (source / length.clamp(min=1e-6)).detach(), (target / target_length.clamp(min=1e-6)).detach()
    middle = torch.nn.functional.normalize(u + q, dim=-1)
    turned = source - 2 * (source * middle).sum(-1, keepdim=True) * middle + 2 * (source * u).sum(-1, keepdim=True) * q
    return turned * (target_length / length.clamp(min=1e-6)).detach()


def overlap(rows: Tensor) -> Tensor:
    """Mean squared cosine between different rows of [n, D]."""
    unit = torch.nn.functional.normalize(rows, dim=-1)
    n = len(rows)
    return (unit @ unit.T).square().sum() / n**2 - 1 / n


def k_means(points: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return centres [count, D] of points [M, D] and how many fall to each; points repeat where there are too few."""
    order = torch.randperm(len(points), generator=generator)[torch.arange(count) % len(points)]
    centres = points[order.to(points.device)]
    members = points.new_zeros(count)
    for _ in range(_KMEANS_ROUNDS):
        nearest = (points @ centres.T - 0.5 * centres.square().sum(dim=-1)).argmax(dim=-1)
        members, total = _gather(points, nearest, count)
        centres = torch.where(members[:, None] > 0, total / members.clamp(min=1)[:, None], centres)
    return centres, members


def _some_used(count: Tensor, generator: torch.Generator) -> Tensor:
    """The codes of a batch, or `_COMPARED` of them drawn at random."""
    used = torch.nonzero(count)[:, 0]
    if len(used) <= _COMPARED:
        return used
    return used[torch.randperm(len(used), generator=generator)[:_COMPARED].to(used.device)]


def _gather(points: Tensor, codes: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Number and sum of the points of each code."""
    total = points.new_zeros(count, points.shape[-1]).index_add_(0, codes, points)
    return torch.bincount(codes, minlength=count).to(points.dtype), total
