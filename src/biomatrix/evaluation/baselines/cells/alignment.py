"""Cells and the texts of their types, joined by a linear map: what any projector has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def text_vectors(texts: Sequence[str], count: int = 256, seed: int = 0) -> Floats:
    """Return TF-IDF of words and pairs of words on its first singular vectors, unit length, ``float64 [n, count]``.

    Raises
    ------
    ConfigurationError
        The scikit-learn package is not installed.
    """
    try:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError:
        raise ConfigurationError("vectors of texts need scikit-learn: pip install 'biomatrix[eval]'") from None
    weighted = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2).fit_transform(texts)
    return _unit(TruncatedSVD(count, random_state=seed).fit_transform(weighted))


def ridge_map(features: Floats, targets: Floats, asked: Floats, penalty: float = 1.0) -> Floats:
    """Return where ridge regression, fitted to pairs of cell and text, puts the asked cells, ``float64 [m, d]``."""
    mean, target_mean = features.mean(axis=0), targets.mean(axis=0)
    centred = features - mean
    weights = np.linalg.solve(
        centred.T @ centred + penalty * np.eye(features.shape[1]), centred.T @ (targets - target_mean)
    )
    return np.asarray((asked - mean) @ weights + target_mean)


def random_map(asked: Floats, width: int, seed: int = 0) -> Floats:
    """Return cells on random directions: what no training reaches, ``float64 [m, width]``."""
    return np.asarray(asked @ np.random.default_rng(seed).normal(size=(asked.shape[1], width)))


def _unit(values: Floats) -> Floats:
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12))
