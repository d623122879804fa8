"""The loss of a restored image: how far values are off, and how far their slopes are."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_SOBEL = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
EDGE_WEIGHT = 0.5
"""The share of slopes beside that of values."""


def restoration_loss(restored: Tensor, target: Tensor, unit_n: Tensor, known: Tensor | None = None) -> Tensor:
    """Return ``(L1 + sqrt(MSE)) / 2 + 0.5 * (L1 of differences + L1 of Sobel slopes)``, a mean over images.

    Parameters
    ----------
    restored, target : Tensor, float32 [n, 1, h, w]
    unit_n : Tensor, float32 [n]
        What each image's errors are divided by: its level of noise, so that every dose counts the same.
    known : Tensor, float32 [n, 1, h, w], optional
        1 where the target counts, 0 where it does not; slopes are left out where it is given.

    Returns
    -------
    Tensor, float32 []
    """
    error = (restored - target) / unit_n[:, None, None, None]
    weight = torch.ones_like(error) if known is None else known
    count = weight.sum(dim=(1, 2, 3)).clamp(min=1.0)
    absolute = (weight * error.abs()).sum(dim=(1, 2, 3)) / count
    square = (weight * error.square()).sum(dim=(1, 2, 3)) / count
    loss = (absolute + torch.sqrt(square + 1e-12)) / 2
    if known is None:
        loss = loss + EDGE_WEIGHT * _slopes(error)
    return loss.mean()


def _slopes(error: Tensor) -> Tensor:
    """Return the mean size of an error's slopes for each image, ``[n]``: filters are linear, so of the error alone."""
    down = (error[..., 1:, :] - error[..., :-1, :]).abs().mean(dim=(1, 2, 3))
    right = (error[..., :, 1:] - error[..., :, :-1]).abs().mean(dim=(1, 2, 3))
    kernels = torch.stack([_SOBEL, _SOBEL.T])[:, None].to(error)
    sobel = functional.conv2d(error, kernels).abs().mean(dim=(1, 2, 3))
    return (down + right) / 2 + sobel
