"""What a restoration network learns from: pairs of a noisy patch and what it should become.

Four kinds of pairs, from the most that is known to the least: noisy and clean (supervised); two noisy copies of one
slice (Noise2Noise); a slice and its neighbour in the scan, whose noise is another; one noisy copy of which pixels are
hidden and to be told from those around them (blind spots).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError
from biomatrix_ct.image import Image
from biomatrix_ct.noise import NoiseLevel, add_photon_noise, estimate_noise, photon_noise_level

FEWEST_PHOTONS: Final = 800.0
MOST_PHOTONS: Final = 1.25e5
_TOWARDS_FEW: Final = 1.5
"""Above 1: more patches of low dose, where there is most to learn."""
_HIDDEN: Final = 0.04
"""The share of the pixels of a patch that a blind-spot pair hides."""
_UPPER_ENDS: Final = (800.0, 400.0, 1500.0)
"""HU that stand for 1 in the noise of phantoms."""
_BOX: Final = 5
_SAME: Final = 3.0
"""Standard errors by which the means of surroundings of neighbouring slices may differ where anatomy is the same."""


@dataclass(frozen=True)
class Patch:
    """One pair: what the network sees, what it is held against, both ``float32 [side, side]`` in HU, and the noise.

    ``known`` is True where the target counts; None where it does everywhere.
    """

    noisy: NDArray[np.float32]
    target: NDArray[np.float32]
    level: NoiseLevel
    known: NDArray[np.bool_] | None = None


class PatchSource(ABC):
    """Something that pairs are drawn from."""

    @abstractmethod
    def draw(self, side: int, rng: np.random.Generator) -> Patch:
        """Return a random pair of patches of ``side`` x ``side`` pixels."""


class CleanSlices(PatchSource):
    """Slices of routine or no noise, to which noise of a random dose is added.

    Parameters
    ----------
    images : sequence of Image
    windows : sequence of (float, float)
        For each, the HU that stand for 0 and 1 in the model of the noise.
    noisy_target : bool
        Whether the target is a second noisy copy (Noise2Noise) or the slice itself (supervised).
    """

    def __init__(
        self, images: Sequence[Image], windows: Sequence[tuple[float, float]], noisy_target: bool = True
    ) -> None:
        if not images or len(images) != len(windows):
            raise ConfigurationError(f"{len(images)} images and {len(windows)} windows; one window for each image")
        self._slices = [
            (plane, window) for image, window in zip(images, windows, strict=True) for plane in image.slices
        ]
        self._noisy_target = noisy_target

    def draw(self, side: int, rng: np.random.Generator) -> Patch:
        plane, (lowest, highest) = self._slices[rng.integers(len(self._slices))]
        unit = (_random_part(plane, side, rng) - lowest) / (highest - lowest)
        photons = random_photons(rng)
        noisy = add_photon_noise(unit, photons, rng)
        target = add_photon_noise(unit, photons, rng) if self._noisy_target else unit
        width = highest - lowest
        level = photon_noise_level(photons, lowest, highest)
        return Patch(noisy * width + lowest, np.asarray(target * width + lowest, dtype=np.float32), level)


class NeighbouringSlices(PatchSource):
    """Scans as they are: a slice, and the next one as its target where both show the same anatomy.

    Their noise must be independent: slices that overlap, as where their spacing is below their thickness, share it.
    """

    def __init__(self, scans: Sequence[Image]) -> None:
        stacks = [scan for scan in scans if len(scan.slices) > 1]
        if not stacks:
            raise ConfigurationError("no scan has two slices or more; single slices have no neighbours to learn from")
        self._scans = [(scan.slices, estimate_noise(scan.values)) for scan in stacks]
        for scan, (_, level) in zip(stacks, self._scans, strict=True):
            if not level.in_water:
                raise ConfigurationError(f"scan {scan.name!r} shows no noise, so nothing can be learned from it")

    def draw(self, side: int, rng: np.random.Generator) -> Patch:
        slices, level = self._scans[rng.integers(len(self._scans))]
        first = int(rng.integers(len(slices) - 1))
        both = _random_part(slices[first : first + 2], side, rng)
        noisy, target = (both[0], both[1]) if rng.integers(2) else (both[1], both[0])
        means = [_box_mean(one) for one in both]
        error = level.at(means[0]) * np.sqrt(2.0) / _BOX
        return Patch(noisy, target, level, np.abs(means[0] - means[1]) < _SAME * error)


class BlindSpots(PatchSource):
    """One noisy copy of each slice: hidden pixels are to be told from those around them."""

    def __init__(self, images: Sequence[Image]) -> None:
        self._slices = [(plane, estimate_noise(plane)) for image in images for plane in image.slices]
        if not self._slices:
            raise ConfigurationError("no image to learn from")

    def draw(self, side: int, rng: np.random.Generator) -> Patch:
        plane, level = self._slices[rng.integers(len(self._slices))]
        target = _random_part(plane, side, rng)
        hidden = rng.random((side, side)) < _HIDDEN
        down, across = rng.integers(-2, 3, (2, side, side))
        down[(down == 0) & (across == 0)] = 1  # never the pixel itself
        rows = np.abs(np.arange(side)[:, None] + down)
        columns = np.abs(np.arange(side)[None, :] + across)
        last = side - 1
        around = target[last - np.abs(last - rows), last - np.abs(last - columns)]
        return Patch(np.where(hidden, around, target), target, level, hidden)


def random_photons(rng: np.random.Generator) -> float:
    """Return a random number of photons, few ones more often than many."""
    return float(FEWEST_PHOTONS * (MOST_PHOTONS / FEWEST_PHOTONS) ** (rng.uniform() ** _TOWARDS_FEW))


def _box_mean(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.pad(plane, _BOX // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (_BOX, _BOX))
    return np.asarray(windows.mean(axis=(-2, -1)), dtype=np.float32)


def _random_part(planes: NDArray[np.float32], side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a random square of the last two axes, turned and mirrored at random."""
    height, width = planes.shape[-2:]
    if min(height, width) < side:
        raise ConfigurationError(f"slices of {height} x {width} pixels hold no patch of {side} x {side}")
    top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
    part = np.rot90(planes[..., top : top + side, left : left + side], int(rng.integers(4)), axes=(-2, -1))
    return np.ascontiguousarray(part[..., ::-1] if rng.integers(2) else part)


def phantom_source(bodies: int, noisy_target: bool = False) -> CleanSlices:
    """Return slices of so many made-up chests and as many abdomens, each under one of three windows.

    Their clean slices are known, so that they are the target unless ``noisy_target`` is asked for.
    """
    from biomatrix_ct.phantoms import phantom

    if bodies < 1:
        raise ConfigurationError(f"there is no training on {bodies} bodies")
    images = [phantom(seed, region) for seed in range(bodies) for region in ("chest", "abdomen")]
    rng = np.random.default_rng(9)
    windows = [(-1000.0, float(rng.choice(_UPPER_ENDS))) for _ in images]
    return CleanSlices(images, windows, noisy_target)
