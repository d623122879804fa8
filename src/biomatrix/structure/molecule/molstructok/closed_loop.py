"""What batches of molecules give the encoder: descriptors, and the problem that closed-loop encoding solves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from biomatrix.structure.molecule.frames import Array
from biomatrix.structure.molecule.graph import reference_atoms
from biomatrix.structure.molecule.inputs import PreparedMolecule
from biomatrix.structure.molecule.molstructok.descriptors import descriptors
from biomatrix.structure.molecule.molstructok.placement import Layout, Targets, pad

_MAX_NEIGHBOURS = 4


def batch_references(inputs: Sequence[PreparedMolecule]) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of all atoms of all molecules, their reference atoms, and where each atom's molecule starts.

    Returns
    -------
    positions : ndarray, shape=(N, 3), dtype=float64
        In Angstrom, molecule after molecule.
    references : ndarray, shape=(N, 3), dtype=int64
        (focal, first, second) within the molecule; -1 for the first three atoms.
    starts : ndarray, shape=(N,), dtype=int64
    """
    sizes = np.array([item.size for item in inputs])
    references = reference_atoms(sizes.tolist(), [item.graph.bonds for item in inputs])
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.concatenate([item.positions for item in inputs]), references, starts


def batch_descriptors(inputs: Sequence[PreparedMolecule]) -> Array:
    """Return the descriptors of all atoms of all molecules, ``float64 [N, 4]``, molecule after molecule."""
    return descriptors(*batch_references(inputs))


def closed_loop_problem(
    inputs: Sequence[PreparedMolecule], bond_weight: float
) -> tuple[NDArray[np.int64], Layout, Targets]:
    """Return the molecules by falling size, and what choosing their codes in a closed loop needs.

    Parameters
    ----------
    inputs : sequence of PreparedMolecule, length M
    bond_weight : float
        What an error of 1 Angstrom in a bond length costs beside 1 Angstrom of position.

    Returns
    -------
    order : ndarray, shape=(M,), dtype=int64
        The input of each row of the layout.
    layout : Layout
    targets : Targets
    """
    sizes = np.array([item.size for item in inputs])
    bonds = [item.graph.bonds for item in inputs]
    order = np.argsort(-sizes, kind="stable")
    width = int(sizes.max())
    parts = np.split(reference_atoms(sizes.tolist(), bonds), np.cumsum(sizes)[:-1])
    layout = Layout(sizes[order], pad([np.maximum(parts[k], 0) for k in order], width))
    targets = Targets(
        pad([inputs[k].positions for k in order], width),
        pad([earlier_bonded(int(sizes[k]), bonds[k]) + 1 for k in order], width) - 1,
        np.full(_MAX_NEIGHBOURS, bond_weight),
    )
    return order, layout, targets


def earlier_bonded(size: int, bonds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the bonded earlier atoms of each atom, ``int64 [size, 4]``, -1 where there are fewer."""
    result = np.full((size, _MAX_NEIGHBOURS), -1, dtype=np.int64)
    ordered = bonds[np.argsort(bonds[:, 1], kind="stable")]
    later = ordered[:, 1]
    column = np.arange(len(later)) - np.searchsorted(later, later)
    kept = column < _MAX_NEIGHBOURS
    result[later[kept], column[kept]] = ordered[kept, 0]
    return result
