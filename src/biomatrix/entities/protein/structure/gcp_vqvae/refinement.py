"""Codes chosen in view of what the decoder makes of them.

An encoder picks each code on its own, and what one rounds off adds to what its neighbours do. Here the chain is
decoded, latents move down the slope of the error, and codes are chosen anew: neighbours then make up for what was
rounded off. Legend: B chains, T positions, D latent width.
"""

from __future__ import annotations

import torch
from torch import Tensor

from biomatrix.entities.protein.structure.gcp_vqvae.features import Graph
from biomatrix.entities.protein.structure.gcp_vqvae.losses import aligned_errors
from biomatrix.entities.protein.structure.gcp_vqvae.model import GCPVQVAE

_STRIDE = 0.02
"""Mean length of the first step, in spreads of the codebook."""
_LONGER, _SHORTER = 1.2, 0.5
"""A chain's next step after one that helped; after one that did not, it goes back and tries a shorter one."""


@torch.inference_mode(False)
@torch.no_grad()
def refined_codes(model: GCPVQVAE, graph: Graph, target: Tensor, steps: int) -> Tensor:
    """Return codes, int64 [B, T], -1 where not valid: for each chain the best found.

    Parameters
    ----------
    model : GCPVQVAE
    graph : Graph
    target : Tensor, shape=(B, T, 3, 3), dtype=float32
        (N, CA, C) in Angstrom, finite where valid.
    steps : int
        Choices of codes after the encoder's own. Each moves a chain's latents down the slope of its error, from where
        the error was least.
    """
    codebook, valid = model.vqvae.vector_quantizer.codebook, graph.valid.clone()
    target = torch.where(valid[..., None, None], target, 0.0)
    latents = model.latents(graph).float()
    stride = _STRIDE * codebook.embed[0].std(dim=0).norm() * torch.ones_like(latents[:, :1, :1])
    best, kept, downhill = torch.full_like(stride, torch.inf), latents, torch.zeros_like(latents)
    chosen = torch.full_like(valid, -1, dtype=torch.int64)
    for _ in range(steps + 1):
        codes = torch.where(valid, codebook.nearest(latents), -1)
        rows = model.vqvae.vector_quantizer.rows(codes).requires_grad_()
        with torch.enable_grad():
            errors = aligned_errors(model.vqvae.decoder(rows, valid), target, valid)[:, None, None]
            (slope,) = torch.autograd.grad(errors.sum(), rows)
        better = errors.detach() < best
        best, chosen = torch.where(better, errors.detach(), best), torch.where(better[..., 0], codes, chosen)
        kept, downhill = torch.where(better, latents, kept), torch.where(better, -_scale(slope, valid), downhill)
        stride = stride * torch.where(better, _LONGER, _SHORTER)
        latents = kept + stride * downhill
    return chosen


def _scale(slope_BTD: Tensor, valid: Tensor) -> Tensor:
    """Vectors of mean length one in each chain."""
    length: Tensor = (slope_BTD.norm(dim=-1) * valid).sum(dim=1) / valid.sum(dim=1).clamp(min=1)
    return slope_BTD / length.clamp(min=1e-12)[:, None, None]
