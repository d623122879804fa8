"""Made-up anatomy: cross-sections of chests and abdomens drawn from ellipses, to train on without any patient.

Each slice has skin, fat, muscle, bones with marrow, lungs with vessels or bowels with gas, textures of tissue, the
blur of a scanner and the noise of a routine dose. Neighbouring slices of one body differ little, as in a scan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from biomatrix_ct.image import Image

Region = Literal["chest", "abdomen"]

AIR: Final = -1000.0
_MILLIMETRES: Final = 400.0
"""The side of the field of view."""


@dataclass(frozen=True)
class _Ellipse:
    """One organ: its middle and half axes in half fields of view, its angle, its value and texture in HU."""

    row: float
    column: float
    half_height: float
    half_width: float
    angle: float
    value: float
    texture: float = 0.0
    drift: float = 0.0
    """By how much its middle moves, downwards, from slice to slice."""


def phantom(seed: int, region: Region, side: int = 512, depth: int = 1) -> Image:
    """Return a made-up body.

    Parameters
    ----------
    seed : int
        Equal seeds give equal bodies.
    region : {"chest", "abdomen"}
    side : int
        Pixels along each side of a slice.
    depth : int
        Slices, 3 mm apart.

    Returns
    -------
    Image
        In HU, ``float32 [depth, side, side]``; ``[side, side]`` where ``depth`` is 1.
    """
    rng = np.random.default_rng([seed, side, region == "chest"])
    organs = _trunk(rng, region) + (_chest(rng) if region == "chest" else _abdomen(rng)) + _bones(rng, region)
    warp = [_smooth_field(rng, side, side / 6) * 0.03 for _ in range(2)]
    textures = [_tissue(rng, side) for _ in range(2)]
    sharpness, routine = rng.uniform(0.5, 0.9), rng.uniform(1.0, 10.0)
    slices = []
    for number in range(depth):
        turn = 0.35 * number
        texture = np.cos(turn) * textures[0] + np.sin(turn) * textures[1]
        plane = _blurred(_draw(organs, warp, texture, side, number), sharpness)
        slices.append(plane + routine * _kernel_noise(rng, side))
    values = np.clip(np.stack(slices), -1024.0, 3071.0).astype(np.float32)
    pixel = _MILLIMETRES / side
    name = f"{region} {seed}"
    return Image(values, (3.0, pixel, pixel), name) if depth > 1 else Image(values[0], (pixel, pixel), name)


def _draw(
    organs: list[_Ellipse], warp: list[NDArray[np.float64]], texture: NDArray[np.float64], side: int, number: int
) -> NDArray[np.float64]:
    """Return one slice, later organs over earlier ones."""
    plane = np.full((side, side), AIR)
    axis = (np.arange(side) + 0.5) / side * 2 - 1
    for one in organs:
        row = one.row + one.drift * number
        reach = max(one.half_height, one.half_width) + 0.1
        first, last = np.searchsorted(axis, [row - reach, row + reach])
        left, right = np.searchsorted(axis, [one.column - reach, one.column + reach])
        part = np.s_[first:last, left:right]
        down = axis[first:last, None] + warp[0][part] - row
        across = axis[None, left:right] + warp[1][part] - one.column
        cos, sin = np.cos(one.angle), np.sin(one.angle)
        inside = ((down * cos + across * sin) / one.half_height) ** 2 + (
            (across * cos - down * sin) / one.half_width
        ) ** 2 <= 1
        plane[part][inside] = one.value + one.texture * texture[part][inside]
    return plane


def _trunk(rng: np.random.Generator, region: Region) -> list[_Ellipse]:
    """Return the couch, skin, fat and muscle."""
    height, width = rng.uniform(0.5, 0.68), rng.uniform(0.72, 0.92)
    fat = rng.uniform(0.03, 0.12)
    couch = [_Ellipse(0.85, 0.0, 0.12, 0.7, 0.0, -150.0), _Ellipse(0.85, 0.0, 0.1, 0.68, 0.0, -960.0)]
    inner = -100.0 if region == "abdomen" else 45.0
    return [
        *couch,
        _Ellipse(0, 0, height, width, 0, 20.0),
        _Ellipse(0, 0, height - 0.01, width - 0.01, 0, -100.0, 10.0),
        _Ellipse(0, 0, height - fat, width - fat, 0, 50.0, 12.0),
        _Ellipse(0, 0, height - fat - 0.06, width - fat - 0.06, 0, inner, 12.0),
    ]


def _chest(rng: np.random.Generator) -> list[_Ellipse]:
    """Return lungs with vessels and airways, heart and great vessels."""
    organs = []
    contrast = rng.choice([0.0, rng.uniform(50.0, 250.0)])
    for side in (-1, 1):
        height, width = rng.uniform(0.3, 0.42), rng.uniform(0.2, 0.3)
        row, column = rng.uniform(-0.08, 0.05), side * rng.uniform(0.34, 0.42)
        organs.append(_Ellipse(row, column, height, width, side * 0.1, rng.uniform(-900, -780), 25.0))
        for _ in range(int(rng.integers(120, 260))):
            distance, turn = 0.92 * np.sqrt(rng.uniform()), rng.uniform(0, 2 * np.pi)
            at = (row + distance * height * np.sin(turn), column + distance * width * np.cos(turn))
            thick = 0.0025 + 0.02 * rng.beta(1, 8)
            long = thick * rng.choice([1.0, 1.0, rng.uniform(2, 9)])
            value = rng.uniform(-600, 60) + contrast * rng.uniform(0, 1)
            organs.append(_Ellipse(*at, thick, long, rng.uniform(0, np.pi), value, 5.0, rng.normal(0, 0.002)))
        for _ in range(int(rng.integers(3, 9))):
            at = (row + rng.normal(0, 0.1), column - side * rng.uniform(0.0, 0.1))
            wide, angle = rng.uniform(0.01, 0.025), rng.uniform(0, np.pi)
            organs.append(_Ellipse(*at, wide + 0.006, wide + 0.009, angle, 0.0, 0.0, 0.001))
            organs.append(_Ellipse(*at, wide, wide + 0.003, angle, -970.0, 0.0, 0.001))
    organs.append(_Ellipse(0.02, -0.08, rng.uniform(0.16, 0.3), rng.uniform(0.18, 0.3), 0.4, 45 + contrast / 2, 12.0))
    for _ in range(int(rng.integers(3, 7))):
        at = (rng.uniform(-0.2, 0.25), rng.uniform(-0.2, 0.2))
        wide = rng.uniform(0.02, 0.09)
        organs.append(_Ellipse(*at, wide, wide * rng.uniform(0.8, 1.4), 0.5, 45 + contrast, 8.0, 0.002))
    return organs


def _abdomen(rng: np.random.Generator) -> list[_Ellipse]:
    """Return liver, spleen, kidneys, vessels, bowels with gas, and strands in the fat."""
    contrast = rng.choice([0.0, rng.uniform(40.0, 180.0)])
    organs = []
    for _ in range(int(rng.integers(20, 60))):
        at = (rng.uniform(-0.4, 0.4), rng.uniform(-0.6, 0.6))
        value, thick = rng.uniform(-60, 40), rng.uniform(0.003, 0.012)
        organs.append(_Ellipse(*at, thick, thick * rng.uniform(1, 12), rng.uniform(0, np.pi), value, 5.0, 0.002))
    organs.append(_Ellipse(-0.05, -0.36, rng.uniform(0.25, 0.36), rng.uniform(0.2, 0.36), 0.4, 55 + contrast / 2, 12.0))
    organs.append(_Ellipse(0.05, 0.5, rng.uniform(0.1, 0.2), rng.uniform(0.06, 0.12), 0.3, 50 + contrast / 2, 10.0))
    for side in (-1, 1):
        at, high = (rng.uniform(0.1, 0.22), side * rng.uniform(0.26, 0.36)), rng.uniform(0.08, 0.14)
        organs.append(_Ellipse(*at, high, high * 0.7, side * 0.5, 35 + contrast, 12.0, 0.002))
        organs.append(
            _Ellipse(*at, high * 0.5, high * 0.3, side * 0.5, 20 + contrast * rng.uniform(0, 1.5), 8.0, 0.002)
        )
    for _ in range(int(rng.integers(8, 22))):
        at = (rng.uniform(-0.35, 0.25), rng.uniform(-0.45, 0.55))
        high, wide, angle = rng.uniform(0.025, 0.09), rng.uniform(0.025, 0.09), rng.uniform(0, np.pi)
        organs.append(_Ellipse(*at, high, wide, angle, 40 + contrast / 3, 10.0, rng.normal(0, 0.003)))
        inside = rng.choice([-950.0, 10.0, 30.0, rng.uniform(-600, 350)])
        organs.append(_Ellipse(*at, high * 0.75, wide * 0.75, angle, inside, 12.0, rng.normal(0, 0.003)))
    for at in ((0.18, 0.04), (0.16, -0.06)):
        wide = rng.uniform(0.025, 0.045)
        organs.append(_Ellipse(*at, wide, wide, 0.0, 45 + contrast * rng.uniform(0.8, 1.8), 6.0))
    return organs


def _bones(rng: np.random.Generator, region: Region) -> list[_Ellipse]:
    """Return a vertebra with its canal and processes, and ribs or iliac wings: hard shells over marrow."""
    places = [(0.36, 0.0, 0.1, 0.12, 0.0)]
    if region == "chest":
        for turn in np.linspace(0.25, 2 * np.pi - 0.25, int(rng.integers(8, 15))):
            places.append((0.45 * np.cos(turn), 0.66 * np.sin(turn), 0.018, rng.uniform(0.04, 0.12), turn + 0.3))
    elif rng.uniform() < 0.6:
        places += [(0.25, side * 0.5, 0.04, rng.uniform(0.12, 0.2), side * 0.8) for side in (-1, 1)]
    organs = []
    for row, column, high, wide, angle in places:
        hard, shell = rng.uniform(400, 1100), rng.uniform(0.005, 0.012)
        organs.append(_Ellipse(row, column, high, wide, angle, hard, 60.0, 0.001))
        marrow = rng.uniform(80, 300)
        organs.append(_Ellipse(row, column, high - shell, wide - shell, angle, marrow, 70.0, 0.001))
    organs.append(_Ellipse(0.5, 0.0, 0.05, 0.055, 0.0, 600.0, 50.0))
    organs.append(_Ellipse(0.49, 0.0, 0.04, 0.045, 0.0, 30.0, 5.0))
    for side in (-1, 0, 1):
        organs.append(_Ellipse(0.55, side * 0.1, 0.02, 0.06, side * 0.6 + np.pi / 2 * (side == 0), 500.0, 90.0))
    return organs


def _tissue(rng: np.random.Generator, side: int) -> NDArray[np.float64]:
    """Return a texture of mean 0 and spread 1 with details of every size, the coarse ones strongest."""
    return _filtered(
        rng, side, lambda frequency: 1 / np.maximum(frequency, 2 / side) ** 1.2 * np.exp(-((frequency / 0.35) ** 2))
    )


def _kernel_noise(rng: np.random.Generator, side: int) -> NDArray[np.float64]:
    """Return noise of spread 1 as filtered back-projection leaves it: little that is coarse, little that is fine."""
    return _filtered(rng, side, lambda frequency: np.sqrt(frequency) * np.exp(-((frequency / 0.2) ** 2)))


def _smooth_field(rng: np.random.Generator, side: int, pixels: float) -> NDArray[np.float64]:
    return _filtered(rng, side, lambda frequency: np.exp(-((frequency * pixels) ** 2)))


def _filtered(
    rng: np.random.Generator, side: int, response: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    white = np.fft.rfft2(rng.standard_normal((side, side)))
    field: NDArray[np.float64] = np.fft.irfft2(white * response(_frequency(side)), s=(side, side))
    field /= max(float(field.std()), 1e-12)
    return field


def _blurred(plane: NDArray[np.float64], pixels: float) -> NDArray[np.float64]:
    """Return a plane blurred by a Gaussian of that standard deviation."""
    response = np.exp(-2 * (np.pi * pixels * _frequency(len(plane))) ** 2)
    blurred: NDArray[np.float64] = np.fft.irfft2(np.fft.rfft2(plane) * response, s=plane.shape)
    return blurred


def _frequency(side: int) -> NDArray[np.float64]:
    """Return the frequency, in cycles per pixel, of each term of a real transform, ``[side, side // 2 + 1]``."""
    frequency: NDArray[np.float64] = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    return frequency
