"""Frames, placed probes and their distances: small products give what the definitions say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.protein.structure.geometric.residue_frames import fitted_frames
from biomatrix.entities.rigid_steps.probe import (
    distance_rows,
    frame_matrices,
    inverse_matrices,
    packed_places,
    probe_features,
    steps_between,
)
from biomatrix.metrics.geometry import RESIDUE_TEMPLATE
from biomatrix.metrics.superposition import kabsch

Build = Callable[..., NDArray[np.float64]]


def rotation(seed: int) -> NDArray[np.float64]:
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return q * np.linalg.det(q)


def test_fitted_frames_are_the_best_superposition() -> None:
    rng = np.random.default_rng(0)
    atoms = RESIDUE_TEMPLATE + rng.normal(size=(50, 3, 3)) * 0.2
    rotations, origins = fitted_frames(atoms)
    expected = kabsch(np.broadcast_to(RESIDUE_TEMPLATE, atoms.shape), atoms)
    assert np.allclose(rotations, expected[0], atol=1e-6)
    assert np.allclose(origins, expected[1], atol=1e-6)


def test_frame_matrices_lead_from_residue_to_residue(built_chain: Build) -> None:
    probe = np.random.default_rng(0).normal(size=(3, 4))
    rotations, origins = fitted_frames(built_chain(0, 30))
    steps = steps_between(rotations, origins, probe)
    for index in range(1, 30):
        local = rotations[index - 1].T
        step = frame_matrices(local @ rotations[index], local @ (origins[index] - origins[index - 1]), probe)
        assert np.allclose(steps[index], step, atol=1e-5)
        assert np.allclose(step @ inverse_matrices(step), np.eye(4), atol=1e-12)


def test_distance_rows_give_the_distance_of_placed_probes() -> None:
    probe = np.random.default_rng(1).normal(size=(3, 4))
    frames_of = zip(*[(rotation(i), np.ones(3) * i) for i in range(6)], strict=True)
    rotations, origins = (np.stack(part) for part in frames_of)
    placed = probe_features(rotations, origins, probe).reshape(6, 12)
    frames = frame_matrices(rotations, origins, probe).reshape(6, 16)
    frames[:, 1] = (frames[:, 4::4] ** 2).sum(axis=1)
    expected = ((placed[:, None] - placed) ** 2).sum(axis=2)
    assert np.allclose(frames @ distance_rows(placed, probe).T, expected, atol=1e-3)


def test_packed_numbers_sort_as_the_values() -> None:
    values = np.random.default_rng(2).exponential(size=(5, 100)).astype(np.float32)
    packed, mask = packed_places(values.copy())
    order = np.sort(packed, axis=1) & mask
    assert np.array_equal(np.sort(order, axis=1), np.tile(np.arange(100), (5, 1)))
    sorted_values = np.take_along_axis(values, order, axis=1)
    assert (np.diff(sorted_values, axis=1) > -1e-4 * sorted_values[:, 1:]).all()
