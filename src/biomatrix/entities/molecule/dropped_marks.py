"""Stereo marks that a SMILES string holds and the molecule read from it does not."""

from __future__ import annotations

import re
from typing import Any, Final

from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities.molecule.preparation import idle_mark_note
from biomatrix.metrics.marked_atoms import marked_atoms

_CENTRE: Final = re.compile(r"\[[^\]]*@[^\]]*\]")
_WHOLE_RACEMATE: Final = re.compile(r"[|,]r[,|]")
_OPEN: Final = (Chem.BondStereo.STEREONONE, Chem.BondStereo.STEREOANY)
_DIRECTIONS: Final = (Chem.BondDir.ENDUPRIGHT, Chem.BondDir.ENDDOWNRIGHT)


def dropped_mark_notes(smiles: str, extension: str, mol: Chem.Mol) -> tuple[str, ...]:
    """Return a note on each kind of mark that was dropped on reading.

    Parameters
    ----------
    smiles : str
        Without title and extension.
    extension : str
        The ChemAxon extension, ``|...|``, or "".
    mol : rdkit.Chem.Mol
        What was read from the two.
    """
    notes: tuple[str, ...] = ()
    if "@" in smiles:
        dropped = len(_CENTRE.findall(smiles)) - len(marked_atoms(mol))
        notes += (idle_mark_note(dropped),) if dropped > 0 else ()
    directions = smiles.count("/") + smiles.count("\\")
    kept = sum(bond.GetStereo() not in _OPEN for bond in mol.GetBonds()) if directions else 0
    # Two directions that gave one double bond its geometry are both in use.
    settled = (directions, kept) == (2, 1) and not extension
    if directions and not settled and _has_idle_direction(smiles, kept):
        notes += ("bond directions (/ and \\) dropped: they fix no double bond that RDKit can tell E from Z",)
    if extension and _WHOLE_RACEMATE.search(extension):
        notes += ("the flag r of the extension, a racemate, is not kept: one enantiomer is read",)
    return notes


def _has_idle_direction(smiles: str, kept: int) -> bool:
    """Return whether a bond direction belongs to no double bond, or more double bonds have two than kept geometry."""
    parameters: Any = Chem.SmilesParserParams()
    parameters.sanitize = parameters.removeHs = parameters.allowCXSMILES = False
    with BlockLogs():
        raw: Chem.Mol | None = Chem.MolFromSmiles(smiles, parameters)
    if raw is None:
        return False
    directed = [bond for bond in raw.GetBonds() if bond.GetBondDir() in _DIRECTIONS]
    ends = {index for bond in directed for index in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())}
    fixed = [
        (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
        for bond in raw.GetBonds()
        if bond.GetBondType() == Chem.BondType.DOUBLE and {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()} <= ends
    ]
    touched = {index for pair in fixed for index in pair}
    idle = any(not {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()} & touched for bond in directed)
    return idle or kept < len(fixed)
