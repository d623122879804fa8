"""Turning molecules so that their first three atoms lie where decoding puts them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.frames import Array, cross, dot, perpendicular

Ints = NDArray[np.int64]

_OFF_LINE = 0.1
_IN_LINE = 1e-7


def turned(positions: Array, sizes: Ints) -> Array:
    """Turn every molecule so that atom 0 is at the origin, atom 1 on the x axis and atom 2 in the upper xy plane.

    Where the first three atoms are in line, the first later atom off their line takes the place of atom 2, so that the
    result does not depend on the orientation of the input.

    Parameters
    ----------
    positions : ndarray, shape=(N, 3), dtype=float64
        All molecules one after another, in Angstrom.
    sizes : ndarray, shape=(M,), dtype=int64
        Atoms of each molecule.

    Returns
    -------
    positions : ndarray, shape=(N, 3), dtype=float64
        In Angstrom.
    """
    starts = np.cumsum(sizes) - sizes
    molecule = np.repeat(np.arange(len(sizes)), sizes)
    moved = positions - positions[starts][molecule]
    second = moved[np.minimum(starts + 1, starts + sizes - 1)]
    length = np.sqrt(dot(second, second))
    x = np.where((length > 0.0)[:, None], second / np.maximum(length, 1e-12)[:, None], (1.0, 0.0, 0.0))
    along = dot(moved, x[molecule])
    rest = moved - along[:, None] * x[molecule]
    off = np.sqrt(dot(rest, rest))
    chosen = _first_off_line(off, starts, sizes)
    distance = off[chosen]
    y = np.where((distance > _IN_LINE)[:, None], rest[chosen] / np.maximum(distance, 1e-12)[:, None], perpendicular(x))
    axes = (x[molecule], y[molecule], cross(x, y)[molecule])
    return np.column_stack([dot(moved, axis) for axis in axes])


def _first_off_line(off: Array, starts: Ints, sizes: Ints) -> Ints:
    """Return the first atom of each molecule that is clearly off the line, otherwise the one furthest off."""
    clear = np.flatnonzero(off > _OFF_LINE)
    at = np.minimum(np.searchsorted(clear, starts), max(len(clear) - 1, 0))
    first = clear[at] if len(clear) else np.full(len(starts), -1, dtype=np.int64)
    has = (first >= starts) & (first < starts + sizes)
    furthest = np.array([start + off[start : start + size].argmax() for start, size in zip(starts, sizes, strict=True)])
    return np.where(has, first, furthest)
