"""From an RDKit molecule to its SELFIES, its atom order and its reference atoms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from biomatrix.entities.molecule.selfies import symbols_of_smiles
from biomatrix.errors import UnsupportedError

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class OrderedGraph:
    """A molecule in the order of its SELFIES.

    Parameters
    ----------
    symbols : tuple of str
        SELFIES symbols of the canonical non-isomeric kekulised SMILES.
    order : ndarray, shape=(N,), dtype=int64
        New index to old index.
    bonds : ndarray, shape=(E, 2), dtype=int64
        New indices, the lower first, sorted.
    """

    symbols: tuple[str, ...]
    order: Ints
    bonds: Ints


def canonical_smiles(mol: Chem.Mol) -> str:
    """Return the canonical, kekulised SMILES without stereo marks and isotopes; ``mol`` keeps its atom order as a
    property.

    Raises
    ------
    UnsupportedError
        Aromatic bonds that cannot be written as single and double bonds.
    """
    try:
        return str(Chem.MolToSmiles(mol, canonical=True, kekuleSmiles=True, isomericSmiles=False))
    except (ValueError, RuntimeError) as error:
        raise UnsupportedError(f"RDKit finds no Kekulé structure: {error}") from error


def ordered_graph(mol: Chem.Mol, *, fragments: bool = False) -> OrderedGraph:
    """Return the SELFIES, atom order and bonds of a molecule; UnsupportedError where it has no SELFIES.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
    fragments : bool
        Accept molecules of several fragments; their symbols are separated by a dot.
    """
    smiles = canonical_smiles(mol)
    if "." in smiles and not fragments:
        count = smiles.count(".") + 1
        raise UnsupportedError(
            f"{count} fragments: codes place atoms within one bonded molecule; encode each fragment on its own"
        )
    order = np.fromstring(mol.GetProp("_smilesAtomOutputOrder")[1:-1].rstrip(","), dtype=np.int64, sep=",")
    return OrderedGraph(symbols_of_smiles(smiles), order, _bonds_in_order(mol, order))


def _bonds_in_order(mol: Chem.Mol, order: Ints) -> Ints:
    """Return the bonds as new indices, ``int64 [E, 2]``, the lower first, sorted."""
    bonded = np.flatnonzero(Chem.GetAdjacencyMatrix(mol)[order[:, None], order])
    first, second = np.divmod(bonded, len(order))
    return np.stack((first, second), axis=1)[first < second]


def reference_atoms(sizes: Sequence[int], bonds: Sequence[Ints]) -> Ints:
    """Return the reference atoms of every atom of a batch, by the recursive rule, all molecules at once.

    The focal atom of i >= 3 is its bonded earlier atom of largest index; the two references are the focal
    atom's own focal atom and first reference. Atoms 0, 1 and 2 stand in as each other's references, whatever
    their bonds.

    Parameters
    ----------
    sizes : sequence of int
        Atoms of each molecule.
    bonds : sequence of ndarray, shape=(E, 2), dtype=int64
        Bonds of each molecule, the lower index first.

    Returns
    -------
    references : ndarray, shape=(sum of sizes, 3), dtype=int64
        (focal, first, second) as indices into the molecule; -1 for atoms 0 to 2. A focal atom of -1 at i >= 3
        is an atom with no earlier bonded atom: the molecule is in several pieces.
    """
    sizes_M = np.asarray(sizes, dtype=np.int64)
    offsets = np.concatenate(([0], np.cumsum(sizes_M)))
    total = int(offsets[-1])
    molecule_N = np.repeat(np.arange(len(sizes_M)), sizes_M)
    start_N = offsets[molecule_N]
    index_N = np.arange(total) - start_N
    parent_N = np.full(total, -1, dtype=np.int64)
    if bonds:
        shifted = np.concatenate([pair + offset for pair, offset in zip(bonds, offsets[:-1], strict=True)])
        np.maximum.at(parent_N, shifted[:, 1], shifted[:, 0])
    parent_N = np.where(parent_N >= 0, parent_N - start_N, -1)
    focal_N = np.where(index_N == 0, 1, np.where(index_N == 1, 0, np.where(index_N == 2, 1, parent_N)))
    first_N = focal_N[np.minimum(start_N + np.maximum(focal_N, 0), total - 1)]
    first_N = np.where(index_N <= 1, 2, np.where(index_N == 2, 0, first_N))
    later = index_N >= 3
    parent = np.maximum(parent_N, 0) + start_N
    references = np.stack((parent_N, focal_N[parent], first_N[parent]), axis=1)
    references[~later] = -1
    return references
