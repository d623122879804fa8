"""What a chain was read from: all atoms of its residues, and everything beside it in the file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.structure_files.atom_table import AtomTable

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Context:
    """The atoms of the first model of a file, and which of them belong to one chain.

    The table is shared by all chains of one file and is never looked at when a chain is written as tokens.

    Parameters
    ----------
    table : AtomTable
        Every atom of the model: side chains, ligands, waters, ions, nucleic acids, other chains.
    rows : ndarray, shape=(n,), dtype=int64
        The rows of the chain's atoms, residue by residue.
    offsets : ndarray, shape=(L + 1,), dtype=int64
        Where each residue starts in ``rows``.
    """

    table: AtomTable
    rows: NDArray[np.int64]
    offsets: NDArray[np.int64]

    @cached_property
    def atoms(self) -> AtomTable:
        """All atoms of the chain, side chains and hydrogens included."""
        return self.table.take(self.rows)

    @cached_property
    def surroundings(self) -> AtomTable:
        """Every atom of the model that is not the chain's."""
        beside = np.ones(len(self.table), dtype=bool)
        beside[self.rows] = False
        return self.table.take(np.flatnonzero(beside))

    def residue(self, index: int) -> AtomTable:
        """Return the atoms of one residue, by its index from 0; alternate locations as the file lists them."""
        return self.table.take(self.rows[self.offsets[index] : self.offsets[index + 1]])
