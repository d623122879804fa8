"""Checks of a molecule: its graph, and the geometry of its conformer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities.check import Check
from biomatrix.entities.molecule.strain import FAST_STRAIN, check_release
from biomatrix.entities.molecule.thresholds import (
    ANGLE_DISTANCE_RANGE,
    BOND_LENGTH_MARGIN,
    BOND_LENGTHS,
    CLASH_RATIO,
    COVALENT_RADII_RANGE,
    FLATNESS_LIMIT,
    HYDROGEN_CLASH_RATIO,
    PUCKER_LIMIT,
)
from biomatrix.metrics.atom_pairs import AtomPairs, distance_bounds
from biomatrix.metrics.bonds import bond_pairs, pair_distances
from biomatrix.metrics.planes import aromatic_rings, carbon_double_bonds, plane_deviations, puckered_rings
from biomatrix.metrics.stereochemistry import assign_from_conformer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.molecule.entity import Molecule

GEOMETRY_CHECKS = (
    "bond lengths",
    "bond angles",
    "clashes",
    "aromatic rings flat",
    "double bonds flat",
    "saturated rings puckered",
    "stereochemistry in 3D",
    "hydrogens placed",
    FAST_STRAIN,
)


def check_graph(molecule: Molecule, *, whole: bool = False) -> list[Check]:
    """Return the checks of the graph's chemistry.

    Parameters
    ----------
    molecule : Molecule
    whole : bool
        Whether several fragments are a fault; salts and solvates have them, so by default they are for information.

    Returns
    -------
    list of Check
        Valences and aromaticity (RDKit's sanitisation); unpaired electrons; fragments.
    """
    with BlockLogs():
        problems: Any = Chem.DetectChemistryProblems(molecule.mol)
    detail = "; ".join(problem.Message() for problem in problems)
    radicals = sum(atom.GetNumRadicalElectrons() for atom in molecule.mol.GetAtoms())
    fragments = len(Chem.GetMolFrags(molecule.mol))
    return [
        Check("valences and aromaticity", not problems, float(len(problems)), "problems", detail, 0.0),
        Check("closed shell", radicals == 0, float(radicals), "unpaired electrons", threshold=0.0),
        Check(
            "fragments",
            fragments == 1 if whole else None,
            float(fragments),
            "fragments",
            "" if whole else "for information",
            1.0 if whole else None,
        ),
    ]


def check_geometry(molecule: Molecule) -> list[Check]:
    """Return the checks of the conformer's geometry; ``passed`` is None in each where there is no conformer."""
    coordinates = molecule.coordinates
    if coordinates is None:
        return [Check(name, None, detail="no conformer") for name in GEOMETRY_CHECKS]
    if not np.isfinite(coordinates).all():
        return [Check(name, False, detail="a coordinate is not finite") for name in GEOMETRY_CHECKS]
    positions = coordinates.astype(np.float64)
    return [
        check_bond_lengths(molecule.mol, positions),
        *check_distances(molecule.mol, positions),
        check_aromatic_rings(molecule.mol, positions),
        check_double_bonds(molecule.mol, positions),
        check_saturated_rings(molecule.mol, positions),
        check_stereochemistry(molecule),
        check_hydrogens(molecule.mol),
        check_release(molecule),
    ]


def check_bond_lengths(mol: Chem.Mol, positions: NDArray[np.float64]) -> Check:
    """Return how far the worst bond lies outside the range of its type.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
    positions : ndarray, shape=(N, 3), dtype=float64
        Angstrom.
    """
    worst, fault, outside = 0.0, "", 0
    lengths = pair_distances(positions, bond_pairs(mol)).tolist()
    for bond, length in zip(mol.GetBonds(), lengths, strict=True):
        begin, end = bond.GetBeginAtom(), bond.GetEndAtom()
        low, high = bond_length_range(begin, end, bond.GetBondTypeAsDouble())
        excess = max(low - length, length - high)
        outside += excess > 0
        if excess > worst:
            worst = excess
            names = f"{begin.GetSymbol()}{begin.GetIdx() + 1}-{end.GetSymbol()}{end.GetIdx() + 1}"
            fault = f"{names} is {length:.2f} Angstrom, expected {low:.2f} to {high:.2f}"
    detail = f"{outside} of {mol.GetNumBonds()} outside; worst: {fault}" if outside else ""
    return Check("bond lengths", outside == 0, worst, "Angstrom outside the range of its type", detail, 0.0)


def bond_length_range(begin: Chem.Atom, end: Chem.Atom, order: float) -> tuple[float, float]:
    """Return the shortest and longest length, in Angstrom, that a bond between two atoms may have."""
    first, second = sorted((begin.GetSymbol(), end.GetSymbol()))
    table_range = BOND_LENGTHS.get((first, second, order))
    if table_range is not None:
        return table_range[0] - BOND_LENGTH_MARGIN, table_range[1] + BOND_LENGTH_MARGIN
    table = Chem.GetPeriodicTable()
    radii = float(table.GetRcovalent(begin.GetAtomicNum()) + table.GetRcovalent(end.GetAtomicNum()))
    return radii * COVALENT_RADII_RANGE[0], radii * COVALENT_RADII_RANGE[1]


def check_distances(mol: Chem.Mol, positions: NDArray[np.float64]) -> list[Check]:
    """Return the checks of bond angles and of clashes, both against RDKit's distance bounds."""
    pairs = AtomPairs.of(mol, positions)
    try:
        lowest, highest = distance_bounds(mol, pairs)
    except (RuntimeError, ValueError) as error:
        detail = f"RDKit gives no distance bounds: {error}"
        return [Check("bond angles", None, detail=detail), Check("clashes", None, detail=detail)]
    angled, distant = pairs.bonds_apart == 2, pairs.bonds_apart >= 3
    narrow, wide = ANGLE_DISTANCE_RANGE
    bent = angled & ((pairs.distance < narrow * lowest) | (pairs.distance > wide * highest))
    hydrogen = np.array([atom.GetAtomicNum() == 1 for atom in mol.GetAtoms()])
    ratio = np.where(hydrogen[pairs.first] | hydrogen[pairs.second], HYDROGEN_CLASH_RATIO, CLASH_RATIO)
    clashing = distant & (pairs.distance < ratio * lowest)
    return [_pair_check("bond angles", bent, angled, pairs), _pair_check("clashes", clashing, distant, pairs)]


def check_aromatic_rings(mol: Chem.Mol, positions: NDArray[np.float64]) -> Check:
    """Return how far the worst atom stands out of the plane of its aromatic ring (5 or 6 atoms)."""
    return _planarity_check("aromatic rings flat", aromatic_rings(mol), positions)


def check_double_bonds(mol: Chem.Mol, positions: NDArray[np.float64]) -> Check:
    """Return how far the worst atom stands out of the plane of a carbon-carbon double bond."""
    return _planarity_check("double bonds flat", carbon_double_bonds(mol), positions)


def check_saturated_rings(mol: Chem.Mol, positions: NDArray[np.float64]) -> Check:
    """Return how far the flattest saturated ring of six atoms puckers."""
    name = "saturated rings puckered"
    puckers = {tuple(ring): float(np.abs(plane_deviations(positions[ring])).max()) for ring in puckered_rings(mol)}
    if not puckers:
        return Check(name, None, detail="none present")
    flattest = min(puckers, key=lambda ring: puckers[ring])
    passed = puckers[flattest] >= PUCKER_LIMIT
    detail = "" if passed else f"atoms {', '.join(str(index + 1) for index in flattest)}"
    return Check(name, passed, puckers[flattest], "Angstrom out of plane", detail, PUCKER_LIMIT)


def check_stereochemistry(molecule: Molecule) -> Check:
    """Return whether the stereochemistry marked on the graph is what the coordinates show."""
    graph_smiles = str(Chem.MolToSmiles(Chem.RemoveHs(molecule.mol)))
    perceived = Chem.Mol(molecule.mol)
    assign_from_conformer(perceived)
    conformer_smiles = str(Chem.MolToSmiles(Chem.RemoveHs(perceived)))
    agrees = graph_smiles == conformer_smiles or graph_smiles == str(
        Chem.MolToSmiles(Chem.RemoveHs(perceived), isomericSmiles=False)
    )
    return Check(
        "stereochemistry in 3D",
        agrees,
        detail="" if agrees else f"marked {graph_smiles}, shown {conformer_smiles}",
    )


def check_hydrogens(mol: Chem.Mol) -> Check:
    """Return whether every hydrogen has a position; ``passed`` is None for a molecule without any explicit hydrogen."""
    missing = sum(atom.GetTotalNumHs() for atom in mol.GetAtoms())
    if missing and not any(atom.GetAtomicNum() == 1 for atom in mol.GetAtoms()):
        return Check("hydrogens placed", None, float(missing), "hydrogens without a position", "heavy atoms only")
    return Check("hydrogens placed", missing == 0, float(missing), "hydrogens without a position", threshold=0.0)


def _pair_check(name: str, faulty: NDArray[np.bool_], relevant: NDArray[np.bool_], pairs: AtomPairs) -> Check:
    if not relevant.any():
        return Check(name, True, 0.0, "pairs of atoms")
    count = int(faulty.sum())
    detail = ""
    if count:
        first = int(np.flatnonzero(faulty)[0])
        detail = (
            f"{count} of {int(relevant.sum())}; first: atoms {pairs.first[first] + 1} and {pairs.second[first] + 1}"
        )
    return Check(name, count == 0, float(count), "pairs of atoms", detail, 0.0)


def _planarity_check(name: str, groups: list[list[int]], positions: NDArray[np.float64]) -> Check:
    if not groups:
        return Check(name, None, detail="none present")
    worst, where = 0.0, groups[0]
    for group in groups:
        deviation = float(np.abs(plane_deviations(positions[group])).max())
        if deviation > worst:
            worst, where = deviation, group
    passed = worst <= FLATNESS_LIMIT
    detail = "" if passed else f"atoms {', '.join(str(index + 1) for index in where)}"
    return Check(name, passed, worst, "Angstrom out of plane", detail, FLATNESS_LIMIT)
