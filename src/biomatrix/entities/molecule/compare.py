"""What two molecules share: graph, stereochemistry, isotopes, the shape of their conformers."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities.check import Check
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.thresholds import RMSD_LIMIT
from biomatrix.metrics.conformer_rmsd import conformer_rmsd
from biomatrix.metrics.stereochemistry import canonical_smiles, shown_smiles


def compare_molecules(original: Molecule, decoded: Molecule) -> list[Check]:
    """Return whether two molecules are the same, and how far their atoms are apart where both have a conformer."""
    same = Check("same SMILES", original.smiles == decoded.smiles)
    graph = compare_graphs(original, decoded)[0]
    if not (graph.passed and original.has_conformer and decoded.has_conformer):
        return [same, graph]
    (distance,) = compare_conformers(original, decoded)
    return [same, graph, replace(distance, name="RMSD")]


def compare_graphs(original: Molecule, decoded: Molecule) -> list[Check]:
    """Return whether graph, stereochemistry and isotopes agree, explicit hydrogens aside."""
    with BlockLogs():
        first, second = Chem.RemoveHs(original.mol), Chem.RemoveHs(decoded.mol)
    plain = [canonical_smiles(mol, stereo=False, isotopes=False) for mol in (first, second)]
    marked = [canonical_smiles(mol, stereo=True, isotopes=False) for mol in (first, second)]
    labelled = [canonical_smiles(mol, stereo=False, isotopes=True) for mol in (first, second)]
    return [
        _same("same graph", *plain),
        _same("same stereochemistry", *marked),
        _same("same isotopes", *labelled),
    ]


@lru_cache(maxsize=256)  # a molecule is asked about when it is encoded and again when its losses are told
def shown_stereochemistry(molecule: Molecule) -> str:
    """Return the canonical SMILES, without isotopes, whose stereo marks are those the conformer shows.

    Where the graph leaves a centre open, a conformer still takes a side; that side is what coordinates carry.
    """
    return shown_smiles(molecule.mol)


def compare_shapes(original: Molecule, decoded: Molecule) -> list[Check]:
    """Return whether graph and stereochemistry agree, both read from the conformers, isotopes aside."""
    with BlockLogs():
        plain = [
            canonical_smiles(Chem.RemoveHs(each.mol), stereo=False, isotopes=False) for each in (original, decoded)
        ]
    shown = [shown_stereochemistry(molecule) for molecule in (original, decoded)]
    return [_same("same graph", *plain), _same("same stereochemistry", *shown)]


def compare_conformers(original: Molecule, decoded: Molecule) -> list[Check]:
    """Return the RMSD of a decoded conformer to the original; ``passed`` is None where the explicit atoms differ."""
    name = "conformer RMSD"
    if not original.has_conformer or not decoded.has_conformer:
        return [Check(name, None, detail="no conformer")]
    distance = conformer_rmsd(original.mol, decoded.mol)
    if distance is None:
        return [Check(name, None, detail="the explicit atoms differ")]
    return [Check(name, distance <= RMSD_LIMIT, distance, "Angstrom", threshold=RMSD_LIMIT)]


def _same(name: str, first: str, second: str) -> Check:
    return Check(name, first == second, detail="" if first == second else f"{first} became {second}")
