"""How much of an entity came back: the same graph, the same sequence, the distance between two structures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdMolAlign

from biomatrix.entities import Entity, Molecule, Protein
from biomatrix.errors import ConfigurationError
from biomatrix.structure.geometry import rmsd, superimpose, tm_score

MAX_MATCHES = 1000
"""Atom mappings tried for a symmetric molecule before the best so far is taken."""


@dataclass(frozen=True)
class Agreement:
    """What two entities share; a field is None where it does not apply.

    Parameters
    ----------
    same_text : bool, optional
        The same canonical isomeric SMILES, or the same sequence; None where one side has no sequence.
    same_graph : bool, optional
        The same molecule when stereochemistry and isotopes are left aside.
    rmsd : float, optional
        Angstrom after superposition: heavy atoms of a molecule, symmetry considered; N, CA, C of a protein.
    tm_score : float, optional
        TM-score over the CA atoms resolved in both.
    """

    same_text: bool | None = None
    same_graph: bool | None = None
    rmsd: float | None = None
    tm_score: float | None = None

    def __str__(self) -> str:
        parts = []
        if self.same_text is not None:
            parts.append("identical text" if self.same_text else "text differs")
        if self.same_graph is False:
            parts.append("different molecule")
        elif self.same_graph and not self.same_text:
            parts.append("same graph")
        if self.rmsd is not None:
            parts.append(f"RMSD {self.rmsd:.2f} A")
        if self.tm_score is not None:
            parts.append(f"TM-score {self.tm_score:.3f}")
        return ", ".join(parts)


def compare(original: Entity, decoded: Entity) -> Agreement:
    """Return what two entities of one kind share."""
    if isinstance(original, Molecule) and isinstance(decoded, Molecule):
        return compare_molecules(original, decoded)
    if isinstance(original, Protein) and isinstance(decoded, Protein):
        return compare_proteins(original, decoded)
    raise ConfigurationError(f"a {original.kind} and a {decoded.kind} cannot be compared")


def compare_molecules(original: Molecule, decoded: Molecule) -> Agreement:
    """Return whether two molecules are the same, and how far their heavy atoms are apart."""
    same_graph = _flat(original) == _flat(decoded)
    distance = None
    if same_graph and original.has_structure and decoded.has_structure:
        distance = heavy_atom_rmsd(original, decoded)
    return Agreement(same_text=original.smiles == decoded.smiles, same_graph=same_graph, rmsd=distance)


def compare_proteins(original: Protein, decoded: Protein) -> Agreement:
    """Return whether two chains have the same sequence, and how far their backbones are apart.

    A side whose sequence is all X was decoded from structure alone and says nothing about the sequence.
    """
    named = set(original.sequence) != {"X"} and set(decoded.sequence) != {"X"}
    same = original.sequence == decoded.sequence if named else None
    if original.backbone is None or decoded.backbone is None or len(original) != len(decoded):
        return Agreement(same_text=same)
    both = original.resolved & decoded.resolved
    if np.count_nonzero(both) < 3:
        return Agreement(same_text=same)
    first, second = decoded.backbone[both], original.backbone[both]
    return Agreement(
        same_text=same,
        rmsd=float(rmsd(first.reshape(-1, 3), second.reshape(-1, 3))),
        tm_score=tm_score(first[:, 1], second[:, 1]),
    )


def lay_over(moving: Entity, target: Entity) -> Entity:
    """Return the entity superimposed on the target, or as it is where the two cannot be paired atom by atom."""
    if isinstance(moving, Molecule) and isinstance(target, Molecule):
        found = _best_alignment(moving, target)
        if found is None or moving.coordinates is None:
            return moving
        rotation, shift = found[1][:3, :3], found[1][:3, 3]
        return moving.with_coordinates(moving.coordinates @ rotation.T + shift)
    if isinstance(moving, Protein) and isinstance(target, Protein):
        if moving.backbone is None or target.backbone is None or len(moving) != len(target):
            return moving
        placed = superimpose(moving.backbone.reshape(-1, 3), target.backbone.reshape(-1, 3))
        return replace(moving, backbone=placed.reshape(-1, 3, 3).astype(np.float32))
    return moving


def heavy_atom_rmsd(original: Molecule, decoded: Molecule) -> float | None:
    """Return the RMSD of the heavy atoms in Angstrom over the best symmetry mapping, or None where none is found."""
    found = _best_alignment(decoded, original)
    return None if found is None else found[0]


def _best_alignment(moving: Molecule, target: Molecule) -> tuple[float, NDArray[np.float64]] | None:
    """Return the RMSD and the 4x4 transform of the best superposition of the heavy atoms."""
    first, second = (_without_labels(molecule) for molecule in (moving, target))
    if not second.GetNumAtoms():
        return None
    try:
        distance, transform, _ = rdMolAlign.GetBestAlignmentTransform(first, second, maxMatches=MAX_MATCHES)
    except RuntimeError:  # RDKit finds no mapping where bond orders were perceived differently
        return None
    return float(distance), np.asarray(transform, dtype=np.float64)


def _flat(molecule: Molecule) -> str:
    return str(Chem.MolToSmiles(Chem.RemoveHs(molecule.mol), isomericSmiles=False))


def _without_labels(molecule: Molecule) -> Chem.Mol:
    """Return the heavy atoms without stereo marks and isotopes, which would hinder the mapping."""
    mol = Chem.RemoveHs(molecule.mol)
    Chem.RemoveStereochemistry(mol)
    for atom in mol.GetAtoms():
        atom.SetIsotope(0)
    return mol
