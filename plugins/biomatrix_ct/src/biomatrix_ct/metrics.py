"""How close a restored image is to its reference: PSNR, SSIM and NMSE, defined as scikit-image defines them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError

_WINDOW: Final = 7
_K1, _K2 = 0.01, 0.03


def peak_signal_to_noise(
    reference: NDArray[np.floating], image: NDArray[np.floating], data_range: float = 1.0
) -> float:
    """Return ``10 log10(data_range^2 / mean squared error)`` in dB; infinite where both are the same.

    Parameters
    ----------
    reference, image : ndarray, same shape
    data_range : float
        The difference between the largest and the least value that an image may have.
    """
    _check_shapes(reference, image)
    error = float(np.mean((_exact(reference) - _exact(image)) ** 2))
    return float("inf") if error == 0 else float(10 * np.log10(data_range**2 / error))


def structural_similarity(
    reference: NDArray[np.floating], image: NDArray[np.floating], data_range: float = 1.0
) -> float:
    """Return the mean structural similarity over windows of 7 x 7 that lie whole in the image, from -1 to 1.

    Windows are uniform and covariances those of samples, the defaults of ``skimage.metrics.structural_similarity``.

    Parameters
    ----------
    reference, image : ndarray, [h, w]
        Both sides at least 7.
    data_range : float
    """
    _check_shapes(reference, image)
    if reference.ndim != 2 or min(reference.shape) < _WINDOW:
        raise ConfigurationError(f"structural similarity is of planes of at least 7 x 7, not {reference.shape}")
    x, y = _exact(reference), _exact(image)
    mean_x, mean_y = _window_means(x), _window_means(y)
    of_samples = _WINDOW**2 / (_WINDOW**2 - 1)
    spread_x = of_samples * (_window_means(x * x) - mean_x**2)
    spread_y = of_samples * (_window_means(y * y) - mean_y**2)
    together = of_samples * (_window_means(x * y) - mean_x * mean_y)
    c1, c2 = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    likeness = (2 * mean_x * mean_y + c1) * (2 * together + c2)
    return float(np.mean(likeness / ((mean_x**2 + mean_y**2 + c1) * (spread_x + spread_y + c2))))


def normalised_squared_error(reference: NDArray[np.floating], image: NDArray[np.floating]) -> float:
    """Return the squared error over the squared reference: the square of scikit-image's ``normalized_root_mse``."""
    _check_shapes(reference, image)
    power = float(np.sum(_exact(reference) ** 2))
    if power == 0:
        raise ConfigurationError("the reference is 0 everywhere; an error relative to it says nothing")
    return float(np.sum((_exact(reference) - _exact(image)) ** 2)) / power


def _window_means(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of every window that lies whole in a plane, ``[h - 6, w - 6]``."""
    rows = np.lib.stride_tricks.sliding_window_view(plane, _WINDOW, axis=0).mean(axis=-1)
    means: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(rows, _WINDOW, axis=1).mean(axis=-1)
    return means


def _exact(values: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def _check_shapes(reference: NDArray[np.floating], image: NDArray[np.floating]) -> None:
    if reference.shape != image.shape:
        raise ConfigurationError(f"shapes {reference.shape} and {image.shape} cannot be compared")
