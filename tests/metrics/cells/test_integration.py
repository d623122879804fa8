"""scIB's parts against scikit-learn, and that noise wins the batch scores alone."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.metrics.cells.clustering import ari, nmi
from biomatrix.metrics.cells.integration import (
    batch_silhouette,
    graph_connectivity,
    ilisi,
    kbet,
    pc_regression,
    pcr_comparison,
    silhouettes,
)


def cells(count: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return vectors of three types in two batches, the batches shifted."""
    rng = np.random.default_rng(0)
    types, batches = rng.integers(0, 3, count), rng.integers(0, 2, count)
    vectors = rng.normal(size=(count, 8)) + 6 * np.eye(8)[types] + 4 * batches[:, None] * np.eye(8)[7]
    return vectors, types, batches


def test_partitions_and_silhouettes_are_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    vectors, types, batches = cells()
    assert nmi(types, batches) == pytest.approx(metrics.normalized_mutual_info_score(types, batches))
    assert ari(types, batches) == pytest.approx(metrics.adjusted_rand_score(types, batches))
    np.testing.assert_allclose(silhouettes(vectors, types), metrics.silhouette_samples(vectors, types), atol=1e-6)


def test_removing_batches_helps_every_batch_score_and_noise_wins_them() -> None:
    vectors, types, batches = cells()
    clean = vectors.copy()
    clean[:, 7] -= 4 * batches
    noise = np.random.default_rng(1).normal(size=vectors.shape)
    for better in (clean, noise):
        assert batch_silhouette(better, types, batches) > batch_silhouette(vectors, types, batches)
        assert ilisi(better, batches, 30) > ilisi(vectors, batches, 30)
        assert kbet(better, batches, 20) > kbet(vectors, batches, 20)
    assert pcr_comparison(vectors, clean, batches) > 0.8
    assert silhouettes(noise, types).mean() < 0.05 < silhouettes(clean, types).mean()


def test_a_type_in_two_pieces_is_half_connected() -> None:
    rng = np.random.default_rng(0)
    far = np.concatenate([rng.normal(size=(20, 2)), rng.normal(size=(20, 2)) + 100])
    assert graph_connectivity(far, np.zeros(40), 6) == 0.5


def test_explained_variance_is_all_where_batches_are_points() -> None:
    batches = np.repeat([0, 1], 5)
    assert pc_regression(np.stack([batches, 1.0 - batches], axis=1), batches) == pytest.approx(1.0)
