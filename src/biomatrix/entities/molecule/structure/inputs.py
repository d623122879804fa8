"""Molecules prepared for a tokenizer: checked, and in SELFIES order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import compress

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.selfies import atom_mask, charges_of, elements_of
from biomatrix.entities.molecule.structure.frames import Array
from biomatrix.entities.molecule.structure.graph import Ints, OrderedGraph, ordered_graph
from biomatrix.errors import UnsupportedError

MIN_BOND = 0.1
"""The shortest bond, in Angstrom, whose direction is worth encoding."""

_ISOTOPE = Chem.MolFromSmarts("[!0*]")


@dataclass(frozen=True, eq=False)
class PreparedMolecule:
    """A molecule in the order of its SELFIES.

    Parameters
    ----------
    graph : OrderedGraph
    mask : ndarray, shape=(S,), dtype=bool
        Which SELFIES symbols are atoms.
    positions : ndarray, shape=(N, 3), dtype=float64
        In Angstrom.
    notes : tuple of str
        What encoding loses, one sentence per loss.
    mol : rdkit.Chem.Mol
        The molecule in its own order.
    """

    graph: OrderedGraph
    mask: NDArray[np.bool_]
    positions: Array
    notes: tuple[str, ...]
    mol: Chem.Mol

    @property
    def size(self) -> int:
        """The number of atoms."""
        return len(self.positions)

    @cached_property
    def atom_symbols(self) -> tuple[str, ...]:
        """The SELFIES symbols of the atoms, length N."""
        return tuple(compress(self.graph.symbols, self.mask.tolist()))

    @cached_property
    def elements(self) -> Ints:
        """The atomic number of each atom, ``int64 [N]``."""
        return elements_of(self.atom_symbols)

    @cached_property
    def charges(self) -> Ints:
        """The formal charge of each atom, ``int64 [N]``."""
        return charges_of(self.atom_symbols)


def prepare(molecule: Molecule, *, fragments: bool = False) -> PreparedMolecule:
    """Check a molecule and put it in order; UnsupportedError says what cannot be encoded.

    Parameters
    ----------
    molecule : Molecule
    fragments : bool
        Accept molecules of several fragments.
    """
    if not molecule.has_conformer:
        raise UnsupportedError(
            "the molecule has no 3D conformer; give a file with 3D coordinates, such as .sdf, or call embed() in Python"
        )
    graph = ordered_graph(molecule.mol, fragments=fragments)
    positions = np.asarray(molecule.mol.GetConformer().GetPositions(), dtype=np.float64)[graph.order]
    if not np.isfinite(positions).all():
        finite = np.isfinite(positions).all(axis=1)
        raise UnsupportedError("a coordinate is not finite", position=f"atom {graph.order[~finite].min() + 1}")
    across = positions[graph.bonds[:, 0]] - positions[graph.bonds[:, 1]]
    lengths = np.sqrt(np.einsum("ex,ex->e", across, across))
    if len(lengths) and lengths.min() < MIN_BOND:
        atoms = graph.order[graph.bonds[int(np.argmin(lengths))]] + 1
        raise UnsupportedError(
            f"bonded atoms {atoms[0]} and {atoms[1]} are {lengths.min():.3f} Angstrom apart: at least {MIN_BOND} needed"
        )
    mask = atom_mask(graph.symbols)
    if int(mask.sum()) != len(positions):
        raise UnsupportedError(f"SELFIES spells {int(mask.sum())} atoms, the molecule has {len(positions)}")
    notes = ("isotope labels were dropped",) if molecule.mol.HasSubstructMatch(_ISOTOPE) else ()
    return PreparedMolecule(graph, mask, positions, notes, molecule.mol)
