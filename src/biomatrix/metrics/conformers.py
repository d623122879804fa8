"""The geometry of molecules in 3D as numbers that sets of molecules can be compared by.

Every function takes RDKit molecules with one conformer; lengths are in Angstrom, angles in degrees, energies in
kcal/mol.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdForceFieldHelpers
from rdkit.rdBase import BlockLogs

from biomatrix.metrics.atom_pairs import AtomPairs
from biomatrix.metrics.bonds import bond_pairs, pair_distances
from biomatrix.metrics.planes import aromatic_rings, plane_deviations

Array = NDArray[np.float64]
BondType = tuple[str, str, float]
"""Two elements in alphabetical order, and the bond order (1.5 aromatic)."""

BOND_TYPES: Mapping[str, BondType] = {
    "C-H": ("C", "H", 1.0),
    "C-C single": ("C", "C", 1.0),
    "C-C aromatic": ("C", "C", 1.5),
    "C-N single": ("C", "N", 1.0),
    "C-O single": ("C", "O", 1.0),
    "C=O": ("C", "O", 2.0),
    "N-H": ("H", "N", 1.0),
    "O-H": ("H", "O", 1.0),
    "C-S single": ("C", "S", 1.0),
    "C-S aromatic": ("C", "S", 1.5),
    "C-Cl": ("C", "Cl", 1.0),
}
"""The types whose lengths are compared."""

CLASH_RATIO = 0.7
"""Atoms three or more bonds apart clash below this ratio to the sum of their van der Waals radii."""

_HYBRIDISATIONS = {
    Chem.HybridizationType.SP3: "sp3",
    Chem.HybridizationType.SP2: "sp2",
    Chem.HybridizationType.SP: "sp",
}


def bond_lengths(mols: Iterable[Chem.Mol]) -> dict[BondType, Array]:
    """Return the lengths of all bonds by type, ``float64 [n]`` each."""
    by_type: defaultdict[BondType, list[float]] = defaultdict(list)
    for mol in mols:
        lengths = pair_distances(mol.GetConformer().GetPositions(), bond_pairs(mol))
        for bond, length in zip(mol.GetBonds(), lengths.tolist(), strict=True):
            by_type[bond_type(bond)].append(length)
    return {key: np.array(values) for key, values in by_type.items()}


def bond_type(bond: Chem.Bond) -> BondType:
    """Return the type of a bond."""
    first, second = sorted((bond.GetBeginAtom().GetSymbol(), bond.GetEndAtom().GetSymbol()))
    return first, second, bond.GetBondTypeAsDouble()


def bond_angles(mols: Iterable[Chem.Mol]) -> dict[str, Array]:
    """Return the angles of all pairs of bonds by the atom they share, such as ``C sp3``, ``float64 [n]`` each."""
    by_centre: defaultdict[str, list[float]] = defaultdict(list)
    for mol in mols:
        positions = mol.GetConformer().GetPositions()
        for atom in mol.GetAtoms():
            neighbours = [other.GetIdx() for other in atom.GetNeighbors()]
            if len(neighbours) < 2:
                continue
            arms = positions[neighbours] - positions[atom.GetIdx()]
            arms /= np.maximum(np.linalg.norm(arms, axis=1, keepdims=True), 1e-9)
            cosines = (arms @ arms.T)[np.triu_indices(len(arms), k=1)]
            centre = f"{atom.GetSymbol()} {_HYBRIDISATIONS.get(atom.GetHybridization(), 'other')}"
            by_centre[centre] += np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0))).tolist()
    return {key: np.array(values) for key, values in by_centre.items()}


def out_of_plane(mol: Chem.Mol) -> list[float]:
    """Return, for each aromatic ring of five or six atoms, how far its atoms lie off its plane (root mean square)."""
    positions = mol.GetConformer().GetPositions()
    return [float(np.sqrt((plane_deviations(positions[ring]) ** 2).mean())) for ring in aromatic_rings(mol)]


def ring_closing_errors(mol: Chem.Mol, reference_lengths: Mapping[BondType, float]) -> list[float]:
    """Return how far each ring-closing bond is from the reference length of its type.

    A bond closes a ring where its later atom has another, nearer earlier neighbour in the order of the atoms: in
    the order of a SMILES no atom is placed by these bonds. Types without a reference are left out.
    """
    positions = mol.GetConformer().GetPositions()
    errors = []
    for bond in mol.GetBonds():
        first, last = sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))
        placed_by = max(n.GetIdx() for n in mol.GetAtomWithIdx(last).GetNeighbors() if n.GetIdx() < last)
        reference = reference_lengths.get(bond_type(bond))
        if placed_by != first and reference is not None:
            errors.append(abs(float(np.linalg.norm(positions[first] - positions[last])) - reference))
    return errors


def count_clashes(mol: Chem.Mol) -> int:
    """Return how many pairs of atoms, three or more bonds apart, are nearer than `CLASH_RATIO` allows."""
    table = Chem.GetPeriodicTable()
    radii = np.array([table.GetRvdw(atom.GetAtomicNum()) for atom in mol.GetAtoms()])
    pairs = AtomPairs.of(mol, mol.GetConformer().GetPositions())
    reach = CLASH_RATIO * (radii[pairs.first] + radii[pairs.second])
    return int(((pairs.bonds_apart >= 3) & (pairs.distance < reach)).sum())


def strain(mol: Chem.Mol, iterations: int = 200) -> float | None:
    """Return the MMFF94 energy above that of the relaxed conformer, in kcal/mol per heavy atom.

    The conformer is relaxed into the minimum it lies by, so this measures local distortion. None where MMFF94 has
    no parameters or the energy is not finite.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        With explicit hydrogens; left as it is.
    iterations : int
        The most steps of the relaxation.
    """
    relaxed = Chem.Mol(mol)
    with BlockLogs():
        try:
            properties = rdForceFieldHelpers.MMFFGetMoleculeProperties(relaxed)
            if properties is None:
                return None
            field = rdForceFieldHelpers.MMFFGetMoleculeForceField(relaxed, properties)
            if field is None:
                return None
            before = field.CalcEnergy()
            field.Minimize(maxIts=iterations)
            after = field.CalcEnergy()
        except (RuntimeError, ValueError):
            return None
    value = (before - after) / max(mol.GetNumHeavyAtoms(), 1)
    return float(value) if np.isfinite(value) else None
