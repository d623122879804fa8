"""Invented positions for unresolved residues, exactly as the published encoder invents them.

Only the reference behaviour uses this: a smooth arc (or a straight line) bridges each gap, then two passes force bond
lengths. The second pass also moves the measured N after every gap, and nothing moves it back.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_CA_SPACING = 3.8
_BONDS = ((0, 1, 1.458), (1, 2, 1.525), (2, 3, 1.231))
_PEPTIDE_BOND = 1.329
_TINY = 1e-8

Array = NDArray[np.float32]


def impute_missing(coords: NDArray[np.floating]) -> NDArray[np.float32]:
    """Fill in unresolved residues.

    Parameters
    ----------
    coords : ndarray, shape=(L, A, 3)
        Angstrom, atoms N, CA, C and perhaps O. A residue with any atom missing counts as wholly unresolved; at least
        one must be resolved.

    Returns
    -------
    ndarray, shape=(L, A, 3), dtype=float32
        Finite everywhere.
    """
    filled = np.array(coords, dtype=np.float32)
    missing = np.asarray(~np.isfinite(filled).all(axis=(1, 2)))
    if not missing.any():
        return filled.astype(np.float32)
    resolved = np.flatnonzero(~missing)
    filled[: resolved[0]] = filled[resolved[0]]
    filled[resolved[-1] + 1 :] = filled[resolved[-1]]
    for before, after in pairwise(resolved):
        if after - before > 1:
            for atom in range(filled.shape[1]):
                filled[before + 1 : after, atom] = _bridge(
                    filled[before, atom], filled[after, atom], int(after - before) - 1
                )
    _space_alpha_carbons(filled, missing)
    _set_bond_lengths(filled, missing)
    return filled.astype(np.float32)


def _bridge(start: Array, end: Array, count: int) -> Array:
    """Place ``count`` points between two known ones: on an arc as long as the residues need, else on the line."""
    span = end - start
    distance = float(np.linalg.norm(span))
    fraction = np.arange(1, count + 1)[:, None] / (count + 1)
    line = start + fraction * span
    height_squared = (_CA_SPACING * count / np.pi) ** 2 - (distance / 2) ** 2
    if _CA_SPACING * count <= distance or height_squared < 0 or distance < _TINY:
        return line
    along = span / distance
    reference = np.array([0.0, 1.0, 0.0]) if abs(along[0]) > 0.9 else np.array([1.0, 0.0, 0.0])
    normal = np.cross(along, reference)
    normal /= np.linalg.norm(normal)
    return np.asarray(line + np.sqrt(height_squared) * np.sin(np.pi * fraction) * normal)


def _space_alpha_carbons(coords: Array, missing: NDArray[np.bool_]) -> None:
    """Shift whole imputed residues, first to last, so that neighbouring CA atoms are 3.8 Angstrom apart."""
    for i in np.flatnonzero(missing[:-1] | missing[1:]):
        span = coords[i + 1, 1] - coords[i, 1]
        distance = np.linalg.norm(span)
        if distance < _TINY:
            continue
        shift = span / distance * (_CA_SPACING - distance)
        if missing[i] and missing[i + 1]:
            coords[i] -= shift / 2
            coords[i + 1] += shift / 2
        elif missing[i + 1]:
            coords[i + 1] += shift
        else:
            coords[i] -= shift


def _set_bond_lengths(coords: Array, missing: NDArray[np.bool_]) -> None:
    """Set the bonds inside imputed residues, and the peptide bonds on both their sides, moving the second atom."""
    for i in range(len(coords)):
        if missing[i]:
            for first, second, length in _BONDS[: coords.shape[1] - 1]:
                _stretch(coords[i, first], coords[i, second], length)
        if i + 1 < len(coords) and (missing[i] or missing[i + 1]):
            _stretch(coords[i, 2], coords[i + 1, 0], _PEPTIDE_BOND)


def _stretch(fixed: Array, moved: Array, length: float) -> None:
    """Move the second point, in place, along the line from the first until it is ``length`` away."""
    span = moved - fixed
    distance = np.linalg.norm(span)
    if distance > _TINY:
        moved[:] = fixed + span / distance * length
