"""RDKit molecules made ready: refused where they are none, sanitised where they were not, else left as they are."""

from __future__ import annotations

from typing import Final

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdqueries
from rdkit.rdBase import BlockLogs

from biomatrix.entities.molecule.chemistry_log import captured_log, plain_reason
from biomatrix.entities.molecule.queries import is_query
from biomatrix.errors import ParseError, UnsupportedError
from biomatrix.metrics.coordination import drop_idle_marks
from biomatrix.metrics.stereochemistry import assign_from_conformer

_NO_HYBRIDISATION: Final = rdqueries.HybridizationEqualsQueryAtom(int(Chem.HybridizationType.UNSPECIFIED))
"""As it always is for wildcards, ions and hydrogens put in later."""


def prepared(mol: Chem.Mol) -> tuple[Chem.Mol, tuple[str, ...]]:
    """Return a copy of a molecule that is ready for use, and notes of what was done to it or will not be used.

    A sanitised molecule keeps its aromaticity, its stereo marks and groups, its conformers and its properties. Whatever
    is half-prepared (no rings looked for, no implicit valences, no hybridisation) is sanitised, and its stereochemistry
    assigned from its marks and, where it has a conformer in 3D, from that for what bears none. Marks that say nothing,
    such as on SF5, are dropped.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        Sanitised or not, kekulised or not, editable or not.

    Raises
    ------
    ParseError
        No molecule, no atoms, impossible chemistry, or a coordinate that is not finite.
    UnsupportedError
        A query, which stands for many molecules.
    """
    if not isinstance(mol, Chem.Mol):
        raise ParseError(f"not an RDKit molecule but {type(mol).__name__}: RDKit gives None for what it cannot read")
    if mol.GetNumAtoms() == 0:
        raise ParseError("an RDKit molecule without atoms")
    if is_query(mol):
        raise UnsupportedError("a query (SMARTS, lists of atoms, open bonds) is a pattern of molecules, not a molecule")
    copy = Chem.Mol(mol)
    if not is_sanitised(copy):
        _complete(copy)
    dropped = drop_idle_marks(copy)
    notes = (idle_mark_note(len(dropped)),) if dropped else ()
    return copy, notes + _conformer_notes(copy)


def is_ready(mol: Chem.Mol) -> bool:
    """Return whether valences were computed and rings looked for; quicker than :func:`is_sanitised`."""
    if mol.NeedsUpdatePropertyCache():
        return False
    with BlockLogs():
        try:
            mol.GetRingInfo().NumRings()
        except RuntimeError:
            return False
    return True


def is_sanitised(mol: Chem.Mol) -> bool:
    """Return whether a molecule went through the whole of RDKit's sanitisation, aromaticity aside."""
    return is_ready(mol) and not any(
        atom.GetDegree() and atom.GetAtomicNum() > 1 for atom in mol.GetAtomsMatchingQuery(_NO_HYBRIDISATION)
    )


def sanitise(mol: Chem.Mol, *, replace: bool = True) -> Chem.Mol:
    """Sanitise a molecule in place, assign its stereochemistry (from 3D positions where it has them) and return it.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
    replace : bool
        Whether marks that are there give way to what the conformer shows.

    Raises
    ------
    ParseError
        Impossible chemistry, such as five bonds to a carbon; ``position`` is the atom's index.
    """
    with captured_log() as log:
        try:
            Chem.SanitizeMol(mol)
            if mol.GetNumConformers() and mol.GetConformer().Is3D():
                assign_from_conformer(mol, replace=replace)
            if not (replace and mol.GetNumConformers() and mol.GetConformer().Is3D()):
                Chem.AssignStereochemistry(mol, cleanIt=True, force=True)
            drop_idle_marks(mol)
        except (ValueError, RuntimeError) as error:
            reason = log.reason or plain_reason(str(error))
            raise ParseError(f"impossible chemistry: {reason}", position=log.atom) from error
    return mol


def idle_mark_note(count: int) -> str:
    """Return the note on stereo marks that were dropped because they tell no isomers apart."""
    return f"{count} stereo mark{'s' * (count > 1)} dropped: no stereocentre that RDKit can tell stands there"


def check_finite(mol: Chem.Mol) -> None:
    """Raise ParseError, with the atom's index, where a coordinate of the first conformer is not a finite number."""
    if not mol.GetNumConformers():
        return
    finite = np.isfinite(mol.GetConformer().GetPositions()).all(axis=1)
    if not finite.all():
        raise ParseError("a coordinate is not a finite number", position=int(np.argmin(finite)))


def _complete(mol: Chem.Mol) -> None:
    """Sanitise in place what was half-prepared, marks that are there kept."""
    check_finite(mol)
    sanitise(mol, replace=False)


def _conformer_notes(mol: Chem.Mol) -> tuple[str, ...]:
    check_finite(mol)
    count = mol.GetNumConformers()
    several = (f"the first of {count} conformers is used",) if count > 1 else ()
    flat = count and not mol.GetConformer().Is3D()
    return several + (("2D coordinates: a drawing, not a conformer",) if flat else ())
