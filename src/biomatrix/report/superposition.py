"""Structures placed for the eye: one laid over another, and turned so that their flat side faces the viewer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdMolAlign

from biomatrix.entities import Entity, Molecule, Protein
from biomatrix.structure.geometry import superimpose

MAX_MATCHES = 1000
"""Atom mappings tried for a symmetric molecule before the best so far is taken."""


def facing(entity: Entity) -> Entity:
    """Return the entity turned so that it is widest across the page and thinnest towards the viewer."""
    points = _points(entity)
    if points is None or not np.isfinite(points).any():
        return entity
    known = points[np.isfinite(points).all(axis=-1)].astype(np.float64)
    center = known.mean(axis=0)
    axes = np.linalg.svd(known - center, full_matrices=True)[2]
    axes[2] *= np.sign(np.linalg.det(axes)) or 1.0  # a proper rotation: handedness must not change
    return _with_points(entity, (points - center) @ axes.T)


def lay_over(moving: Entity, target: Entity) -> Entity:
    """Return the entity superimposed on the target, or as it is where the two cannot be paired atom by atom."""
    if isinstance(moving, Molecule) and isinstance(target, Molecule):
        transform = _molecule_transform(moving, target)
        points = _points(moving)
        if transform is None or points is None:
            return moving
        return _with_points(moving, points @ transform[:3, :3].T + transform[:3, 3])
    before, after = _points(moving), _points(target)
    if before is None or after is None or before.shape != after.shape:
        return moving
    return _with_points(moving, superimpose(before, after))


def _points(entity: Entity) -> NDArray[np.floating] | None:
    """Return the positions of all atoms, ``[n, 3]`` in Angstrom, or None without a structure."""
    if isinstance(entity, Protein):
        return None if entity.backbone is None else entity.backbone.reshape(-1, 3)
    return entity.coordinates


def _with_points(entity: Entity, points: NDArray[np.floating]) -> Entity:
    placed = points.astype(np.float32)
    if isinstance(entity, Protein):
        return replace(entity, backbone=placed.reshape(-1, 3, 3))
    return entity.with_coordinates(placed)


def _molecule_transform(moving: Molecule, target: Molecule) -> NDArray[np.float64] | None:
    """Return the 4x4 transform of the best superposition of the heavy atoms, symmetry considered."""
    first, second = (_without_marks(molecule) for molecule in (moving, target))
    if not second.GetNumAtoms():
        return None
    try:
        _, transform, _ = rdMolAlign.GetBestAlignmentTransform(first, second, maxMatches=MAX_MATCHES)
    except RuntimeError:  # RDKit finds no mapping where bond orders were perceived differently
        return None
    return np.asarray(transform, dtype=np.float64)


def _without_marks(molecule: Molecule) -> Chem.Mol:
    """Return the heavy atoms without stereo marks and isotopes, which would hinder the mapping."""
    mol = Chem.RemoveHs(molecule.mol)
    Chem.RemoveStereochemistry(mol)
    for atom in mol.GetAtoms():
        atom.SetIsotope(0)
    return mol
