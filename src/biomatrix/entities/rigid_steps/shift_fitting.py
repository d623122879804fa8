"""Fit jumps over breaks, and the shifts that make them finer.

Shapes: n jumps.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.rigid_steps.clusters import clusters, means_of, nearest_means
from biomatrix.entities.rigid_steps.probe import probe_features
from biomatrix.entities.rigid_steps.shifts import JumpShifts, seen_from, stored_shifts
from biomatrix.metrics.superposition import kabsch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.rigid_steps.shifts import Frame

logger = logging.getLogger(__name__)


def fit_shifts(
    jumps: Frame,
    probe: NDArray[np.float64],
    template: NDArray[np.float64],
    counts: tuple[int, int, int],
    rounds: int,
    rng: np.random.Generator,
) -> tuple[Frame, JumpShifts]:
    """Return jump codes, and stage by stage the shifts that bring what is left closest to nothing.

    Parameters
    ----------
    jumps : (rotations, translations), shapes=(n, 3, 3) and (n, 3)
        Frames after a break, each seen from the one before it.
    probe : ndarray, shape=(3, 4), dtype=float64
        The measure of how close two frames are; see `probe_features`.
    template : ndarray, shape=(points, 3), dtype=float64
        Points fixed to a frame, by which frames are averaged.
    counts : (int, int, int)
        Jump codes, shifts of a stage, and stages.
    rounds : int
        Of k-means.
    rng : numpy.random.Generator
    """
    num_break, base, num_stages = counts
    left, stages = jumps, []
    for count in [num_break] + [base] * num_stages:
        features = probe_features(*left, probe).reshape(-1, 12).astype(np.float32)
        codes = _mean_frames(left, clusters(features, count, rounds, rng), count, template)
        means = probe_features(*codes, probe).reshape(-1, 12).astype(np.float32)
        nearest = nearest_means(features, means)
        logger.info("%d shifts, what is left %.3f A", count, np.sqrt(((features - means[nearest]) ** 2).sum(1).mean()))
        left = seen_from(codes[0][nearest], codes[1][nearest], left)
        stages.append(codes)
    rotations, translations = (np.stack([stage[i] for stage in stages[1:]]) for i in (0, 1))
    return stages[0], stored_shifts(rotations, translations)


def _mean_frames(frames: Frame, cluster: NDArray[np.int64], count: int, template: NDArray[np.float64]) -> Frame:
    """Frames that bring the template closest to the mean of the placed templates of each cluster."""
    points = template @ frames[0].swapaxes(-1, -2) + frames[1][:, None]
    means = means_of(points.reshape(len(points), -1), cluster, count).reshape(-1, *template.shape)
    return kabsch(np.broadcast_to(template, means.shape), means)


def jumps_over_gaps(
    frames: Frame, counts: NDArray[np.int64], num_jumps: int, mean_gap: float, rng: np.random.Generator
) -> Frame:
    """Return jumps over left-out stretches of chains.

    Parameters
    ----------
    frames : (rotations, origins), shapes=(n, 3, 3) and (n, 3)
        Of all chains, one after the other.
    counts : ndarray, shape=(number of chains,), dtype=int64
        Frames of each chain.
    num_jumps : int
        How many are drawn; those that would leave their chain are dropped.
    mean_gap : float
        Mean length of the stretches.
    rng : numpy.random.Generator
    """
    rotations, origins = frames
    step = 1 + rng.geometric(1.0 / mean_gap, size=num_jumps)
    start = rng.integers(len(rotations), size=num_jumps)
    chain = np.repeat(np.arange(len(counts)), counts)
    end = np.minimum(start + step, len(rotations) - 1)
    start, end = start[inside := (chain[start] == chain[end]) & (start < end)], end[inside]
    return seen_from(rotations[start], origins[start], (rotations[end], origins[end]))
