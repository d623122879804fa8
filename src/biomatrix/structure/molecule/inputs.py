"""Molecules made ready for the tokenizer: checked, in SELFIES order, and gathered into batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities import Molecule
from biomatrix.errors import UnsupportedError
from biomatrix.structure.molecule.descriptors import descriptors
from biomatrix.structure.molecule.frames import Array
from biomatrix.structure.molecule.graph import OrderedGraph, ordered_graph, reference_atoms
from biomatrix.structure.molecule.placement import Layout, Targets, pad
from biomatrix.structure.molecule.symbols import atom_mask

MIN_BOND = 0.1
"""Bonded atoms nearer than this, in Angstrom, have no direction worth encoding."""
_MAX_NEIGHBOURS = 4


@dataclass(frozen=True, eq=False)
class PreparedMolecule:
    """A molecule in the order of its SELFIES.

    Parameters
    ----------
    slot : int
        Its place in the batch it came in.
    graph : OrderedGraph
    mask : ndarray, shape=(S,), dtype=bool
        Which SELFIES symbols are atoms.
    positions : ndarray, shape=(N, 3), dtype=float64
        In Angstrom.
    notes : tuple of str
    """

    slot: int
    graph: OrderedGraph
    mask: NDArray[np.bool_]
    positions: Array
    notes: tuple[str, ...]

    @property
    def size(self) -> int:
        """The number of atoms."""
        return len(self.positions)


def prepare(molecule: Molecule, slot: int = 0) -> PreparedMolecule:
    """Check a molecule and put it in order; UnsupportedError says what cannot be encoded."""
    if not molecule.has_conformer:
        raise UnsupportedError("the molecule has no 3D conformer; read one from a file or call embed()")
    graph = ordered_graph(molecule.mol)
    positions = np.asarray(molecule.mol.GetConformer().GetPositions(), dtype=np.float64)[graph.order]
    finite = np.isfinite(positions).all(axis=1)
    if not finite.all():
        raise UnsupportedError("a coordinate is not finite", position=f"atom {graph.order[~finite].min() + 1}")
    lengths = np.sqrt(((positions[graph.bonds[:, 0]] - positions[graph.bonds[:, 1]]) ** 2).sum(axis=1))
    if len(lengths) and lengths.min() < MIN_BOND:
        atoms = graph.order[graph.bonds[int(np.argmin(lengths))]] + 1
        raise UnsupportedError(
            f"bonded atoms {atoms[0]} and {atoms[1]} are {lengths.min():.3f} Angstrom apart: at least {MIN_BOND} needed"
        )
    mask = atom_mask(graph.symbols)
    if int(mask.sum()) != len(positions):
        raise UnsupportedError(f"SELFIES spells {int(mask.sum())} atoms, the molecule has {len(positions)}")
    isotopes = any(atom.GetIsotope() for atom in molecule.mol.GetAtoms())
    return PreparedMolecule(slot, graph, mask, positions, ("isotope labels were dropped",) if isotopes else ())


def batch_descriptors(inputs: Sequence[PreparedMolecule]) -> Array:
    """Return the descriptors of all atoms of all molecules, ``float64 [N, 4]``, molecule after molecule."""
    sizes = np.array([item.size for item in inputs])
    references = reference_atoms(sizes.tolist(), [item.graph.bonds for item in inputs])
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    return descriptors(np.concatenate([item.positions for item in inputs]), references, starts)


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
