"""The shapes of codes: all fifteen atoms in the code's own frame, from nucleotides that are whole.

Shapes: n whole nucleotides, K codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.nucleic.structure.nucleotide.beads import BEADS
from biomatrix.entities.nucleic.structure.nucleotide.bonds import c3_endo, spans_of, with_right_bonds
from biomatrix.metrics.superposition import kabsch

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ALIKE: Final = 0.6
"""Angstrom of RMSD up to which nucleotides have the same torsions."""
_MOST: Final = 400
"""Nucleotides of a code that are compared with each other."""


def shapes_of(
    beads: NDArray[np.float64],
    frames: tuple[NDArray[np.float64], NDArray[np.float64]],
    atoms: NDArray[np.float64],
    codes: NDArray[np.int64],
    neighbours: int,
) -> NDArray[np.float64]:
    """Return the shapes of codes with right bonds, float64 [K, 15, 3].

    A code's shape comes from the whole nucleotides that it was chosen for; where these are fewer than ``neighbours``,
    those of nearest beads count besides. Of these, the ones of the commoner pucker count, and of them those within
    `_ALIKE` of the one that is closest to all: their mean, since the mean of two puckers, or of two torsions about a
    bond, is none.

    Parameters
    ----------
    beads : ndarray, shape=(K, 3, 3), dtype=float64
        P, C4' and N seen from the frame before; these stay, but for what bonds ask for.
    frames : (rotations, translations)
        Of the codes, seen from the frame before: [K, 3, 3] and [K, 3].
    atoms : ndarray, shape=(n, 15, 3), dtype=float64
        Whole nucleotides seen from the rebuilt frame before them.
    codes : ndarray, shape=(n,), dtype=int64
        What was chosen for them.
    neighbours : int
    """
    rotations, translations = frames
    spans = spans_of(atoms)
    points, order = atoms[:, BEADS].reshape(len(atoms), -1), np.argsort(codes, kind="stable")
    endo = c3_endo(atoms)
    bounds = np.searchsorted(codes[order], np.arange(len(beads) + 1))
    shapes = np.empty((len(beads), *atoms.shape[1:]))
    for code, wanted in enumerate(beads):
        members = order[bounds[code] : bounds[code + 1]]
        if len(members) < neighbours:
            distance = ((points - wanted.ravel()) ** 2).sum(axis=1)
            near = np.argpartition(distance, neighbours)[:neighbours]
            members = np.concatenate([members, np.setdiff1d(near, members)])
        members = members[endo[members] == (endo[members].mean() > 0.5)][:_MOST]
        shapes[code] = _mode(_aligned(atoms[members], wanted))
    own = (shapes - translations[:, None]) @ rotations
    own[:, BEADS] = (beads - translations[:, None]) @ rotations
    return with_right_bonds(own, spans)


def _mode(atoms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of the nucleotides [m, 15, 3] that are like the one closest to all."""
    apart = np.sqrt(((atoms[:, None] - atoms[None]) ** 2).sum(axis=3).mean(axis=2))
    return np.asarray(atoms[apart[apart.sum(axis=1).argmin()] < _ALIKE].mean(axis=0))


def _aligned(atoms: NDArray[np.float64], beads: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return nucleotides [m, 15, 3], their beads superposed onto others [3, 3]."""
    rotation, translation = kabsch(atoms[:, BEADS], np.broadcast_to(beads, (len(atoms), 3, 3)))
    return np.asarray(atoms @ rotation.swapaxes(-1, -2) + translation[:, None])
