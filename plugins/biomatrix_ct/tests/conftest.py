"""Made-up bodies, noisy copies of them, and the kind registered as a program would do it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from biomatrix.entities import Kind, register_kind, unregister_kind
from biomatrix_ct import CT, Image
from biomatrix_ct.noise import add_photon_noise
from biomatrix_ct.phantoms import phantom

WINDOW = (-1000.0, 800.0)
UNSEEN = 4242
"""A seed far from those that the shipped weights were trained on."""


def noisy(image: Image, photons: float, seed: int = 0) -> Image:
    lowest, highest = WINDOW
    unit = (image.values - lowest) / (highest - lowest)
    copy = add_photon_noise(unit, photons, np.random.default_rng(seed))
    return image.with_values(copy * (highest - lowest) + lowest)


def in_window(image: Image) -> Image:
    return image.with_values(np.clip(image.values, *WINDOW))


@pytest.fixture(scope="session")
def chest() -> Image:
    return in_window(phantom(UNSEEN, "chest", 256))


@pytest.fixture
def ct() -> Iterator[Kind]:
    yield register_kind(CT)
    unregister_kind("ct")
