"""One conformer laid over another, symmetry considered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdMolAlign

from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.matching import matches_of
from biomatrix.errors import LimitError

MAX_MATCHES = 1000
"""Atom mappings tried for a symmetric molecule before the best so far is taken."""


def laid_over(moving: Molecule, target: Molecule) -> Molecule:
    """Return the molecule superimposed on the target by its heavy atoms, or as it is where the graphs differ."""
    points = moving.coordinates
    transform = None if points is None or not target.has_conformer else best_transform(moving, target)
    if transform is None or points is None:
        return moving
    return moving.with_coordinates(points @ transform[:3, :3].T + transform[:3, 3])


def best_transform(moving: Molecule, target: Molecule) -> NDArray[np.float64] | None:
    """Return the transform of the best superposition of the heavy atoms, ``float64 [4, 4]``; None without a mapping."""
    first, second = (_without_marks(molecule) for molecule in (moving, target))
    if not second.GetNumAtoms():
        return None
    try:
        matches_of(second, first, unique=False, most=MAX_MATCHES)  # RDKit's own search for them has no bound
        _, transform, _ = rdMolAlign.GetBestAlignmentTransform(first, second, maxMatches=MAX_MATCHES)
    except (RuntimeError, LimitError):  # RDKit finds no mapping where bond orders were perceived differently
        return None
    return np.asarray(transform, dtype=np.float64)


def _without_marks(molecule: Molecule) -> Chem.Mol:
    """Return the heavy atoms without stereo marks and isotopes, which would hinder the mapping."""
    mol = Chem.RemoveHs(molecule.mol)
    Chem.RemoveStereochemistry(mol)
    for atom in mol.GetAtoms():
        atom.SetIsotope(0)
    return mol
