"""Bonds of a nucleotide, and shapes made right in them.

Shapes: K shapes of fifteen atoms, in the order of `NucleicAcid.ATOMS`.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.nucleic.structure.nucleotide.beads import ATOMS, BEADS, C3, C4, C5, O3
from biomatrix.metrics.geometry import dihedral

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Mean values of Gelbin et al. and Clowney et al. (J. Am. Chem. Soc. 118, 1996, 519 and 509); at the base the mean of
# purines and pyrimidines, since a code does not say which it is.
C3_O3_LENGTH: Final = 1.423
O3_P_LENGTH: Final = 1.607
LENGTHS: Final[dict[tuple[int, int], float]] = {
    (0, 1): 1.485,  # P OP1
    (0, 2): 1.485,  # P OP2
    (0, 3): 1.593,  # P O5'
    (3, 4): 1.440,  # O5' C5'
    (4, 5): 1.510,  # C5' C4'
    (5, 6): 1.453,  # C4' O4'
    (5, 7): 1.524,  # C4' C3'
    (7, 8): C3_O3_LENGTH,
    (7, 9): 1.525,  # C3' C2'
    (9, 10): 1.413,  # C2' O2'
    (9, 11): 1.528,  # C2' C1'
    (6, 11): 1.414,  # O4' C1'
    (11, 12): 1.470,  # C1' N
    (12, 13): 1.386,  # N C2|C4
    (12, 14): 1.370,  # N C6|C8
}
"""Bond lengths in Angstrom by places of the atoms."""

C3_ENDO: Final = (55.0, 110.0)
"""Degrees of delta (C5'-C4'-C3'-O3') of a sugar that is C3'-endo, as in A-form."""

_NEIGHBOURS: Final = [sorted({sum(bond) - atom for bond in LENGTHS if atom in bond}) for atom in range(ATOMS)]
ANGLES: Final = tuple(
    (first, middle, last) for middle, beside in enumerate(_NEIGHBOURS) for first, last in combinations(beside, 2)
)
"""Pairs of bonds that share an atom, which stands in the middle."""


def spans_of(atoms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median distance of the outer atoms of each of `ANGLES`, in nucleotides [n, 15, 3] that are whole."""
    ends = np.array([(first, last) for first, _, last in ANGLES])
    return np.asarray(np.median(np.linalg.norm(atoms[:, ends[:, 0]] - atoms[:, ends[:, 1]], axis=2), axis=0))


def with_right_bonds(
    shapes: NDArray[np.float64], spans: NDArray[np.float64], rounds: int = 200, bead_weight: float = 0.1
) -> NDArray[np.float64]:
    """Return the shapes, moved as little as needed for ideal bond lengths and common bond angles.

    Distances are put right one after the other, over and over, bond lengths last of each round. Beads move less than
    the other atoms, by ``bead_weight``.

    Parameters
    ----------
    shapes : ndarray, shape=(K, 15, 3), dtype=float64
    spans : ndarray, shape=(number of angles,), dtype=float64
        Of `spans_of`.
    rounds : int
    bead_weight : float

    Returns
    -------
    ndarray, shape=(K, 15, 3), dtype=float64
        Bond lengths are within 1e-3 Angstrom of `LENGTHS`.
    """
    atoms = shapes.copy()
    weight = np.ones(atoms.shape[1])
    weight[list(BEADS)] = bead_weight
    wanted = [(first, last, span, 0.3) for (first, _, last), span in zip(ANGLES, spans.tolist(), strict=True)]
    exact = [(first, last, length, 1.0) for (first, last), length in LENGTHS.items()]
    for round_number in range(rounds):
        # In the last rounds bond lengths have the last word.
        for first, last, length, share in (wanted if round_number < rounds * 3 // 4 else []) + exact:
            apart = atoms[:, last] - atoms[:, first]
            distance = np.linalg.norm(apart, axis=1, keepdims=True)
            move = share * (distance - length) * apart / np.maximum(distance, 1e-6)
            total = weight[first] + weight[last]
            atoms[:, first] += move * weight[first] / total
            atoms[:, last] -= move * weight[last] / total
    return atoms


def c3_endo(atoms: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which sugars of nucleotides [n, 15, 3] are C3'-endo."""
    delta = np.rad2deg(dihedral(atoms[:, C5], atoms[:, C4], atoms[:, C3], atoms[:, O3]))
    return np.asarray((delta >= C3_ENDO[0]) & (delta < C3_ENDO[1]))
