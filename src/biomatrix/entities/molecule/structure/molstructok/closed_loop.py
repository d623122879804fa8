"""What the encoder needs of a batch of molecules: descriptors, and the trees that closed-loop encoding walks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.frames import Array
from biomatrix.entities.molecule.structure.graph import reference_atoms
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule
from biomatrix.entities.molecule.structure.molstructok.descriptors import descriptors
from biomatrix.entities.molecule.structure.molstructok.placement import Forest


def batch_references(inputs: Sequence[PreparedMolecule]) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of all atoms of all molecules, their reference atoms, and where each atom's molecule starts.

    Returns
    -------
    positions : ndarray, shape=(N, 3), dtype=float64
        In Angstrom, molecule after molecule.
    references : ndarray, shape=(N, 3), dtype=int64
        (focal, first, second) within the molecule; -1 for the first three atoms.
    starts : ndarray, shape=(N,), dtype=int64
        Index of the first atom of each atom's molecule.
    """
    sizes = np.array([item.size for item in inputs])
    references = reference_atoms(sizes.tolist(), [item.graph.bonds for item in inputs])
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.concatenate([item.positions for item in inputs]), references, starts


def batch_descriptors(inputs: Sequence[PreparedMolecule]) -> Array:
    """Return the descriptors of all atoms of all molecules, ``float64 [N, 4]``, molecule after molecule."""
    return descriptors(*batch_references(inputs))


def batch_forest(inputs: Sequence[PreparedMolecule]) -> tuple[Forest, Array]:
    """Return the trees of all molecules, and the positions of all their atoms, ``float64 [N, 3]`` in Angstrom."""
    sizes = np.array([item.size for item in inputs], dtype=np.int64)
    forest = Forest.of_bonds(sizes, [item.graph.bonds for item in inputs])
    return forest, np.concatenate([item.positions for item in inputs])
