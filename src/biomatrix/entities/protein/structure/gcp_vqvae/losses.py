"""What training minimises: how far decoded backbones are from measured ones, however they are turned.

Legend: B chains, T positions, P = 3 T points (N, CA, C). Angstrom throughout; every term is a mean per chain, then over
chains. Positions that are not valid take no part.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional as F

from biomatrix.entities.protein.structure.gcp_vqvae.decoder import frame_of
from biomatrix.errors import ConfigurationError

_DISTANCE_CLAMP = 25.0
_DIRECTION_CLAMP = 20.0
_DISTANCE_SOFTENING = 2.0
_FRAME_CLAMP = 20.0
_FRAME_UNIT = 5.0
_PEPTIDE_BOND = 1.329
_BOND_REACH = 2.0
_EPSILON = 1e-8


@dataclass(frozen=True)
class LossWeights:
    """Weights of the terms; 0 leaves one out.

    Published are ``aligned``, ``distance``, ``direction`` and ``quantiser`` with these defaults, and ``next_token``
    with 0.001; ``trace``, ``frame``, ``peptide``, ``placed`` and ``turned`` are this package's own, the last two
    for posed networks.
    """

    aligned: float = 0.001
    distance: float = 0.01
    direction: float = 0.05
    trace: float = 0.0
    frame: float = 0.0
    peptide: float = 0.0
    placed: float = 0.0
    turned: float = 0.0
    next_token: float = 0.0
    quantiser: float = 1.0

    def __post_init__(self) -> None:
        if any(getattr(self, field.name) < 0 for field in fields(self)):
            raise ConfigurationError("loss weights must not be negative")


def structure_terms(decoded: Tensor, target: Tensor, valid: Tensor, weights: LossWeights) -> dict[str, Tensor]:
    """Return the unweighted terms of structure whose weight is not zero.

    Parameters
    ----------
    decoded, target : Tensor, shape=(B, T, 3, 3), dtype=float32
        (N, CA, C); ``target`` finite where valid.
    valid : Tensor, shape=(B, T), dtype=bool
    weights : LossWeights

    Returns
    -------
    dict of str to Tensor
        Scalars under the names of `LossWeights`.
    """
    functions = {
        "aligned": aligned_error,
        "distance": distance_error,
        "direction": direction_error,
        "trace": trace_error,
        "frame": frame_error,
        "peptide": peptide_error,
        "placed": placed_error,
        "turned": turned_error,
    }
    target = torch.where(valid[..., None, None], target, torch.zeros_like(target))
    return {
        name: function(decoded, target, valid) for name, function in functions.items() if getattr(weights, name) > 0
    }


def aligned_error(decoded: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean squared coordinate error after the best superposition, without gradient through the superposition."""
    return aligned_errors(decoded, target, valid).mean()


