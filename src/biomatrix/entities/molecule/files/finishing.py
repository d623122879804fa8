"""The last step of every reader of atoms and bonds: coordinates checked, stereochemistry assigned, notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities.molecule.entity import Molecule, sanitise
from biomatrix.entities.molecule.preparation import check_finite
from biomatrix.entities.molecule.queries import wildcards

TITLE: Final[str] = "_Name"


def finished(mol: Chem.Mol, fields: Mapping[str, str], notes: tuple[str, ...] = ()) -> Molecule:
    """Check the coordinates, assign the stereochemistry, and note what a reader should know.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        As a parser of RDKit returns it, sanitised or not.
    fields : mapping of str to str
        Data items, which become properties.
    notes : tuple of str
        Notes to begin with.

    Raises
    ------
    ParseError
        A coordinate that is not finite, or impossible chemistry; ``position`` is the atom's index from 0.
    """
    title = mol.GetProp(TITLE).strip() if mol.HasProp(TITLE) else ""
    own: list[str] = []
    if mol.GetNumConformers():
        check_finite(mol)
        xyz = mol.GetConformer().GetPositions()
        if len(xyz) > 1 and np.ptp(xyz, axis=0).max() == 0.0:
            mol.RemoveAllConformers()
            own.append("all atoms lie on one point: read as no conformer")
        elif not mol.GetConformer().Is3D():
            own.append("2D coordinates: a drawing, not a conformer")
    if mol.GetNumConformers() and not mol.GetConformer().Is3D():
        with BlockLogs():
            Chem.AssignChiralTypesFromBondDirs(mol)
    sanitise(mol)
    if mol.GetNumConformers() and not mol.GetConformer().Is3D():
        with BlockLogs():
            Chem.SetDoubleBondNeighborDirections(mol, mol.GetConformer())
            Chem.DetectBondStereochemistry(mol)
            Chem.AssignStereochemistry(mol, cleanIt=True, force=True)
    if wildcards(mol):
        own.append("wildcard atoms kept as *")
    for name, value in fields.items():
        mol.SetProp(name, value)
    return Molecule(mol, title, (*notes, *own))
