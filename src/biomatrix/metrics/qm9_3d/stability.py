"""How many atoms have a sum of bond orders that their element allows: by the graph, and by the distances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.metrics.qm9_3d.tables import tables

if TYPE_CHECKING:
    from rdkit import Chem

LONGEST_BOND: Final = 3.0
"""Angstrom: more than any bond of the tables, margin included."""


@dataclass(frozen=True)
class Stability:
    """What was found of one molecule.

    Parameters
    ----------
    stable_atoms, atoms : int
    """

    stable_atoms: int
    atoms: int

    @property
    def stable(self) -> bool:
        """Whether every atom is stable."""
        return self.stable_atoms == self.atoms


def graph_stability(mol: Chem.Mol) -> Stability:
    """Return the stability by bond orders and formal charges, hydrogens added.

    A molecule that cannot be judged, such as one with an element or a bond type that the tables lack, has no stable
    atom, and as many atoms as it was given with: hydrogens that would have been added are not counted then.
    """
    try:
        return _graph_stability(mol)
    except (KeyError, ValueError, RuntimeError):
        return Stability(0, mol.GetNumAtoms())


def _graph_stability(mol: Chem.Mol) -> Stability:
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    orders = {Chem.BondType.SINGLE: 1.0, Chem.BondType.DOUBLE: 2.0, Chem.BondType.TRIPLE: 3.0}
    orders[Chem.BondType.AROMATIC] = 1.5
    full = Chem.AddHs(mol)
    kekulised = Chem.Mol(full)
    with BlockLogs():
        try:
            Chem.Kekulize(kekulised)
        except (ValueError, RuntimeError):
            kekulised = full
    sums = [0] * full.GetNumAtoms()
    for bond in kekulised.GetBonds():
        for atom in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()):
            sums[atom] = int(sums[atom] + orders[bond.GetBondType()])  # halves are dropped at once, as officially
    stable = 0
    for atom, total in zip(full.GetAtoms(), sums, strict=True):
        allowed = tables().charged[atom.GetSymbol()]
        stable += total in allowed.get(atom.GetFormalCharge(), allowed[0])
    return Stability(stable, full.GetNumAtoms())


def distance_stability(mol: Chem.Mol) -> tuple[Stability, Chem.Mol]:
    """Return the stability by distances alone, and the molecule that the distances spell.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        With explicit hydrogens and one conformer; its bonds and charges are not looked at.

    Returns
    -------
    stability : Stability
        With no stable atom where an element is unknown or there is no conformer.
    rebuilt : rdkit.Chem.Mol
        Neutral, not sanitised; the molecule as given where it could not be rebuilt.
    """
    symbols = [atom.GetSymbol() for atom in mol.GetAtoms()]
    if not mol.GetNumConformers() or any(symbol not in tables().neutral for symbol in symbols):
        return Stability(0, len(symbols)), mol
    rebuilt, sums = _rebuild(symbols, np.asarray(mol.GetConformer().GetPositions(), dtype=np.float64))
    stable = sum(total in tables().neutral[symbol] for symbol, total in zip(symbols, sums, strict=True))
    return Stability(stable, len(symbols)), rebuilt


def _rebuild(symbols: list[str], positions: np.ndarray) -> tuple[Chem.Mol, list[int]]:
    """Return the molecule with a bond wherever two atoms are near enough, and the sums of its bond orders."""
    from rdkit import Chem

    types = {1: Chem.BondType.SINGLE, 2: Chem.BondType.DOUBLE, 3: Chem.BondType.TRIPLE}
    rebuilt, sums = Chem.RWMol(), [0] * len(symbols)
    for symbol in symbols:
        rebuilt.AddAtom(Chem.Atom(symbol))
    conformer = Chem.Conformer(len(symbols))
    conformer.SetPositions(np.ascontiguousarray(positions))
    rebuilt.AddConformer(conformer)
    distances = np.linalg.norm(positions[:, None] - positions, axis=-1)
    for i, j in np.argwhere(np.triu(distances < LONGEST_BOND, k=1)).tolist():
        order = tables().order(symbols[i], symbols[j], float(distances[i, j]))
        if order:
            rebuilt.AddBond(i, j, types[order])
            sums[i], sums[j] = sums[i] + order, sums[j] + order
    return rebuilt.GetMol(), sums
