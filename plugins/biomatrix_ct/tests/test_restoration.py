"""Restoration takes noise away, keeps Hounsfield units and what it does not understand, and tells what it took."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.errors import ConfigurationError
from biomatrix_ct import NOTICE, Image, restore
from biomatrix_ct.metrics import peak_signal_to_noise
from biomatrix_ct.noise import estimate_noise, photon_noise_level
from biomatrix_ct.phantoms import phantom
from biomatrix_ct.residual_checks import check_residual
from biomatrix_ct.restoration import KEPT_BELOW, strength_at

from .conftest import UNSEEN, WINDOW, in_window, noisy


def quality(reference: Image, image: Image) -> float:
    return peak_signal_to_noise(reference.values, image.values, WINDOW[1] - WINDOW[0])


@pytest.mark.parametrize(("photons", "gain"), [(1e3, 4.5), (3e3, 3.5), (1e4, 2.5), (1e5, 0.0)])
@pytest.mark.parametrize("region", ["chest", "abdomen"])
def test_an_unseen_body_gains_at_every_dose(region: str, photons: float, gain: float) -> None:
    clean = in_window(phantom(UNSEEN + 1, region, 256))  # type: ignore[arg-type]
    given = noisy(clean, photons)
    restored = restore(given)
    assert quality(clean, restored.image) > quality(clean, given) + gain
    assert [one.passed for one in restored.checks] == [True, True, True], restored.checks


def test_nothing_changes_by_more_than_four_deviations_and_the_residual_is_the_difference(chest: Image) -> None:
    given = noisy(chest, 1e3)
    restored = restore(given)
    np.testing.assert_array_equal(given.values - restored.image.values, restored.residual)
    assert np.abs(restored.residual).max() <= 4.01 * restored.level.at(np.array(1500.0))
    assert (restored.image.spacing, restored.image.name) == (given.spacing, given.name)
    assert NOTICE in restored.image.notes[-1]
    np.testing.assert_array_equal(restore(given).image.values, restored.image.values)


def test_an_image_with_next_to_no_noise_is_kept_bit_by_bit() -> None:
    smooth = np.rint(300 * np.sin(np.add.outer(np.arange(64.0), np.arange(64.0)) / 40))
    faint = smooth + np.random.default_rng(0).normal(0, KEPT_BELOW / 2, smooth.shape)
    for values in (smooth, faint):
        image = Image(values, (1.0, 1.0))
        restored = restore(image)
        np.testing.assert_array_equal(restored.image.values, image.values)
        assert (restored.strength, [one.passed for one in restored.checks]) == (0.0, [None, None, None])


def test_the_strength_rises_with_the_noise_and_never_jumps() -> None:
    levels = [photon_noise_level(photons, *WINDOW) for photons in np.geomspace(1e3, 1e8, 200)]
    strengths = np.array([strength_at(level) for level in levels])
    assert (strengths[0], strengths[-1]) == (1, 0)
    assert (np.diff(strengths) <= 0).all()
    assert np.abs(np.diff(strengths)).max() < 0.1


def test_padding_and_metal_are_kept(chest: Image) -> None:
    values = noisy(chest, 1e3).values.copy()
    values[:20] = -2000
    values[100:104, 100:104] = 12000
    restored = restore(Image(values, chest.spacing)).image.values
    strange = (values < -1024) | (values > 3071)
    assert strange.sum() > 5000
    np.testing.assert_array_equal(restored[strange], values[strange])


@pytest.mark.parametrize("shape", [(61, 75), (16, 17), (1100, 40)])
def test_any_size_is_restored_and_bands_leave_no_seam(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    image = Image(rng.normal(40, 30, shape), (1.0, 1.0))
    level = photon_noise_level(3e3, *WINDOW)
    whole = restore(image, level=level).image.values
    assert whole.shape == shape
    assert whole.std() < 0.6 * image.values.std()
    monkeypatch.setattr("biomatrix_ct.restoration._BAND", 64)
    np.testing.assert_allclose(restore(image, level=level).image.values, whole, atol=1e-2)


def test_slices_of_a_scan_are_restored_one_by_one(chest: Image) -> None:
    planes = [noisy(chest, 3e3, seed).values for seed in range(2)]
    level = estimate_noise(np.stack(planes))
    scan = restore(Image(np.stack(planes), (3.0, *chest.spacing)), level=level)
    for plane, restored in zip(planes, scan.image.values, strict=True):
        np.testing.assert_allclose(restore(Image(plane, chest.spacing), level=level).image.values, restored, atol=1e-3)


def test_too_small_an_image_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="too small"):
        restore(Image(np.zeros((15, 40)), (1.0, 1.0)))


def test_checks_tell_lost_anatomy_from_noise(chest: Image) -> None:
    given = noisy(chest, 3e3)
    level = estimate_noise(given.values)
    noise = given.values - chest.values
    assert all(one.passed for one in check_residual(chest.values, noise, level))
    padded = np.pad(given.values, 2, mode="edge")
    blurred = np.lib.stride_tricks.sliding_window_view(padded, (5, 5)).mean(axis=(-2, -1)).astype(np.float32)
    like, edges, _ = check_residual(blurred, given.values - blurred, level)
    assert not edges.passed
    assert like.threshold is not None
    moved = check_residual(chest.values - 20, noise + 20, level)
    assert not moved[2].passed
    lost = (chest.values - blurred) * 0.5 + noise
    assert not check_residual(chest.values, lost, level)[0].passed
