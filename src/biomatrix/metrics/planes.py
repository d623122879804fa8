"""How far atoms stand out of the planes that chemistry puts them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from rdkit import Chem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def plane_deviations(points: ArrayLike) -> NDArray[np.float64]:
    """Return the signed distance of each point from the plane that fits them best.

    Parameters
    ----------
    points : array, shape=(n, 3)

    Returns
    -------
    ndarray, shape=(n,), dtype=float64
        In the unit of the points; which side is positive is arbitrary.
    """
    array = np.asarray(points, dtype=np.float64)
    centred = array - array.mean(axis=0)
    return np.asarray(centred @ np.linalg.svd(centred, full_matrices=False)[2][-1])


def aromatic_rings(mol: Chem.Mol) -> list[list[int]]:
    """Return the atoms of each aromatic ring of five or six atoms."""
    return [
        list(ring)
        for ring in mol.GetRingInfo().AtomRings()
        if len(ring) in (5, 6) and all(mol.GetAtomWithIdx(index).GetIsAromatic() for index in ring)
    ]


_PUCKERED: Final = tuple(
    map(
        Chem.MolFromSmarts,
        (
            "[C,O,S,N;R1]~1[C,O,S,N;R1][C,O,S,N;R1][C,O,S,N;R1][C,O,S,N;R1][C,O,S,N;R1]1",
            "[C;R1]~1[C;R1][C,O,S,N;R1]~[C,O,S,N;R1][C;R1][C;R1]1",
            "[C;R1]~1[C;R1][C;R1]~[C;R1][C,O,S,N;R1][C;R1]1",
            "[C;R1]~1[C;R1][C;R1][C,O,S,N;R1]~[C,O,S,N;R1][C;R1]1",
            "[C;R1]~1[C;R1][C,O,S,N;R1]~[C,O,S,N;R1][C;R1][C;R1]1",
        ),
    )
)
"""Six-membered rings that are not flat, as PoseBusters 0.6 writes them."""


def puckered_rings(mol: Chem.Mol) -> list[list[int]]:
    """Return the atoms of each six-membered ring of single bonds, one double bond at most, which cannot be flat."""
    if not any(len(ring) == 6 for ring in mol.GetRingInfo().AtomRings()):
        return []
    found = {tuple(sorted(match)) for pattern in _PUCKERED for match in mol.GetSubstructMatches(pattern)}
    return [list(ring) for ring in sorted(found)]


def carbon_double_bonds(mol: Chem.Mol) -> list[list[int]]:
    """Return the six atoms that lie in one plane with each double bond of two carbons with three neighbours each."""
    groups: list[list[int]] = []
    for bond in mol.GetBonds():
        ends = (bond.GetBeginAtom(), bond.GetEndAtom())
        if bond.GetBondTypeAsDouble() == 2.0 and all(end.GetSymbol() == "C" and end.GetDegree() == 3 for end in ends):
            groups.append(sorted({atom.GetIdx() for end in ends for atom in end.GetNeighbors()}))
    return groups
