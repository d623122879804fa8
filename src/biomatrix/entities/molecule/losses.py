"""What of one molecule is lost when it is written as tokens, one sentence per loss."""

from __future__ import annotations

from typing import Final

from rdkit import Chem

from biomatrix.entities.molecule.compare import shown_stereochemistry
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.metrics.marked_atoms import labelled_atoms, mapped_atoms
from biomatrix.metrics.stereochemistry import canonical_smiles

_GROUPS: Final = {
    Chem.StereoGroupType.STEREO_AND: "racemic group was dropped ({}): not kept, one enantiomer is written",
    Chem.StereoGroupType.STEREO_OR: "group of relative centres was dropped ({}): not kept, one isomer is written",
}
_AXIAL: Final = (Chem.BondStereo.STEREOATROPCW, Chem.BondStereo.STEREOATROPCCW)
_MAY_BE_AXIAL: Final = Chem.MolFromSmarts("[^2]-[^2]")
"""The only bonds that keep axial chirality when a molecule is sanitised: single, between two planar atoms."""
_SHOWN: Final = 80


def group_losses(mol: Chem.Mol) -> tuple[str, ...]:
    """Return a sentence for each racemic (AND) and each relative (OR) group of stereocentres."""
    sentences = []
    for group in mol.GetStereoGroups():
        wording = _GROUPS.get(group.GetGroupType())
        if wording is not None:
            atoms = ", ".join(str(atom.GetIdx() + 1) for atom in group.GetAtoms())
            bonds = ", ".join(str(bond.GetIdx() + 1) for bond in group.GetBonds())
            places = " and ".join(part for part in (atoms and f"atoms {atoms}", bonds and f"bonds {bonds}") if part)
            sentences.append("a " + wording.format(places))
    return tuple(sentences)


def axial_losses(mol: Chem.Mol) -> tuple[str, ...]:
    """Return a sentence where bonds carry axial chirality, which SMILES, SELFIES and codes have no mark for."""
    ends = mol.GetSubstructMatches(_MAY_BE_AXIAL, maxMatches=mol.GetNumBonds())
    marked = (bond for bond in (mol.GetBondBetweenAtoms(*pair) for pair in ends) if bond.GetStereo() in _AXIAL)
    bonds = sorted(marked, key=lambda bond: bond.GetIdx())
    pairs = ", ".join(f"{bond.GetBeginAtomIdx() + 1}-{bond.GetEndAtomIdx() + 1}" for bond in bonds)
    return (f"axial chirality was dropped (bond of atoms {pairs})",) if bonds else ()


def map_losses(mol: Chem.Mol) -> tuple[str, ...]:
    """Return a sentence where atoms carry map numbers."""
    return ("atom map numbers were dropped",) if mapped_atoms(mol) else ()


def isotope_losses(mol: Chem.Mol) -> tuple[str, ...]:
    """Return a sentence where atoms carry isotope labels."""
    return ("isotope labels were dropped",) if labelled_atoms(mol) else ()


def shape_losses(molecule: Molecule) -> tuple[str, ...]:
    """Return a sentence where the marks of the graph are not those that the conformer shows, which is what codes carry.

    A centre that the graph leaves open takes a side; a mark that coordinates cannot show, such as on the nitrogen of
    a ring, is lost.
    """
    marked = canonical_smiles(Chem.RemoveHs(molecule.mol), stereo=True, isotopes=False)
    shown = shown_stereochemistry(molecule)
    if marked == shown:
        return ()
    return (f"stereochemistry as the conformer shows it is kept, {shown[:_SHOWN]}, not as marked, {marked[:_SHOWN]}",)


def structure_losses(molecule: Molecule) -> tuple[str, ...]:
    """Return what codes in 3D lose of a molecule with a conformer."""
    mol = molecule.mol
    return (*isotope_losses(mol), *map_losses(mol), *group_losses(mol), *axial_losses(mol), *shape_losses(molecule))
