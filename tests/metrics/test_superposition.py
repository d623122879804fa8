"""Superpositions and what is measured after them: properties that hold for any points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.errors import UnsupportedError
from biomatrix.metrics.superposition import kabsch, rmsd, superimpose, tm_score

Rotations = Callable[..., NDArray[np.float64]]


@pytest.mark.parametrize("seed", range(5))
def test_relocated_points_are_restored(seed: int, random_rotations: Rotations) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(4, 30, 3)) * 10
    rotation, shift = random_rotations(rng, 4), rng.normal(size=(4, 1, 3)) * 50
    moved = points @ np.swapaxes(rotation, -1, -2) + shift
    assert np.allclose(superimpose(moved, points), points, atol=1e-9)
    assert np.allclose(rmsd(moved, points), 0.0, atol=1e-7)
    found, _ = kabsch(points, moved)
    assert np.allclose(found, rotation, atol=1e-9)


def test_a_mirror_image_is_not_superimposed() -> None:
    points = np.random.default_rng(0).normal(size=(20, 3)) * 5
    rotation, _ = kabsch(points * [-1, 1, 1], points)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    assert rmsd(points * [-1, 1, 1], points) > 1.0


def test_missing_and_masked_points_are_left_out(random_rotations: Rotations) -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(12, 3))
    moved = points @ random_rotations(rng).T + 3.0
    spoiled = moved.copy()
    spoiled[3], spoiled[7] = np.nan, 100.0
    keep = np.arange(12) != 7
    assert rmsd(spoiled, points, keep) == pytest.approx(0.0, abs=1e-7)
    with pytest.raises(UnsupportedError, match="no point"):
        kabsch(np.full((3, 3), np.nan), np.zeros((3, 3)))


def test_tm_score_of_known_cases(random_rotations: Rotations) -> None:
    rng = np.random.default_rng(3)
    trace = np.cumsum(rng.normal(size=(120, 3)) * 2.2, axis=0)
    moved = trace @ random_rotations(rng).T + 7.0
    assert tm_score(moved, trace) == pytest.approx(1.0, abs=1e-9)
    # A hinge in the middle: one half fits perfectly, so the score is at least the half.
    bent = trace.copy()
    bent[60:] = bent[60:] @ random_rotations(rng).T + 40.0
    assert 0.5 <= tm_score(bent, trace) < 0.75
    assert tm_score(rng.normal(size=(120, 3)) * 20, trace) < 0.3
    partly = moved.copy()
    partly[30:] = np.nan
    assert tm_score(partly, trace) == pytest.approx(0.25, abs=1e-6)


def test_tm_score_agrees_with_biotite() -> None:
    from biotite.structure import AtomArray
    from biotite.structure import tm_score as biotite_tm_score

    rng = np.random.default_rng(4)
    trace = np.cumsum(rng.normal(size=(90, 3)) * 2.2, axis=0)
    noisy = trace + rng.normal(size=trace.shape) * 1.5
    placed = superimpose(noisy, trace)
    models = []
    for points in (trace, placed):
        model = AtomArray(90)
        model.coord, model.atom_name, model.res_name = points.astype(np.float32), np.full(90, "CA"), np.full(90, "GLY")
        model.res_id = np.arange(90)
        models.append(model)
    reference = float(biotite_tm_score(*models, np.arange(90), np.arange(90)))
    # The same formula; the search may only find a better superposition.
    assert reference - 1e-6 <= tm_score(noisy, trace) < reference + 0.05
