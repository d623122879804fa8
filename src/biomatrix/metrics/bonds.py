"""Bonds of a molecule and their lengths, as arrays over bonds.

Legend of shapes: N atoms, E bonds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from rdkit import Chem


def bond_pairs(mol: Chem.Mol) -> NDArray[np.int64]:
    """Return the two atoms of every bond, ``int64 [E, 2]``, in RDKit's order."""
    pairs = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def pair_distances(positions: ArrayLike, pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the distance between the two atoms of each pair.

    Parameters
    ----------
    positions : array, shape=(N, 3)
        Angstrom.
    pairs : ndarray, shape=(E, 2), dtype=int64

    Returns
    -------
    ndarray, shape=(E,), dtype=float64
    """
    points = np.asarray(positions, dtype=np.float64)
    begin, end = pairs.T
    return np.asarray(np.linalg.norm(points[begin] - points[end], axis=1))


def bond_changes(bonds: NDArray[np.int64], before: ArrayLike, after: ArrayLike) -> NDArray[np.float64]:
    """Return the length after minus the length before of each bond, ``float64 [E]`` in Angstrom.

    Parameters
    ----------
    bonds : ndarray, shape=(E, 2), dtype=int64
    before, after : array, shape=(N, 3)
        Positions in Angstrom.
    """
    return pair_distances(after, bonds) - pair_distances(before, bonds)


def ring_closing(bonds: NDArray[np.int64], num_atoms: int) -> NDArray[np.bool_]:
    """Return which bonds close a ring: all but the one to the focal atom, the earlier neighbour of largest index.

    Parameters
    ----------
    bonds : ndarray, shape=(E, 2), dtype=int64
        Atoms in the order they are placed in, the lower index first.
    num_atoms : int

    Returns
    -------
    ndarray, shape=(E,), dtype=bool
    """
    focal = np.full(num_atoms, -1)
    np.maximum.at(focal, bonds[:, 1], bonds[:, 0])
    return np.asarray(focal[bonds[:, 1]] != bonds[:, 0])


def bond_elements(mol: Chem.Mol, bonds: NDArray[np.int64]) -> list[str]:
    """Return the elements of each bond, carbon first and hydrogen last: "C-H", "C-Cl", "O-S"."""
    symbols = [atom.GetSymbol() for atom in mol.GetAtoms()]
    return ["-".join(sorted((symbols[a], symbols[b]), key=_element_order)) for a, b in bonds.tolist()]


def _element_order(symbol: str) -> tuple[int, str]:
    return {"C": 0, "H": 2}.get(symbol, 1), symbol
