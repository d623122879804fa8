"""What two molecules share: graph, stereochemistry, isotopes, the shape of their conformers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities.check import Check
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.thresholds import RMSD_LIMIT
from biomatrix.metrics.superposition import rmsd


def compare_molecules(original: Molecule, decoded: Molecule) -> list[Check]:
    """Return whether two molecules are the same, and how far their atoms are apart where both have a conformer."""
    same = Check("same SMILES", original.smiles == decoded.smiles)
    graph = compare_graphs(original, decoded)[0]
    if not (graph.passed and original.has_conformer and decoded.has_conformer):
        return [same, graph]
    (distance,) = compare_conformers(original, decoded)
    return [same, graph, Check("RMSD", distance.passed, distance.value, distance.unit, distance.detail)]


def compare_graphs(original: Molecule, decoded: Molecule) -> list[Check]:
    """Return whether graph, stereochemistry and isotopes agree, explicit hydrogens aside."""
    with BlockLogs():
        first, second = Chem.RemoveHs(original.mol), Chem.RemoveHs(decoded.mol)
    plain = [_smiles(mol, stereo=False, isotopes=False) for mol in (first, second)]
    marked = [_smiles(mol, stereo=True, isotopes=False) for mol in (first, second)]
    labelled = [_smiles(mol, stereo=False, isotopes=True) for mol in (first, second)]
    return [
        _same("same graph", *plain),
        _same("same stereochemistry", *marked),
        _same("same isotopes", *labelled),
    ]


def shown_stereochemistry(molecule: Molecule) -> str:
    """Return the canonical SMILES, without isotopes, whose stereo marks are those the conformer shows.

    Where the graph leaves a centre open, a conformer still takes a side; that side is what coordinates carry.
    """
    shown = with_shown_stereochemistry(molecule.mol) if molecule.has_conformer else molecule.mol
    with BlockLogs():
        return _smiles(Chem.RemoveHs(shown), stereo=True, isotopes=False)


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


def compare_shapes(original: Molecule, decoded: Molecule) -> list[Check]:
    """Return whether graph and stereochemistry agree, both read from the conformers, isotopes aside."""
    with BlockLogs():
        plain = [_smiles(Chem.RemoveHs(each.mol), stereo=False, isotopes=False) for each in (original, decoded)]
    shown = [shown_stereochemistry(molecule) for molecule in (original, decoded)]
    return [_same("same graph", *plain), _same("same stereochemistry", *shown)]


def compare_conformers(original: Molecule, decoded: Molecule) -> list[Check]:
    """Return the RMSD of a decoded conformer to the original one, over all explicit atoms.

    The original's atoms are taken in the order of its canonical SMILES, the decoded ones as they stand (the order
    a tokenizer gives them) and in canonical order, whichever is nearer. Equivalent atoms are not exchanged, so
    the value is an upper bound for symmetric molecules. ``passed`` is None where the explicit atoms differ.
    """
    name = "conformer RMSD"
    wanted = _canonical_order(original)
    if not original.has_conformer or not decoded.has_conformer:
        return [Check(name, None, detail="no conformer")]
    elements, target = _atoms(original, wanted)
    values: list[float] = []
    for order in (list(range(decoded.num_atoms)), _canonical_order(decoded)):
        found, placed = _atoms(decoded, order)
        if found == elements:
            values.append(float(rmsd(placed, target)))
    if not values:
        return [Check(name, None, detail="the explicit atoms differ")]
    return [Check(name, min(values) <= RMSD_LIMIT, min(values), "Angstrom")]


def _same(name: str, first: str, second: str) -> Check:
    return Check(name, first == second, detail="" if first == second else f"{first} became {second}")


def _smiles(mol: Chem.Mol, *, stereo: bool, isotopes: bool) -> str:
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


def _canonical_order(molecule: Molecule) -> list[int]:
    """Return the atoms in the order of the canonical Kekulé SMILES without stereo marks."""
    copy = Chem.Mol(molecule.mol)
    Chem.MolToSmiles(copy, kekuleSmiles=True, isomericSmiles=False)
    return list(copy.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"])


def _atoms(molecule: Molecule, order: list[int]) -> tuple[list[int], NDArray[np.float64]]:
    """Return atomic numbers and positions, ``float64 [num_atoms, 3]`` in Angstrom, in that order."""
    numbers = [molecule.mol.GetAtomWithIdx(index).GetAtomicNum() for index in order]
    return numbers, np.asarray(molecule.mol.GetConformer().GetPositions(), dtype=np.float64)[order]
