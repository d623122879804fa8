"""lDDT: 1 for the same distances, no superposition needed, and as Biotite computes it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.metrics.lddt import lddt

Rotations = Callable[..., NDArray[np.float64]]


@pytest.fixture
def trace() -> NDArray[np.float64]:
    return np.cumsum(np.random.default_rng(3).normal(size=(700, 3)) * 2.2, axis=0)


def test_moved_and_mirrored_points_keep_every_distance(trace: NDArray[np.float64], random_rotations: Rotations) -> None:
    assert lddt(trace @ random_rotations(np.random.default_rng(0)).T + 9.0, trace) == 1.0
    assert lddt(trace * [-1, 1, 1], trace) == 1.0


def test_what_is_missing_is_not_kept(trace: NDArray[np.float64]) -> None:
    partly = trace.copy()
    partly[::2] = np.nan
    assert 0.1 < lddt(partly, trace) < 0.4
    assert lddt(trace, partly) == 1.0
    assert np.isnan(lddt(trace[:1], trace[:1]))
    assert np.isnan(lddt(trace, np.full_like(trace, np.nan)))


@pytest.mark.parametrize("noise", [0.3, 1.5])
def test_it_agrees_with_biotite(trace: NDArray[np.float64], noise: float) -> None:
    import biotite.structure as structure

    atoms = structure.AtomArray(len(trace))
    atoms.coord, atoms.res_id = trace.astype(np.float32), np.arange(len(trace))
    moved = (trace + np.random.default_rng(4).normal(size=trace.shape) * noise).astype(np.float32)
    assert lddt(moved, atoms.coord) == pytest.approx(float(structure.lddt(atoms, moved)), abs=1e-4)
