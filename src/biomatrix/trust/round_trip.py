"""Does what came back agree with what went in: graph, stereochemistry, sequence, coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.structure.geometry import rmsd, tm_score
from biomatrix.trust.check import Check

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities import Molecule, Protein

MOLECULE_RMSD_LIMIT = 1.0
"""Angstrom over all atoms after superposition, past which a conformer counts as another one."""
BACKBONE_RMSD_LIMIT = 2.0
"""Angstrom over N, CA and C after superposition."""
TM_SCORE_LIMIT = 0.5
"""Below this TM-score two chains are taken not to share a fold (Xu and Zhang 2010)."""


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
    return [Check(name, min(values) <= MOLECULE_RMSD_LIMIT, min(values), "Angstrom")]


def compare_sequences(original: Protein, decoded: Protein) -> list[Check]:
    """Return whether two sequences are equal, with their identity where the lengths agree."""
    same = original.sequence == decoded.sequence
    if len(original) != len(decoded):
        return [Check("same sequence", False, detail=f"{len(original)} and {len(decoded)} residues")]
    equal = sum(a == b for a, b in zip(original.sequence, decoded.sequence, strict=True))
    return [Check("same sequence", same, equal / len(original) if len(original) else None, "identity")]


def compare_backbones(original: Protein, decoded: Protein) -> list[Check]:
    """Return RMSD and TM-score over residues resolved in both, and whether the same residues are resolved."""
    if len(original) != len(decoded):
        return [Check("same residues resolved", False, detail=f"{len(original)} and {len(decoded)} residues")]
    differing = int((original.resolved != decoded.resolved).sum())
    checks = [Check("same residues resolved", differing == 0, float(differing), "residues")]
    both = original.resolved & decoded.resolved
    if original.backbone is None or decoded.backbone is None or both.sum() < 3:
        return [*checks, Check("backbone RMSD", None), Check("TM-score", None)]
    native, made = original.backbone[both], decoded.backbone[both]
    deviation = float(rmsd(made.reshape(-1, 3), native.reshape(-1, 3)))
    score = float(tm_score(made[:, 1], native[:, 1]))
    return [
        *checks,
        Check("backbone RMSD", deviation <= BACKBONE_RMSD_LIMIT, deviation, "Angstrom"),
        Check("TM-score", score >= TM_SCORE_LIMIT, score, "from 0 to 1"),
    ]


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
