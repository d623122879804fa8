"""What the geometry of a set of molecules is worth beside real conformers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from biomatrix.entities import Molecule
from biomatrix.entities.molecule.checks import check_geometry, check_graph
from biomatrix.entities.molecule.structure.graph import ordered_graph
from biomatrix.metrics.conformers import (
    BOND_TYPES,
    BondType,
    bond_angles,
    bond_lengths,
    count_clashes,
    out_of_plane,
    ring_closing_errors,
    strain,
)
from biomatrix.metrics.distributions import squared_mmd, thinned
from biomatrix.metrics.summaries import Spread

BOND_SIGMA = 0.05
"""Angstrom, of the kernel that compares bond lengths."""
ANGLE_SIGMA = 3.0
"""Degrees, of the kernel that compares bond angles."""
MOST_VALUES = 1500
"""Values of one type that enter a comparison."""
FEWEST_VALUES = 30
"""A type with fewer on either side is not compared."""
MOST_STRAINED = 200
"""Molecules that are relaxed with a force field."""

SHAPE_CHECKS = frozenset({"bond lengths", "bond angles", "clashes", "aromatic rings flat", "double bonds flat"})
"""Checks that coordinates alone pass or fail, whatever the graph."""

ANGLE_CENTRES = ("C sp3", "C sp2", "C sp", "N sp3", "N sp2", "O sp3", "O sp2", "S sp3", "S sp2")

Values = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Reference:
    """Real conformers that others are compared with.

    Parameters
    ----------
    lengths, angles : dict of str to ndarray
        Angstrom by bond type, degrees by centre.
    usual_lengths : dict of BondType to float
        The median length of each type, which ring-closing bonds are compared with.
    """

    lengths: Values
    angles: Values
    usual_lengths: Mapping[BondType, float]


def in_selfies_order(molecule: Molecule) -> Molecule:
    """Return a molecule with its atoms in the order its tokens have, which tells the bonds that close rings."""
    order = ordered_graph(Chem.Mol(molecule.mol)).order
    return Molecule(Chem.RenumberAtoms(molecule.mol, order.tolist()))


def reference(compared: Sequence[Molecule], typical: Sequence[Molecule]) -> Reference:
    """Return what molecules are compared with: distributions of the first, median lengths of the second."""
    medians = {key: float(np.median(found)) for key, found in bond_lengths([m.mol for m in typical]).items()}
    mols = [molecule.mol for molecule in compared]
    return Reference(_named_lengths(mols), bond_angles(mols), medians)


def figures(asked: int, molecules: Sequence[Molecule], real: Reference, seed: int) -> dict[str, float]:
    """Return the figures of the molecules that came out of ``asked`` attempts.

    Shares are of the attempts. A figure that nothing can be said about is left out.
    """
    mols = [molecule.mol for molecule in molecules if _is_finite(molecule)]
    found = {"attempts": float(asked), "decodes": len(mols) / max(asked, 1), **_checks(asked, molecules)}
    found |= _discrepancies("bond MMD", _named_lengths(mols), real.lengths, tuple(BOND_TYPES), BOND_SIGMA, seed)
    found |= _discrepancies("angle MMD", bond_angles(mols), real.angles, ANGLE_CENTRES, ANGLE_SIGMA, seed)
    planes = Spread.of([value for mol in mols for value in out_of_plane(mol)])
    closing = Spread.of([value for mol in mols for value in ring_closing_errors(mol, real.usual_lengths)])
    clashes = np.array([count_clashes(mol) for mol in mols])
    spread = np.linspace(0, len(mols) - 1, min(MOST_STRAINED, len(mols))).astype(int)
    strains = [value for value in (strain(mols[index]) for index in spread.tolist()) if value is not None]
    found |= {
        "aromatic ring off plane, mean (A)": planes.mean,
        "aromatic ring off plane, p95 (A)": planes.p95,
        "ring-closing bond error, mean (A)": closing.mean,
        "ring-closing bond error, median (A)": closing.median,
        "ring-closing bond error, p95 (A)": closing.p95,
        "with a clash, share of decoded": _mean(clashes > 0),
        "MMFF strain, median (kcal/mol/heavy atom)": Spread.of(strains).median,
        "distinct, share of decoded": len({Chem.MolToSmiles(Chem.RemoveHs(mol)) for mol in mols}) / max(len(mols), 1),
        "heavy atoms, mean": _mean(np.array([mol.GetNumHeavyAtoms() for mol in mols])),
    }
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _checks(asked: int, molecules: Sequence[Molecule]) -> dict[str, float]:
    sound = shaped = 0
    failed: Counter[str] = Counter()
    for molecule in molecules:
        checks = [*check_graph(molecule), *check_geometry(molecule)]
        faults = {check.name for check in checks if check.passed is False}
        failed.update(faults)
        sound += not faults
        shaped += not faults & SHAPE_CHECKS
    shares = {f"fails {name}": count / max(asked, 1) for name, count in sorted(failed.items())}
    passed = {"passes every check": sound / max(asked, 1), "passes checks of shape": shaped / max(asked, 1)}
    return {**passed, **shares}


def _discrepancies(
    label: str, made: Values, real: Values, names: Sequence[str], sigma: float, seed: int
) -> dict[str, float]:
    """Return the squared MMD of each type that both sides have enough of, and the mean over these."""
    found: dict[str, float] = {}
    for name in names:
        first, second = made.get(name, np.array([])), real.get(name, np.array([]))
        if min(len(first), len(second)) >= FEWEST_VALUES:
            first, second = thinned(first, MOST_VALUES, seed), thinned(second, MOST_VALUES, seed + 1)
            found[f"{label} {name}"] = squared_mmd(first, second, sigma)
    return {f"{label}, mean of {len(names)} types": _mean(np.array(list(found.values()))), **found}


def _named_lengths(mols: Sequence[Chem.Mol]) -> dict[str, NDArray[np.float64]]:
    lengths = bond_lengths(mols)
    return {name: lengths[key] for name, key in BOND_TYPES.items() if key in lengths}


def _is_finite(molecule: Molecule) -> bool:
    return bool(np.isfinite(molecule.mol.GetConformer().GetPositions()).all())


def _mean(values: NDArray[np.generic]) -> float:
    return float(values.mean()) if len(values) else float("nan")
