"""Conformers for molecules that come without: several of each where asked for, those alike left out."""

from __future__ import annotations

from typing import Any, Final

from rdkit import Chem
from rdkit.Chem import rdMolAlign
from rdkit.rdBase import BlockLogs

from biomatrix.errors import BioMatrixError

NO_CONFORMER: Final = "no conformer: "
"""Begins the note of a molecule that no conformer was found for."""
ALIKE: Final = 0.25
"""Conformers closer than this, RMSD in Angstrom after superposition of all atoms, count as one."""


def with_conformers(molecule: Any, count: int = 1, attempts: int | None = None) -> Any:
    """Return a molecule with up to ``count`` conformers (ETKDG, MMFF94), or with a note where there is none.

    Parameters
    ----------
    molecule : Molecule
        The graph.
    count : int
        How many are tried, by the seeds from 0 on.
    attempts : int, optional
        The starting positions tried for each; by its size when not given.
    """
    with BlockLogs():
        try:
            first = molecule.embed(seed=0, attempts=attempts)
        except BioMatrixError as error:
            return type(molecule)(molecule.mol, molecule.name, (*molecule.notes, f"{NO_CONFORMER}{error.message}"))
        for seed in range(1, count):
            _add_other(first.mol, molecule, seed, attempts)
    return first


def _add_other(mol: Chem.Mol, molecule: Any, seed: int, attempts: int | None) -> None:
    """Add the conformer of a seed to a molecule of ours, in place, unless it is like one that is there."""
    try:
        other = molecule.embed(seed=seed, attempts=attempts).mol
    except BioMatrixError:
        return
    atoms = [(index, index) for index in range(mol.GetNumAtoms())]
    known = [conformer.GetId() for conformer in mol.GetConformers()]
    if min(rdMolAlign.AlignMol(other, mol, refCid=one, atomMap=atoms) for one in known) > ALIKE:
        mol.AddConformer(other.GetConformer(), assignId=True)
