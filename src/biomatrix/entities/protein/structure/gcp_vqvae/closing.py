"""Close the bonds of a decoded backbone: frames are decoded one by one, and neighbours do not quite meet.

Atoms are moved along the lines between them, pair by pair, until the distances that hardly vary in proteins are right:
position based dynamics, Müller et al. (2007). Legend: L residues.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

N, CA, C = 0, 1, 2
_ROUNDS = 40
_REACH = 2.5
"""Decoded C and N further apart than this, in Angstrom, are a break of the chain."""
_WITHIN = ((N, CA, 1.458), (CA, C, 1.525), (N, C, 2.460))
_BETWEEN = ((C, N, 1.329), (CA, N, 2.429), (C, CA, 2.435))
"""Atom of a residue, atom of the same or the next one, distance in Angstrom (Engh and Huber, 1991)."""
_TRANS, _CIS = 3.80, 2.95
_CIS_BELOW = 3.0
"""Decoded CA atoms nearer than this are cis: below the middle of both, as one peptide bond in three hundred is."""


def close_bonds(backbones: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Return backbones with bond lengths and angles near their ideal values, atoms moved as little as that takes.

    Parameters
    ----------
    backbones : sequence of ndarray, shape=(L, 3, 3), dtype=float32
        (N, CA, C) in Angstrom, NaN where unresolved.

    Returns
    -------
    list of ndarray, shape=(L, 3, 3), dtype=float32
        Residues are joined where C and N were less than 2.5 Angstrom apart, cis where the CA atoms were less than 3.0;
        others are left as far apart as they are.
    """
    if not backbones:
        return []
    # unresolved residues between chains, so that none is joined to the next and all start alike, at an even index
    starts = np.cumsum([0, *(len(backbone) + 2 - len(backbone) % 2 for backbone in backbones)])
    atoms = np.full((starts[-1], 3, 3), np.nan)
    for start, backbone in zip(starts, backbones, strict=False):
        atoms[start : start + len(backbone)] = backbone
    with np.errstate(invalid="ignore"):
        joined = np.flatnonzero(np.linalg.norm(atoms[1:, N] - atoms[:-1, C], axis=-1) < _REACH)
    spacing = np.linalg.norm(atoms[joined + 1, CA] - atoms[joined, CA], axis=-1)
    spacing = np.where(spacing < _CIS_BELOW, _CIS, _TRANS)
    resolved = np.flatnonzero(np.isfinite(atoms).all(axis=(1, 2)))
    for _ in range(_ROUNDS):
        for first, second, distance in _BETWEEN:
            _pull(atoms, joined, first, joined + 1, second, np.float64(distance))
        for parity in (0, 1):  # a CA atom takes part in two of these at once
            chosen = joined % 2 == parity
            _pull(atoms, joined[chosen], CA, joined[chosen] + 1, CA, spacing[chosen])
        for first, second, distance in _WITHIN:
            _pull(atoms, resolved, first, resolved, second, np.float64(distance))
    closed = atoms.astype(np.float32)
    return [closed[start : start + len(backbone)] for start, backbone in zip(starts, backbones, strict=False)]


def _pull(
    atoms: NDArray[np.float64],
    i: NDArray[np.intp],
    first: int,
    j: NDArray[np.intp],
    second: int,
    distance: NDArray[np.float64] | np.float64,
) -> None:
    """Move atoms ``first`` of residues ``i`` and ``second`` of ``j``, half the way each, to a distance."""
    line = atoms[j, second] - atoms[i, first]
    length = np.linalg.norm(line, axis=-1)
    step = line * (0.5 * (1 - distance / np.maximum(length, 1e-6)))[:, None]
    atoms[i, first] += step
    atoms[j, second] -= step
