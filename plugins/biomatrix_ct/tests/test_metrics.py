"""Metrics are those of scikit-image, and what their formulas say."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.errors import ConfigurationError
from biomatrix_ct.metrics import normalised_squared_error, peak_signal_to_noise, structural_similarity


@pytest.mark.parametrize("seed", range(3))
def test_they_equal_those_of_scikit_image(seed: int) -> None:
    metrics = pytest.importorskip("skimage.metrics", reason="scikit-image is not installed")
    rng = np.random.default_rng(seed)
    a = rng.random((40, 57))
    b = np.clip(a + 0.1 * rng.standard_normal(a.shape), 0, 1)
    assert peak_signal_to_noise(a, b) == pytest.approx(metrics.peak_signal_noise_ratio(a, b, data_range=1), rel=1e-12)
    assert structural_similarity(a, b) == pytest.approx(metrics.structural_similarity(a, b, data_range=1), rel=1e-10)
    assert normalised_squared_error(a, b) == pytest.approx(metrics.normalized_root_mse(a, b) ** 2, rel=1e-12)


def test_known_values() -> None:
    reference = np.full((8, 8), 0.5)
    assert peak_signal_to_noise(reference, reference + 0.1) == pytest.approx(20.0)
    assert peak_signal_to_noise(reference, reference) == float("inf")
    assert structural_similarity(reference, reference) == pytest.approx(1.0)
    assert normalised_squared_error(reference, reference + 0.1) == pytest.approx(0.04)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="cannot be compared"):
        peak_signal_to_noise(np.zeros((8, 8)), np.zeros((8, 9)))
    with pytest.raises(ConfigurationError, match="at least 7"):
        structural_similarity(np.zeros((6, 8)), np.zeros((6, 8)))
    with pytest.raises(ConfigurationError, match="0 everywhere"):
        normalised_squared_error(np.zeros((8, 8)), np.ones((8, 8)))
