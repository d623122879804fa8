"""Secondary structure from the distances between five successive CA, as TM-align assigns it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biomatrix.metrics.tm_align.fits import Array

COIL, HELIX, STRAND, TURN = range(4)
_OFFSETS = ((0, 2), (1, 3), (2, 4), (0, 3), (1, 4), (0, 4))
"""The pairs among five residues that are measured."""
_HELIX = np.array([5.45, 5.45, 5.45, 5.18, 5.18, 6.37])
_STRAND = np.array([6.1, 6.1, 6.1, 10.4, 10.4, 13.0])
_HELIX_TOLERANCE, _STRAND_TOLERANCE = 2.1, 1.42
_TURN = 8.0
"""Angstrom from the first to the last of five residues, below which they turn."""


def secondary_structure(points: Array) -> NDArray[np.int64]:
    """Return the class of each residue; the two at each end are coil.

    Parameters
    ----------
    points : ndarray, shape=(n, 3), dtype=float64
        CA in Angstrom.
    """
    classes = np.full(len(points), COIL, dtype=np.int64)
    windows = len(points) - 4
    if windows <= 0:
        return classes
    measured = np.stack(
        [np.linalg.norm(points[a : a + windows] - points[b : b + windows], axis=1) for a, b in _OFFSETS], axis=1
    )
    inner = np.where(measured[:, -1] < _TURN, TURN, COIL)
    inner[(np.abs(measured - _STRAND) < _STRAND_TOLERANCE).all(axis=1)] = STRAND
    inner[(np.abs(measured - _HELIX) < _HELIX_TOLERANCE).all(axis=1)] = HELIX
    classes[2:-2] = inner
    return classes
