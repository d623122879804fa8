"""Restoration of a CT image: less noise, the residual beside it, and what the residual says."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities import Check
from biomatrix.errors import ConfigurationError
from biomatrix_ct.image import Image
from biomatrix_ct.noise import NoiseLevel, estimate_noise
from biomatrix_ct.residual_checks import check_residual

if TYPE_CHECKING:
    from biomatrix_ct.network import RestorationNetwork

NOTICE: Final = "Not a medical device: for research alone, not for diagnosis or treatment."

KEPT_BELOW: Final = 1.0
WHOLE_FROM: Final = 3.0
"""Noise in water, in HU: below the first an image is kept as it is, from the second on the residual is taken whole."""
_DARKEST: Final = -1024.0
_BRIGHTEST: Final = 3071.0
"""What 12 bits hold; beyond are padding and metal, which are kept."""
_LEAST_SIDE: Final = 16
_BAND: Final = 512
"""Rows that are restored at a time, so that memory does not grow with the slice."""
_REACH: Final = 64
"""Rows beside a band that the network sees: more than it can see, for any depth up to 30."""


@dataclass(frozen=True)
class Restored:
    """What became of an image.

    Parameters
    ----------
    image : Image
        The restored image, in HU.
    residual : ndarray, float32, shape of the image
        Input minus restored, in HU: what was taken away.
    level : NoiseLevel
        The noise that the input shows.
    strength : float
        The share of the network's answer that was taken: 0 where the input shows next to no noise and is kept, 1 where
        it shows much.
    checks : list of Check
        What the residual looks like: noise, or anatomy.
    """

    image: Image
    residual: NDArray[np.float32]
    level: NoiseLevel
    strength: float
    checks: list[Check]


def restore(image: Image, network: RestorationNetwork | None = None, level: NoiseLevel | None = None) -> Restored:
    """Return an image with its noise reduced.

    The noise is estimated from the image itself, over all its slices; slices are restored one by one. Nothing is
    changed by more than four standard deviations of the noise, and an image that shows next to none is kept bit by bit.

    Parameters
    ----------
    image : Image
    network : RestorationNetwork, optional
        By default the shipped one, trained on made-up anatomy.
    level : NoiseLevel, optional
        The noise, where it is known better than the image shows it.

    Raises
    ------
    ConfigurationError
        The image has fewer than 16 rows or columns.
    """
    if min(image.values.shape[-2:]) < _LEAST_SIDE:
        raise ConfigurationError(
            f"slices of {image.values.shape[-2]} x {image.values.shape[-1]} pixels are too small to be restored; "
            f"{_LEAST_SIDE} x {_LEAST_SIDE} is the least"
        )
    level = estimate_noise(image.values) if level is None else level
    strength = strength_at(level)
    if not strength:
        kept = image.with_values(image.values, f"Kept as it is: it shows next to no noise. {NOTICE}")
        residual = np.zeros_like(image.values)
        return Restored(kept, residual, level, 0.0, check_residual(kept.values, residual, level))
    network = _shipped() if network is None else network
    slices = [plane + strength * (_restored(plane, level, network) - plane) for plane in image.slices]
    values = np.stack(slices).reshape(image.values.shape)
    restored = image.with_values(values, f"Restored: noise reduced by a network. {NOTICE}")
    residual = image.values - restored.values
    return Restored(restored, residual, level, strength, check_residual(restored.values, residual, level))


def strength_at(level: NoiseLevel) -> float:
    """Return the share of the network's answer that is taken at a level of noise, from 0 to 1."""
    return float(np.clip((level.in_water - KEPT_BELOW) / (WHOLE_FROM - KEPT_BELOW), 0.0, 1.0))


def _shipped() -> RestorationNetwork:
    from biomatrix_ct.weights import shipped_network

    return shipped_network()


def _restored(plane: NDArray[np.float32], level: NoiseLevel, network: RestorationNetwork) -> NDArray[np.float32]:
    """Return one slice as the network restores it, ``float32 [h, w]`` in HU."""
    import torch

    from biomatrix.processors import threads_for

    height, width = plane.shape
    even = np.pad(np.clip(plane, _DARKEST, _BRIGHTEST), ((0, height % 2), (0, width % 2)), mode="edge")
    log_at_zero = torch.tensor([level.log_at_zero - math.log(1000.0)], dtype=torch.float32)
    growth = torch.tensor([level.growth], dtype=torch.float32)
    restored = np.empty_like(even)
    weights = sum(one.numel() for one in network.parameters())
    for first in range(0, len(even), _BAND):
        start, stop = max(0, first - _REACH), min(len(even), first + _BAND + _REACH)
        seen = torch.from_numpy(even[start:stop] / np.float32(1000.0))[None, None]
        with torch.inference_mode(), threads_for(2.0 * weights * seen.numel() / 4):
            answer = network(seen, log_at_zero, growth)[0, 0].numpy() * np.float32(1000.0)
        restored[first : first + _BAND] = answer[first - start : first - start + _BAND]
    inside = (plane >= _DARKEST) & (plane <= _BRIGHTEST)
    return np.where(inside, restored[:height, :width], plane)
