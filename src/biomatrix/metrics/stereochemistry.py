"""The stereochemistry of molecules: what their graphs are marked with and what their coordinates show."""

from __future__ import annotations

from collections.abc import Mapping

from rdkit import Chem
from rdkit.rdBase import BlockLogs

Labels = Mapping[tuple[int, ...], str]
"""CIP labels by the atoms they belong to."""


def canonical_smiles(mol: Chem.Mol, *, stereo: bool, isotopes: bool) -> str:
    """Return canonical SMILES with or without stereo marks and isotopes, atom maps aside."""
    copy = Chem.Mol(mol)
    for atom in copy.GetAtoms():
        atom.SetAtomMapNum(0)
        if not isotopes:
            atom.SetIsotope(0)
    if not stereo:
        Chem.RemoveStereochemistry(copy)
    if not isotopes:
        copy = Chem.RemoveHs(copy)  # a former deuterium is now a plain hydrogen
        if stereo:
            Chem.AssignStereochemistry(copy, cleanIt=True, force=True)
    smiles = str(Chem.MolToSmiles(copy))
    read = Chem.MolFromSmiles(smiles)
    return smiles if read is None else str(Chem.MolToSmiles(read))


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
        Chem.AssignStereochemistryFrom3D(shown, replaceExistingTags=True)
    return shown


def shown_smiles(mol: Chem.Mol) -> str:
    """Return the canonical SMILES, without isotopes, whose stereo marks are those the conformer shows.

    Where the graph leaves a centre open, a conformer still takes a side; that side is what coordinates carry. Without
    a conformer in 3D the marks of the graph stay.
    """
    shown = with_shown_stereochemistry(mol) if mol.GetNumConformers() and mol.GetConformer().Is3D() else mol
    with BlockLogs():
        return canonical_smiles(Chem.RemoveHs(shown), stereo=True, isotopes=False)


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
