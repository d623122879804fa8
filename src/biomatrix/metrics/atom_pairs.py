"""All pairs of atoms of a conformer: how far apart, over how many bonds, and how far RDKit lets them be.

Legend of shapes: N atoms, P = N (N - 1) / 2 pairs, the lower index first, in ascending order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rdkit import Chem
from rdkit.Chem import rdDistGeom
from rdkit.rdBase import BlockLogs


@dataclass(frozen=True)
class AtomPairs:
    """Every pair of atoms.

    Parameters
    ----------
    first, second : ndarray, shape=(P,), dtype=int64
    bonds_apart : ndarray, shape=(P,), dtype=float64
        Bonds on the shortest way from one to the other; very large between fragments.
    distance : ndarray, shape=(P,), dtype=float64
        Angstrom.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    bonds_apart: NDArray[np.float64]
    distance: NDArray[np.float64]

    @classmethod
    def of(cls, mol: Chem.Mol, positions: ArrayLike) -> AtomPairs:
        """Measure the pairs of a molecule at positions, ``[N, 3]`` in Angstrom."""
        points = np.asarray(positions, dtype=np.float64)
        first, second = np.triu_indices(len(points), k=1)
        distance = np.linalg.norm(points[first] - points[second], axis=1)
        return cls(first, second, Chem.GetDistanceMatrix(mol)[first, second], distance)


def distance_bounds(mol: Chem.Mol, pairs: AtomPairs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and the largest distance that RDKit's distance geometry allows each pair.

    Returns
    -------
    lowest, highest : ndarray, shape=(P,), dtype=float64
        Angstrom.

    Raises
    ------
    RuntimeError, ValueError
        RDKit gives no bounds for the molecule.
    """
    with BlockLogs():
        bounds = np.asarray(rdDistGeom.GetMoleculeBoundsMatrix(mol), dtype=np.float64)
    return bounds[pairs.second, pairs.first], bounds[pairs.first, pairs.second]
