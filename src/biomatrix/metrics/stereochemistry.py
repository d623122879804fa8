"""The stereochemistry of molecules: what their graphs are marked with and what their coordinates show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdqueries
from rdkit.rdBase import BlockLogs

from biomatrix.metrics.arrangements import written_smiles
from biomatrix.metrics.coordination import NOT_TETRAHEDRAL, drop_idle_marks
from biomatrix.metrics.marked_atoms import labelled_atoms, mapped_atoms, marked_atoms

Labels = Mapping[tuple[int, ...], str]
"""CIP labels by the atoms they belong to."""
_PYRAMIDAL: Final = rdqueries.AtomNumEqualsQueryAtom(15)
_PYRAMIDAL.ExpandQuery(rdqueries.AtomNumEqualsQueryAtom(33), Chem.CompositeQueryType.COMPOSITE_OR)
"""Phosphorus and arsenic: with three ligands they keep their handedness at room temperature, as nitrogen does not."""
_FLAT: Final = 0.1
"""The volume that three unit bond vectors span, below which a centre counts as flat; 0.5 to 0.8 in phosphines."""


def canonical_smiles(mol: Chem.Mol, *, stereo: bool, isotopes: bool) -> str:
    """Return canonical SMILES with or without stereo marks and isotopes, atom maps aside."""
    copy = Chem.Mol(mol)
    for atom in mapped_atoms(copy):
        atom.SetAtomMapNum(0)
    if not isotopes:
        for atom in labelled_atoms(copy):
            atom.SetIsotope(0)
    if not stereo:
        Chem.RemoveStereochemistry(copy)
    if not isotopes:
        copy = Chem.RemoveHs(copy)  # a former deuterium is now a plain hydrogen
        if stereo:
            Chem.AssignStereochemistry(copy, cleanIt=True, force=True)
    smiles = written_smiles(copy)
    read = Chem.MolFromSmiles(smiles)
    return smiles if read is None else written_smiles(read)


def assign_from_conformer(mol: Chem.Mol, *, replace: bool = True) -> None:
    """Mark a molecule in place with the stereochemistry that its conformer shows.

    RDKit's own assignment, with two of its gaps closed: centres of phosphorus and arsenic with three ligands are
    marked, and centres whose ligands have one arrangement only (SF5, PF6-) are not.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        Sanitised, with a conformer in 3D.
    replace : bool
        Whether marks that are there give way to what the conformer shows.
    """
    Chem.AssignStereochemistryFrom3D(mol, replaceExistingTags=replace)
    for atom in marked_atoms(mol):
        # Flat rings look square to RDKit, four places being enough for it.
        if atom.GetChiralTag() in NOT_TETRAHEDRAL and atom.GetTotalDegree() < 4:
            atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
            atom.ClearProp("_chiralPermutation")
    drop_idle_marks(mol)
    pyramids = [atom for atom in mol.GetAtomsMatchingQuery(_PYRAMIDAL) if _may_be_pyramid(atom)]
    if pyramids:
        _mark_pyramids(mol, pyramids)


def _may_be_pyramid(atom: Chem.Atom) -> bool:
    """Return whether an atom has three single bonds, no hydrogen, and no mark yet."""
    return (
        atom.GetDegree() == 3
        and atom.GetTotalNumHs(includeNeighbors=True) == 0
        and atom.GetChiralTag() == Chem.ChiralType.CHI_UNSPECIFIED
        and all(bond.GetBondType() == Chem.BondType.SINGLE for bond in atom.GetBonds())
    )


def _mark_pyramids(mol: Chem.Mol, pyramids: list[Chem.Atom]) -> None:
    positions_N3 = mol.GetConformer().GetPositions()
    for atom in pyramids:
        ends = [bond.GetOtherAtomIdx(atom.GetIdx()) for bond in atom.GetBonds()]
        arms = positions_N3[ends] - positions_N3[atom.GetIdx()]
        lengths = np.linalg.norm(arms, axis=1, keepdims=True)
        volume = float(np.linalg.det(arms / lengths)) if lengths.min() > 0 else 0.0
        if abs(volume) > _FLAT:
            # The lone pair is the fourth ligand, seen last: the other three turn as their triple product says.
            counter = Chem.ChiralType.CHI_TETRAHEDRAL_CCW
            atom.SetChiralTag(counter if volume > 0 else Chem.ChiralType.CHI_TETRAHEDRAL_CW)
    Chem.AssignStereochemistry(mol, cleanIt=True, force=True, flagPossibleStereoCenters=True)


def with_shown_stereochemistry(mol: Chem.Mol) -> Chem.Mol:
    """Return a copy whose stereo marks are those its conformer shows, at bonds marked as open ("either") too."""
    shown = Chem.Mol(mol)
    for bond in shown.GetBonds():
        if bond.GetStereo() == Chem.BondStereo.STEREOANY:
            # RDKit would keep the mark and never look at the coordinates.
            bond.SetStereo(Chem.BondStereo.STEREONONE)
        if bond.GetBondDir() in (Chem.BondDir.EITHERDOUBLE, Chem.BondDir.UNKNOWN):
            bond.SetBondDir(Chem.BondDir.NONE)
    with BlockLogs():
        assign_from_conformer(shown)
    return shown


def as_shown(mol: Chem.Mol) -> Chem.Mol:
    """Return :func:`with_shown_stereochemistry`, or the molecule itself where it has no conformer in 3D."""
    return with_shown_stereochemistry(mol) if mol.GetNumConformers() and mol.GetConformer().Is3D() else mol


def shown_smiles(mol: Chem.Mol) -> str:
    """Return the canonical SMILES, without isotopes, whose stereo marks are those the conformer shows.

    Where the graph leaves a centre open, a conformer still takes a side; that side is what coordinates carry. Without
    a conformer in 3D the marks of the graph stay.
    """
    with BlockLogs():
        return canonical_smiles(Chem.RemoveHs(as_shown(mol)), stereo=True, isotopes=False)


def shown_alike(mol: Chem.Mol, marked: Chem.Mol) -> bool:
    """Return whether two molecules show the same stereochemistry, as :func:`shown_smiles` of both would say.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        In any state of its marks.
    marked : rdkit.Chem.Mol
        Marked with what its conformer shows, as decoded molecules are; atoms of neither need be in one order.
    """
    if not any(labelled_atoms(each) or mapped_atoms(each) for each in (mol, marked)):
        with BlockLogs():
            # Strings written once may differ for like molecules, never agree for unlike ones: most are done here.
            if len({Chem.MolToSmiles(Chem.RemoveHs(each)) for each in (as_shown(mol), marked)}) == 1:
                return True
    return shown_smiles(mol) == shown_smiles(marked)


def shown_centres(mol: Chem.Mol) -> Labels:
    """Return the CIP label of each stereocentre that the conformer shows, by its atom."""
    shown = with_shown_stereochemistry(mol)
    return {(atom.GetIdx(),): atom.GetProp("_CIPCode") for atom in shown.GetAtoms() if atom.HasProp("_CIPCode")}


def shown_double_bonds(mol: Chem.Mol) -> Labels:
    """Return E or Z of each stereo double bond that the conformer shows, by its two atoms, the lower index first."""
    shown = with_shown_stereochemistry(mol)
    return {
        tuple(sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))): str(bond.GetStereo())
        for bond in shown.GetBonds()
        if bond.GetStereo() in (Chem.BondStereo.STEREOE, Chem.BondStereo.STEREOZ)
    }


def labels_kept(before: Labels, after: Labels) -> list[bool]:
    """Return, for each label before, whether it is the same after."""
    return [after.get(place) == label for place, label in before.items()]
