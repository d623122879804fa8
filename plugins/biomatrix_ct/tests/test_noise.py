"""The noise that is added is the noise that is found."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix_ct import Image, estimate_noise
from biomatrix_ct.noise import add_photon_noise, photon_noise_level

from .conftest import WINDOW, noisy


@pytest.mark.parametrize(("photons", "within"), [(1e3, 0.25), (3e3, 0.25), (1e4, 0.25), (1e5, 0.6)])
def test_the_level_is_found_in_an_image_with_anatomy(chest: Image, photons: float, within: float) -> None:
    # At the last dose the noise of routine that the body has already is as large as what is added.
    true = photon_noise_level(photons, *WINDOW)
    found = estimate_noise(noisy(chest, photons).values)
    assert found.in_water == pytest.approx(true.in_water, rel=within)
    for hu in (-800.0, 50.0, 500.0):
        assert found.at(np.array(hu)) == pytest.approx(true.at(np.array(hu)), rel=within + 0.1)


def test_the_model_gives_the_spread_it_states() -> None:
    rng = np.random.default_rng(0)
    for unit in (0.1, 0.5, 0.8):
        copies = add_photon_noise(np.full((300, 300), unit), 1e4, rng)
        expected = np.exp(2.5 * unit) / (5 * np.sqrt(1e4))
        assert copies.std() == pytest.approx(expected, rel=0.03)
        assert copies.mean() == pytest.approx(unit, abs=expected / 10)


def test_no_noise_is_found_where_there_is_none() -> None:
    ramp = np.add.outer(np.arange(64.0), np.arange(64.0))
    assert estimate_noise(ramp).in_water == 0
    assert estimate_noise(np.full((64, 64), -1000.0)).in_water == 0
    assert estimate_noise(np.zeros((4, 4))).in_water == 0


def test_padding_does_not_hide_noise() -> None:
    rng = np.random.default_rng(1)
    plane = rng.normal(40, 20, (128, 128))
    padded = np.pad(plane, 100, constant_values=-2000)
    assert estimate_noise(padded).at(np.array(40.0)) == pytest.approx(20, rel=0.1)
