"""Strain of a conformer against a force field: what energy it gives up on the way to the nearest minimum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rdkit import Chem
from rdkit.Chem import rdForceFieldHelpers

from biomatrix.entities.check import Check
from biomatrix.entities.molecule.chemistry_log import captured_log
from biomatrix.entities.molecule.thresholds import RELEASE_LIMITS, RELEASE_STEPS, STRAIN_LIMITS, STRAIN_STEPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biomatrix.entities.molecule.entity import Molecule

_UNIT = "kcal/mol for each heavy atom"
FAST_STRAIN, FULL_STRAIN = "strain released at once", "strain"


def check_release(molecule: Molecule) -> Check:
    """Return the energy given up in the first steps of a minimisation, which foretells the whole strain.

    ``passed`` is None without a conformer of all atoms, or where no force field has parameters.
    """
    return _check(FAST_STRAIN, molecule, RELEASE_STEPS, RELEASE_LIMITS)


def check_strain(molecule: Molecule) -> Check:
    """Return the energy of the conformer above the nearest minimum of MMFF94, or of UFF where that lacks parameters."""
    return _check(FULL_STRAIN, molecule, STRAIN_STEPS, STRAIN_LIMITS)


def released_energy(mol: Chem.Mol, steps: int) -> tuple[float, str] | None:
    """Return the energy in kcal/mol that steps of a minimisation release, and the force field; None where none applies.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        With a conformer of all atoms; it is not moved.
    steps : int
        The most steps.
    """
    moving = Chem.Mol(mol)  # the force field points into it, so it must outlive it; MMFF94 changes its aromaticity
    with captured_log():
        found = _force_field(moving)
        if found is None:
            return None
        field, name = found
        try:
            before = float(field.CalcEnergy())
            field.Minimize(maxIts=steps)
            return before - float(field.CalcEnergy()), name
        except (ValueError, RuntimeError):
            return None


def _force_field(mol: Chem.Mol) -> tuple[Any, str] | None:
    """Return the force field of a molecule, which moves its conformer, and its name."""
    try:
        parameters = rdForceFieldHelpers.MMFFGetMoleculeProperties(mol)
        if parameters is not None:
            field, name = rdForceFieldHelpers.MMFFGetMoleculeForceField(mol, parameters), "MMFF94"
        elif rdForceFieldHelpers.UFFHasAllMoleculeParams(mol):
            field, name = rdForceFieldHelpers.UFFGetMoleculeForceField(mol), "UFF"
        else:
            return None
    except (ValueError, RuntimeError):
        return None
    if field is None:
        return None
    field.Initialize()
    return field, name


def _check(name: str, molecule: Molecule, steps: int, limits: Mapping[str, float]) -> Check:
    if not molecule.has_conformer:
        return Check(name, None, detail="no conformer")
    heavy = molecule.mol.GetNumHeavyAtoms()
    if not heavy or any(atom.GetTotalNumHs() for atom in molecule.mol.GetAtoms()):
        return Check(name, None, detail="hydrogens without a position")
    found = released_energy(molecule.mol, steps)
    if found is None:
        return Check(name, None, detail="neither MMFF94 nor UFF has parameters for it")
    energy, field = found
    share = energy / heavy
    return Check(name, share <= limits[field], share, _UNIT, f"{energy:.1f} kcal/mol by {field}", limits[field])
