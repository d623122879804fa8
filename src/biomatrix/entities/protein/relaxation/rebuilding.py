"""Atoms that a backbone of N, CA and C implies: oxygens, CB, and the hydrogens of alanine and glycine.

Legend: S residues of one unbroken stretch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.protein.files.text import carbonyl_oxygens
from biomatrix.metrics.geometry import place_atom, unit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from biomatrix.entities.protein.entity import Protein

CA_CB_LENGTH: Final = 1.53
"""Angstrom (Engh and Huber 2001)."""
N_H_LENGTH: Final = 1.01
C_H_LENGTH: Final = 1.09
_CARBOXYL: Final = 1.25
_TETRAHEDRAL: Final = np.deg2rad(109.5)
_CARBOXYL_ANGLE: Final = np.deg2rad(117.0)
FEWEST: Final = 2
"""Residues of the shortest stretch that is rebuilt."""


@dataclass(frozen=True)
class Stretch:
    """Residues that peptide bonds join, with the atoms that their backbone implies.

    Parameters
    ----------
    residues : ndarray, shape=(S,), dtype=int64
        Indices in the chain.
    names : tuple of str
        ``GLY`` where the sequence says G, ``ALA`` elsewhere: the side chains are not known.
    atoms : tuple of dict of str to ndarray, shape=(3,), dtype=float64
        Of each residue, its atoms by their names in the archive, in Angstrom; both ends are charged.
    """

    residues: NDArray[np.int64]
    names: tuple[str, ...]
    atoms: tuple[dict[str, NDArray[np.float64]], ...]


def stretches(protein: Protein) -> list[Stretch]:
    """Return the unbroken stretches of resolved residues of a chain, two residues at least, rebuilt."""
    if protein.backbone is None:
        return []
    resolved = np.flatnonzero(protein.resolved)
    breaks = set(protein.chain_breaks.tolist())
    cuts = [
        place
        for place in range(1, len(resolved))
        if resolved[place] != resolved[place - 1] + 1 or int(resolved[place]) in breaks
    ]
    return [_rebuilt(protein, run) for run in np.split(resolved, cuts) if len(run) >= FEWEST]


def ideal_branches(n: ArrayLike, ca: ArrayLike, c: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the two free directions of a tetrahedral CA, those of CB and HA in an L-amino acid.

    Parameters
    ----------
    n, ca, c : array, shape=(..., 3)

    Returns
    -------
    cb, ha : ndarray, shape=(..., 3), dtype=float64
        Of length one.
    """
    centre = np.asarray(ca, dtype=np.float64)
    to_n, to_c = unit(np.asarray(n) - centre), unit(np.asarray(c) - centre)
    outward, normal = -unit(to_n + to_c), unit(np.cross(to_n, to_c))
    tilt = np.deg2rad(54.75)
    return np.cos(tilt) * outward + np.sin(tilt) * normal, np.cos(tilt) * outward - np.sin(tilt) * normal


def _rebuilt(protein: Protein, residues: NDArray[np.int64]) -> Stretch:
    assert protein.backbone is not None
    backbone = protein.backbone[residues]
    n, ca, c = (backbone[:, atom].astype(np.float64) for atom in range(3))
    names = tuple("GLY" if protein.sequence[index] == "G" else "ALA" for index in residues.tolist())
    oxygen = carbonyl_oxygens(backbone).astype(np.float64)
    to_cb, to_ha = ideal_branches(n, ca, c)
    amide = n.copy()
    amide[1:] -= N_H_LENGTH * unit(unit(c[:-1] - n[1:]) + unit(ca[1:] - n[1:]))
    rebuilt = []
    for place, name in enumerate(names):
        atoms = {"N": n[place], "CA": ca[place], "C": c[place], "O": oxygen[place]}
        if name == "GLY":
            atoms |= {"HA2": ca[place] + C_H_LENGTH * to_ha[place], "HA3": ca[place] + C_H_LENGTH * to_cb[place]}
        else:
            cb = ca[place] + CA_CB_LENGTH * to_cb[place]
            methyl = _three(n[place], ca[place], cb, C_H_LENGTH)
            atoms |= {"CB": cb, "HA": ca[place] + C_H_LENGTH * to_ha[place]}
            atoms |= dict(zip(("HB1", "HB2", "HB3"), methyl, strict=True))
        if place:
            atoms["H"] = amide[place]
        else:
            atoms |= dict(zip(("H", "H2", "H3"), _three(c[0], ca[0], n[0], N_H_LENGTH), strict=True))
        rebuilt.append(atoms)
    rebuilt[-1]["OXT"] = place_atom(oxygen[-1], ca[-1], c[-1], _CARBOXYL, _CARBOXYL_ANGLE, np.pi)
    return Stretch(residues, names, tuple(rebuilt))


def _three(
    before: NDArray[np.float64], bonded: NDArray[np.float64], centre: NDArray[np.float64], length: float
) -> NDArray[np.float64]:
    """Return three staggered atoms at a tetrahedral centre, ``float64 [3, 3]``."""
    ends = np.deg2rad([60.0, 180.0, 300.0])
    first, second, third = (np.broadcast_to(point, (3, 3)) for point in (before, bonded, centre))
    return place_atom(first, second, third, length, _TETRAHEDRAL, ends)