def aligned_errors(decoded: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """`aligned_error` of each chain, [B]."""
    weight = valid.repeat_interleave(3, dim=1)[..., None].to(decoded.dtype)
    moving, fixed = target.flatten(1, 2), decoded.flatten(1, 2)
    count = weight.sum(dim=1, keepdim=True).clamp(min=1)
    with torch.no_grad():
        a, b = ((x - (x * weight).sum(dim=1, keepdim=True) / count) * weight for x in (moving, fixed))
        u, _, v = torch.linalg.svd(a.transpose(1, 2) @ b)
        sign = torch.det(u @ v).sign()
        u = torch.cat([u[..., :2], u[..., 2:] * sign[:, None, None]], dim=-1)
        placed = a @ (u @ v)
    centred = fixed - (fixed * weight).sum(dim=1, keepdim=True) / count
    error: Tensor = ((centred - placed).square() * weight).sum(dim=(1, 2)) / (3 * count[:, 0, 0])
    return error


def distance_error(decoded: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Squared difference of distances between all pairs of backbone atoms, clamped at 25."""
    ours, theirs = _distances(decoded.flatten(1, 2)), _distances(target.flatten(1, 2))
    mask = valid.repeat_interleave(3, dim=1)
    return _pair_mean((ours - theirs).square().clamp(max=_DISTANCE_CLAMP), mask)


def direction_error(decoded: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Squared difference of dot products between all pairs of backbone vectors, six per residue, clamped at 20."""
    ours, theirs = (backbone_vectors(coords, valid).flatten(1, 2) for coords in (decoded, target))
    difference = ours @ ours.transpose(1, 2) - theirs @ theirs.transpose(1, 2)
    return _pair_mean(difference.square().clamp(max=_DIRECTION_CLAMP), valid.repeat_interleave(6, dim=1))


def trace_error(decoded: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Relative error of CA-CA distances, |d - d'| / (d' + 2): informative however wrong a fold still is."""
    ours, theirs = _distances(decoded[:, :, 1]), _distances(target[:, :, 1])
    return _pair_mean((ours - theirs).abs() / (theirs + _DISTANCE_SOFTENING), valid)


def frame_error(decoded: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Frame-aligned point error (Jumper et al., 2021) of all backbone atoms, clamped at 20, in units of 5 Angstrom."""
    (ours, from_ours), (theirs, from_theirs) = _views(decoded), _views(target)
    # R x + b - (R' x' + b') for all pairs as one product: a fifth of the time of subtracting placed atoms
    seen = torch.cat([ours, -theirs, from_ours - from_theirs], dim=-1).flatten(1, 2)
    points = torch.cat([decoded.flatten(1, 2), target.flatten(1, 2)], dim=-1)
    apart = seen @ F.pad(points, (0, 1), value=1.0).transpose(1, 2)
    square = apart.view(len(decoded), -1, 3, points.shape[1]).square().sum(dim=2)
    error = (square + _EPSILON).sqrt().clamp(max=_FRAME_CLAMP) / _FRAME_UNIT
    weight = (valid[:, :, None] & valid.repeat_interleave(3, dim=1)[:, None]).to(error.dtype)
    return ((error * weight).sum(dim=(1, 2)) / weight.sum(dim=(1, 2)).clamp(min=1)).mean()


def peptide_error(decoded: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Absolute error of C-N and CA-CA distances over peptide bonds that the target has, up to 10 Angstrom each."""
    bonded = valid[:, 1:] & valid[:, :-1] & (_steps(target, 2, 0) < _BOND_REACH)
    error = (_steps(decoded, 2, 0) - _PEPTIDE_BOND).abs() + (_steps(decoded, 1, 1) - _steps(target, 1, 1)).abs()
    return mean_over_chains(error.clamp(max=10), bonded)


def placed_error(decoded: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean distance of atoms from where they stand in the pose, without superposition, in units of 5 Angstrom."""
    error = ((decoded - target).square().sum(dim=-1) + _EPSILON).sqrt().mean(dim=-1) / _FRAME_UNIT
    return mean_over_chains(error, valid)


def turned_error(decoded: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean squared difference of the axes of residues in the pose: twice (1 - cosine) of each, summed over three."""
    ours, theirs = (frame_of(ca - c, n - ca) for n, ca, c in (x.unbind(dim=2) for x in (decoded, target)))
    error = (ours - theirs).square().sum(dim=(-1, -2))
    return mean_over_chains(error, valid)


def backbone_vectors(coords: Tensor, valid: Tensor) -> Tensor:
    """Six vectors per residue, [B, T, 6, 3]: three bonds and three normals; zero where they need a missing residue."""
    n, ca, c = coords.unbind(dim=2)
    to_ca, to_c = ca - n, c - ca
    both = (valid[:, 1:] & valid[:, :-1])[..., None]
    peptide = torch.where(both, n[:, 1:] - c[:, :-1], 0.0)
    to_next, from_previous = F.pad(peptide, (0, 0, 0, 1)), F.pad(peptide, (0, 0, 1, 0))
    cross = torch.linalg.cross
    return torch.stack(
        [to_ca, to_c, to_next, -cross(to_ca, to_c), cross(from_previous, to_ca), cross(to_c, to_next)], dim=2
    )


def _views(coords: Tensor) -> tuple[Tensor, Tensor]:
    """Rotation [B, T, 3, 3] and translation [B, T, 3, 1] that take a point into each residue's frame."""
    n, ca, c = coords.unbind(dim=2)
    rotation = frame_of(ca - c, n - ca).transpose(-1, -2)
    return rotation, -rotation @ ca[..., None]


def _steps(coords: Tensor, first: int, second: int) -> Tensor:
    """Distance from one atom of a residue to another of the next, [B, T - 1]."""
    return ((coords[:, 1:, second] - coords[:, :-1, first]).square().sum(dim=-1) + _EPSILON).sqrt()


def _distances(points: Tensor) -> Tensor:
    square = points.square().sum(dim=-1)
    product = points @ points.transpose(1, 2)
    return ((square[:, :, None] + square[:, None] - 2 * product).clamp(min=0) + _EPSILON).sqrt()


def _pair_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over pairs of which both are valid, per chain, then over chains."""
    weight = mask.to(values.dtype)
    total = torch.einsum("bij,bi,bj->b", values, weight, weight)
    return (total / weight.sum(dim=1).square().clamp(min=1)).mean()


def mean_over_chains(error_BT: Tensor, counted_BT: Tensor) -> Tensor:
    """Return the mean over the residues of each chain that count, then over chains; of [B, T] both."""
    return ((error_BT * counted_BT).sum(dim=1) / counted_BT.sum(dim=1).clamp(min=1)).mean()
