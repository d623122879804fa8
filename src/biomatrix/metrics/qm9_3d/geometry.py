"""Distributions of bond lengths, angles and dihedrals, compared by their maximum mean discrepancy.

``evaluation/jodo/cal_geometry.py``. An angle is looked for at the end atom of each bond alone, so that how often it is
counted (never, once or twice) depends on how the bonds are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from biomatrix.metrics.qm9_3d.discrepancy import discrepancy
from biomatrix.metrics.qm9_3d.tables import tables
from biomatrix.metrics.scores import Score, Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit import Chem

Values: TypeAlias = "Mapping[str, NDArray[np.float64]]"
Path: TypeAlias = tuple[int, ...]
KINDS = ("bond_length", "bond_angle", "dihedral_angle")


def geometry_discrepancies(generated: Sequence[Chem.Mol], reference: Sequence[Chem.Mol], seed: int = 0) -> Scores:
    """Return how far the geometry of generated molecules is from that of reference molecules.

    Parameters
    ----------
    generated, reference : sequence of rdkit.Chem.Mol
        Sanitised, with explicit hydrogens and one conformer; others are left out.
    seed : int
        Where a side has more than 20,000 values of a symbol, which of them are drawn. The official code draws unseeded.

    Returns
    -------
    mapping of str to Score
        ``3d_bond_length_mmd``, ``3d_bond_angle_mmd`` and ``3d_dihedral_angle_mmd``, each the plain mean over eight
        symbols, and each symbol as ``3d_bond_length_mmd:C1H``; a symbol that no generated molecule has is NaN and left
        out of the mean. Rare symbols can dominate it.
    """
    scores: dict[str, Score] = {}
    for kind in KINDS:
        found, known = measure(generated, kind), measure(reference, kind)
        values = {symbol: discrepancy(found[symbol], known[symbol], seed=seed) for symbol in tables().symbols[kind]}
        kept = [value for value in values.values() if not np.isnan(value)]
        name = f"3d_{kind}_mmd"
        mean = float(np.mean(kept)) if kept else float("nan")
        scores[name] = Score(mean, len(generated), denominator=len(kept))
        for symbol, value in values.items():
            scores[f"{name}:{symbol}"] = Score(value, len(generated), denominator=len(found[symbol]))
    return scores


def measure(mols: Iterable[Chem.Mol], kind: str) -> Values:
    """Return the values of each symbol of one of :data:`KINDS`: Angstrom, or degrees.

    A symbol is read in either direction.
    """
    paths = {"bond_length": _bonds, "bond_angle": _angles, "dihedral_angle": _dihedrals}[kind]
    values: dict[str, list[float]] = {symbol: [] for symbol in tables().symbols[kind]}
    for mol in mols:
        if not mol.GetNumConformers():
            continue
        symbols, types = [atom.GetSymbol() for atom in mol.GetAtoms()], _bond_types(mol)
        conformer = mol.GetConformer()
        for path in paths(mol):
            for way in (path, path[::-1]):
                symbol = "-".join(f"{symbols[a]}{types[frozenset((a, b))]}{symbols[b]}" for a, b in pairwise(way))
                if symbol in values:
                    values[symbol].append(_value(conformer, way))
                    break
    return {symbol: np.array(found, dtype=np.float64) for symbol, found in values.items()}


def _bond_types(mol: Chem.Mol) -> dict[frozenset[int], int]:
    return {
        frozenset((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())): int(bond.GetBondType()) for bond in mol.GetBonds()
    }


def _bonds(mol: Chem.Mol) -> Iterator[Path]:
    for bond in mol.GetBonds():
        yield bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()


def _angles(mol: Chem.Mol) -> Iterator[Path]:
    for first, centre in _bonds(mol):
        for last in _neighbours(mol, centre, first):
            yield first, centre, last


def _dihedrals(mol: Chem.Mol) -> Iterator[Path]:
    for second, third in _bonds(mol):
        for last in _neighbours(mol, third, second):
            for first in _neighbours(mol, second, third):
                yield first, second, third, last


def _neighbours(mol: Chem.Mol, atom: int, apart_from: int) -> list[int]:
    return [other.GetIdx() for other in mol.GetAtomWithIdx(atom).GetNeighbors() if other.GetIdx() != apart_from]


def _value(conformer: Chem.Conformer, path: Path) -> float:
    from rdkit.Chem import rdMolTransforms as transforms

    if len(path) == 2:
        return float(transforms.GetBondLength(conformer, *path))
    if len(path) == 3:
        return float(transforms.GetAngleDeg(conformer, *path))
    return float(transforms.GetDihedralDeg(conformer, *path))
