"""The copy that SMolInstruct writes molecules from: elements, charges, bonds and the chirality of centres, no isotopes.

It is that of the RDChiral project, whose isotope labels decide whether a centre is inverted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from biomatrix.metrics.valence_rules import unsanitised

if TYPE_CHECKING:
    from rdkit import Chem

_PLAIN: Final = re.compile(r"(?:[A-Za-z0-9%=#:/\\()-]|\[[A-Za-z][a-z]?@{0,2}(?:H[0-9]?)?(?:[+-][0-9]?)?\])*")
"""Molecules without isotopes, atom maps and unknown atoms."""


def rewritten(smiles: str, copied: Callable[[Chem.Mol], Chem.RWMol] | None = None) -> str | None:
    """Return the SMILES of the copy, its aromaticity perceived anew, None where RDKit refuses it.

    Parameters
    ----------
    smiles : str
        As RDKit writes it.
    copied : callable, optional
        How to copy: by default the quicker way that serves the molecule.
    """
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    flags = Chem.SanitizeFlags
    with BlockLogs():
        try:
            source = unsanitised(smiles.replace(" ", ""))
            if source is None:
                return None
            source.UpdatePropertyCache(strict=False)
            copy = (copied or (changed_in_place if _PLAIN.fullmatch(smiles) else copied_by_atoms))(source)
            copy.UpdatePropertyCache(strict=False)  # the valences have passed already, by the rules of their time
            Chem.SanitizeMol(copy, flags.SANITIZE_SETAROMATICITY | flags.SANITIZE_ADJUSTHS, catchErrors=True)
            Chem.AssignStereochemistry(copy, cleanIt=False, force=True, flagPossibleStereoCenters=True)
            return str(Chem.MolToSmiles(copy))
        except (ValueError, RuntimeError, AttributeError):
            return None


def changed_in_place(source: Chem.Mol) -> Chem.RWMol:
    """Return what :func:`copied_by_atoms` does of a plain molecule, of whose bracketed atoms the copy lacks little."""
    from rdkit import Chem

    copy, unspecified = Chem.RWMol(source), Chem.ChiralType.CHI_UNSPECIFIED
    for index in range(copy.GetNumAtoms()):
        atom = copy.GetAtomWithIdx(index)
        if atom.GetNoImplicit():
            atom.SetNoImplicit(False)
            if not atom.GetIsAromatic():
                atom.SetNumExplicitHs(0)
            if atom.GetChiralTag() != unspecified and not _can_be_chiral(atom):
                atom.SetChiralTag(unspecified)
    return copy


def copied_by_atoms(source: Chem.Mol) -> Chem.RWMol:
    """Return the copy of a molecule that is not sanitised."""
    from rdkit import Chem

    copy, unspecified = Chem.RWMol(), Chem.ChiralType.CHI_UNSPECIFIED
    chiral = []
    # By index: iterating over RDKit's sequences costs several calls an item.
    for index in range(source.GetNumAtoms()):
        atom = source.GetAtomWithIdx(index)
        new = Chem.Atom(atom.GetAtomicNum())
        new.SetFormalCharge(atom.GetFormalCharge())
        if atom.GetIsAromatic() and atom.GetNoImplicit():
            new.SetNumExplicitHs(atom.GetNumExplicitHs())
        copy.AddAtom(new)
        if atom.GetChiralTag() != unspecified:
            chiral.append(index)
    for index in range(source.GetNumBonds()):
        bond = source.GetBondWithIdx(index)
        copy.AddBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), bond.GetBondType())
        new_bond = copy.GetBondWithIdx(index)
        new_bond.SetBondDir(bond.GetBondDir())
        new_bond.SetStereo(bond.GetStereo())
    for index in chiral:
        _copy_chirality(source.GetAtomWithIdx(index), copy.GetAtomWithIdx(index))
    return copy


def _can_be_chiral(atom: Any) -> bool:
    """Return whether the copy of an atom takes over its chirality."""
    from rdkit.Chem import BondType

    degree = atom.GetDegree()
    return degree > 3 or (degree == 3 and all(bond.GetBondType() == BondType.SINGLE for bond in atom.GetBonds()))


def _copy_chirality(source: Any, copy: Any) -> None:
    """Give a copied atom the chirality of its source, inverted where the labels of its neighbours say so."""
    if not _can_be_chiral(copy):
        return
    copy.SetChiralTag(source.GetChiralTag())
    labels = [atom.GetIsotope() for atom in source.GetNeighbors()]
    if any(labels) and not _same_handedness(labels, [0] * len(labels)):
        copy.InvertChirality()


def _same_handedness(labels: Sequence[int], copied: Sequence[int]) -> bool:
    """Return whether four neighbours have the same parity by their labels in the source and in the copy."""
    four, four_copied = [*labels, -1][:4], [*copied, -1][:4]
    own, others = [one for one in four if one not in four_copied], [one for one in four_copied if one not in four]
    if len(own) > 1 or len(others) > 1:
        return True  # several labels: ambiguous, and left as it is
    replaced = own.copy()
    mapped = [one if one in four else replaced.pop() for one in four_copied]
    return _parity(four) == _parity(mapped)


def _parity(values: Sequence[int]) -> int:
    """Return 0 for an even and 1 for an odd number of inversions; equal values count as inverted."""
    return sum(values[i] >= values[j] for i in range(4) for j in range(i + 1, 4)) % 2
