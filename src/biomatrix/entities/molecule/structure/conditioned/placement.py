"""Placing atoms level after level, many molecules at a time, from what their codes mean.

A code means four numbers (x, y, z, e): a unit vector and a length in units of what the graph leaves open. With r and s
the length and the spread that the graph predicts for the bond to the parent:

- most atoms stand at distance r + s e from their parent, in direction (x, y, z) of the frame on it;
- the second atom of a molecule stands at that distance along x, the third at that distance and at the angle between
  (x, y, z) and the axis;
- an atom that closes a ring stands at that distance from its parent, and at c + SPREADS t x from the atom the ring is
  closed to, c and t the length and spread of that bond; (y, z) turns it about the line between the two.

Legend: A atoms placed at once, C candidates for each.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.conditioned.references import (
    CLOSING,
    HANDED,
    SECOND_ATOM,
    THIRD_ATOM,
    References,
)
from biomatrix.entities.molecule.structure.frames import Array, cross, dot, perpendicular

Ints = NDArray[np.int64]

SPREADS = 3.0
"""The most spreads by which a ring-closing bond may differ from its predicted length."""
LINEAR_SINE = 0.1
"""A side candidate whose direction has a smaller sine to the axis (six degrees) counts as in line with it."""
_MIRROR_LIMIT = -0.3
"""The third axis is turned unless the second placed neighbour lies at least this far below the plane (Angstrom). Not 0:
neighbours at planar and octahedral centres lie at 0, and rounding should not decide."""


@dataclass(frozen=True, eq=False)
class Frames:
    """The frames that atoms are placed in.

    Parameters
    ----------
    origin, u, v, w : ndarray, shape=(A, 3), dtype=float64
        The parent's position and three orthonormal axes; w is turned for HANDED atoms.
    span : ndarray, shape=(A,), dtype=float64
        Distance from the parent to the atom the first axis points to.
    kinds : ndarray, shape=(A,), dtype=int64
    bond, closing : ndarray, shape=(A, 2), dtype=float64
        Predicted length and spread, in Angstrom, of the bond to the parent and of the one that closes the ring.
    """

    origin: Array
    u: Array
    v: Array
    w: Array
    span: Array
    kinds: Ints
    bond: Array
    closing: Array

    def of(self, rows: Ints) -> Frames:
        """Return some of the frames."""
        return Frames(*(getattr(self, field.name)[rows] for field in fields(self)))


def frames_at(positions: Array, references: References, bond: Array, closing: Array, atoms: Ints) -> Frames:
    """Return the frames of atoms [A] whose reference atoms are placed."""
    kinds = references.kinds[atoms]
    origin = positions[references.parents[atoms]]
    towards = positions[references.axes[atoms]] - origin
    span = np.sqrt(dot(towards, towards))
    u = towards / np.maximum(span, 1e-9)[:, None]
    starting = kinds <= THIRD_ATOM  # in the frame of the molecule itself, whatever rounding did to its axes
    u[starting] = np.column_stack((np.where(u[starting, 0] < 0.0, -1.0, 1.0), np.zeros((int(starting.sum()), 2))))
    u[(span < 1e-9) | (kinds == SECOND_ATOM)] = (1.0, 0.0, 0.0)
    v = _second_axis(positions, references.sides[atoms], origin, u)
    w = cross(u, v)
    handed = np.flatnonzero(kinds == HANDED)
    if len(handed):
        across = positions[references.mirrors[atoms[handed]]] - origin[handed]
        w[handed[dot(across, w[handed]) > _MIRROR_LIMIT]] *= -1.0
    return Frames(origin, u, v, w, span, kinds, bond[atoms], closing[atoms])


def _second_axis(positions: Array, sides: Ints, origin: Array, u: Array) -> Array:
    """Return unit vectors orthogonal to u, towards the first side candidate that is not in line with it."""
    v = np.empty_like(u)
    left = np.arange(len(u))
    for column in range(sides.shape[1]):
        candidate = sides[left, column]
        across = positions[candidate] - origin[left]
        rest = across - dot(across, u[left])[:, None] * u[left]
        norm = np.sqrt(dot(rest, rest))
        good = (candidate >= 0) & (norm > LINEAR_SINE * np.sqrt(dot(across, across)))
        v[left[good]] = rest[good] / norm[good, None]
        left = left[~good]
        if not len(left):
            return v
    # rounded, so that the choice of an axis does not depend on the last bits of a molecule that lies along one
    v[left] = perpendicular(np.round(u[left], 6))
    return v


def placed(frames: Frames, meanings: NDArray[np.floating]) -> Array:
    """Return the positions [A, 3], in Angstrom, that meanings [A, 4] place."""
    x, y, z, _ = local_points(frames, meanings[:, None])
    return np.asarray(frames.origin + x * frames.u + y * frames.v + z * frames.w)


def local_points(
    frames: Frames, meanings: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    """Return x, y, z along the axes of the frames, and the distance to the parent, each [A, C], of meanings [A, C, 4].

    All in Angstrom and in the precision of the meanings.
    """
    kind = meanings.dtype
    bond = frames.bond.astype(kind)
    reach = bond[:, :1] + bond[:, 1:] * meanings[..., 3]
    x, y, z = (meanings[..., axis] * reach for axis in range(3))
    third = np.flatnonzero(frames.kinds <= THIRD_ATOM)
    if len(third):
        second = frames.kinds[third, None] == SECOND_ATOM
        x[third] = np.where(second, reach[third], x[third])
        y[third] = np.where(second, 0.0, np.hypot(y[third], z[third]))
        z[third] = 0.0
    closing = np.flatnonzero(frames.kinds == CLOSING)
    if len(closing):
        x[closing], y[closing], z[closing] = _on_circle(frames, closing, reach[closing], meanings[closing])
    return x, y, z, reach


def _on_circle(
    frames: Frames, closing: Ints, reach: NDArray[np.floating], meanings: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    kind = meanings.dtype
    span = np.maximum(frames.span[closing, None], 1e-6).astype(kind)
    bond = frames.closing[closing].astype(kind)
    c = bond[:, :1] + SPREADS * bond[:, 1:] * meanings[..., 0]
    cosine = np.clip((reach * reach + span * span - c * c) / (2.0 * reach * span), -1.0, 1.0)
    ring = reach * np.sqrt(1.0 - cosine * cosine)
    y, z = meanings[..., 1], meanings[..., 2]
    ring = ring / np.maximum(np.hypot(y, z), 1e-9)
    return reach * cosine, ring * y, ring * z


def in_frames(frames: Frames, points: Array) -> Array:
    """Return points [A, 3] in Angstrom as coordinates along the axes of the frames."""
    offset = points - frames.origin
    return np.column_stack([dot(offset, axis) for axis in (frames.u, frames.v, frames.w)])


def meanings_of(frames: Frames, targets: Array) -> Array:
    """Return the meanings [A, 4] that place atoms as near to the targets [A, 3] as possible."""
    local = in_frames(frames, targets)
    reach = np.maximum(np.sqrt(dot(local, local)), 1e-9)
    meanings = np.column_stack((local / reach[:, None], (reach - frames.bond[:, 0]) / frames.bond[:, 1]))
    third = np.flatnonzero(frames.kinds <= THIRD_ATOM)
    if len(third):
        meanings[third, 1] = np.hypot(meanings[third, 1], meanings[third, 2])
        meanings[third, 2] = 0.0
        meanings[third[frames.kinds[third] == SECOND_ATOM], :3] = (1.0, 0.0, 0.0)
    closing = np.flatnonzero(frames.kinds == CLOSING)
    if len(closing):
        y, z = local[closing, 1:].T
        to_axis = np.column_stack((local[closing, 0] - frames.span[closing], y, z))
        c, t = frames.closing[closing].T
        x = np.clip((np.sqrt(dot(to_axis, to_axis)) - c) / (SPREADS * t), -0.95, 0.95)
        share = np.sqrt(1.0 - x * x) / np.maximum(np.hypot(y, z), 1e-9)
        meanings[closing, :3] = np.column_stack((x, y * share, z * share))
    return meanings
