"""A batch of molecules as the decoder sees it: reference atoms, predicted lengths, rows of meanings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.conditioned.chemistry import Chemistry, MolecularGraph, gather
from biomatrix.entities.molecule.structure.conditioned.contexts import bond_indices, place_keys
from biomatrix.entities.molecule.structure.conditioned.lengths import BondLengths
from biomatrix.entities.molecule.structure.conditioned.meanings import CodeMeanings
from biomatrix.entities.molecule.structure.conditioned.references import References, references_of
from biomatrix.entities.molecule.structure.frames import Array

Ints = NDArray[np.int64]

_NO_BOND = (1.5, 0.1)
_USUAL_SPREAD = 0.01
_STIFFEST = 50.0
"""The largest stiffness: where the graph says next to nothing of a length, the direction must still be right."""
_SECOND_ROW = 10
_LATER_ROWS = 14.0
"""Factor on the stiffness of bonds to elements past neon: they are few, so codes fitted to all bonds suit them less."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What placing the atoms of a batch needs. Indices count through the batch.

    Parameters
    ----------
    chemistry : Chemistry
    references : References
    contexts : list of ndarray, shape=(N,), dtype=int64
        The keys that codes are conditioned on, coarsest first.
    bond, closing : ndarray, shape=(N, 2), dtype=float64
        Predicted length and spread, in Angstrom, of the bond to the parent, and of the bond to the axis atom
        where there is one.
    stiffness : ndarray, shape=(N, 4), dtype=float64
        Weights of errors in the bonds to ``references.bonded``: 1 for a bond of usual spread, more (with the square of
        the spread) for bonds that the graph says less about and for elements of later rows; 0 between fragments.
    begins_fragment : ndarray, shape=(N,), dtype=bool
        The first atom of every fragment but a molecule's first.
    levels : list of ndarray, dtype=int64
        The atoms of each level, lowest first.
    """

    chemistry: Chemistry
    references: References
    contexts: list[Ints]
    bond: Array
    closing: Array
    stiffness: Array
    begins_fragment: NDArray[np.bool_]
    levels: list[Ints]

    @classmethod
    def of(cls, graphs: Sequence[MolecularGraph], lengths: BondLengths) -> Problem:
        """Gather molecules and look up what their graphs predict."""
        chemistry = gather(graphs)
        references = references_of(chemistry)
        values = np.concatenate((lengths.of(chemistry), [_NO_BOND]))
        stiffness = np.append(_stiffness(chemistry, values[:-1, 1]), 0.0)
        atoms = np.arange(len(chemistry.starts))
        columns = [bond_indices(chemistry, atoms, other) for other in references.bonded.T]
        order = np.argsort(references.levels, kind="stable")
        bounds = np.searchsorted(references.levels[order], np.arange(1, int(references.levels.max(initial=0)) + 1))
        return cls(
            chemistry=chemistry,
            references=references,
            contexts=place_keys(chemistry, references),
            bond=values[columns[0]],
            closing=values[bond_indices(chemistry, atoms, references.axes)],
            stiffness=np.column_stack([stiffness[column] for column in columns]),
            begins_fragment=np.append(chemistry.orders == 0, False)[columns[0]],
            levels=np.split(order, bounds),
        )

    def rows(self, meanings: CodeMeanings) -> Ints:
        """Return the row of meanings of each atom, ``int64 [N]``."""
        return meanings.rows(self.contexts)

    @property
    def offsets(self) -> Ints:
        """The first atom of each molecule, ``int64 [M]``."""
        return np.cumsum(self.chemistry.sizes) - self.chemistry.sizes


def _stiffness(chemistry: Chemistry, spreads: Array) -> Array:
    stiffness = np.clip(spreads / _USUAL_SPREAD, 1.0, 3.0) ** 2
    stiffness[(chemistry.elements[chemistry.bonds] > _SECOND_ROW).any(axis=1)] *= _LATER_ROWS
    stiffness[chemistry.orders == 0] = 0.0
    return np.minimum(stiffness, _STIFFEST)
