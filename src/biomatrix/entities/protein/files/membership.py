"""Which residues of a file are amino acids, and which amino acids are links of a chain rather than ligands beside it.

Programs write ligands as ATOM records, lipids under the names of amino acids, and what the standard calls HETATM within
the chain. So the record type alone decides nothing: the atoms say what a residue is, the peptide bond what it is of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from biomatrix.entities.protein.files.residue import BACKBONE, Residue, are_joined
from biomatrix.entities.structure_files.atom_table import AtomTable
from biomatrix.entities.structure_files.force_fields import CAPS, IONS, LIPIDS
from biomatrix.entities.structure_files.residues import NAMED, NUCLEOTIDES, STANDARD, WATERS, letter_of

_LONGEST_BOND: Final[float] = 2.2
"""Of N to CA and CA to C, in Angstrom: longer, they are atoms of something else under these names."""
_LARGEST_AMINO_ACID: Final[int] = 12
"""Heavy atoms that the small amino acids have at most whose names lipids share."""


def is_amino_acid(table: AtomTable, residue: Residue) -> bool:
    """Return whether a residue is an amino acid by its name and its atoms, wherever it lies."""
    rows, name = residue.rows, residue.name
    state = int(table.polymer[rows[0]])
    atoms = set(table.atom[rows].tolist())
    if state == 0 or name in WATERS or not atoms & set(BACKBONE):
        return False
    whole = set(BACKBONE) <= atoms
    if name in NUCLEOTIDES:
        return whole and letter_of(name) is not None
    if name in LIPIDS:
        return whole and letter_of(name) is not None and _is_bonded(residue) and _is_small(atoms)
    if name in STANDARD or name in NAMED:
        return True
    if name in IONS or name in CAPS:
        return False
    if letter_of(name) is not None:
        return "CA" in atoms
    # A residue no table knows is an amino acid by its atoms: the whole backbone, or CA in a trace of CA alone.
    return whole or (state == 1 and not table.hetero[rows[0]] and atoms == {"CA"})


def kind_of(table: AtomTable, residue: Residue) -> str:
    """Return what a residue is called that is no part of a chain: its kind, with its name where that says more."""
    atoms = set(table.atom[residue.rows].tolist())
    name = residue.name
    if name in WATERS:
        return "water"
    sugar = {"C1'", "C3'"} <= atoms or {"C1*", "C3*"} <= atoms
    if name in NUCLEOTIDES or (sugar and table.polymer[residue.rows[0]] != 0):
        return "nucleotide"
    if name in STANDARD and not atoms & set(BACKBONE):
        return "residue without backbone atoms " + name
    return ("cap " if name in CAPS else "ligand ") + name


def split_ligands(table: AtomTable, residues: Sequence[Residue]) -> tuple[list[Residue], list[Residue]]:
    """Return the residues that are links of the chain, and those that are ligands under its identifier.

    Parameters
    ----------
    table : AtomTable
    residues : sequence of Residue
        The amino acids under one chain identifier, in file order.
    """
    joined = [False] * len(residues)
    for index in range(1, len(residues)):
        if are_joined(residues[index - 1], residues[index]):
            joined[index - 1] = joined[index] = True
    links: list[Residue] = []
    ligands: list[Residue] = []
    for index, residue in enumerate(residues):
        stays = joined[index] or not _is_doubtful(table, residues, index)
        (links if stays else ligands).append(residue)
    return links, ligands


def is_lone_ligand(table: AtomTable, residue: Residue) -> bool:
    """Return whether the only amino acid under an identifier is a ligand where the file holds a chain besides."""
    return int(table.polymer[residue.rows[0]]) < 0 or _is_unknown(residue)


def _is_doubtful(table: AtomTable, residues: Sequence[Residue], index: int) -> bool:
    """Whether a residue that no peptide bond joins to another is a ligand rather than a link between two gaps."""
    residue = residues[index]
    first = residue.rows[0]
    if len(residues) == 1:
        return _is_unknown(residue) and table.label_chain[first] == ""
    if table.polymer[first] < 0:
        return True
    if table.label_chain[first] != "" and not _is_unknown(residue):
        return False
    last = index == len(residues) - 1
    sections = table.section[[other.rows[0] for other in residues]]
    own_section = index > 0 and last and sections[index] > sections[index - 1]
    hetero_end = last and bool(table.hetero[first])
    return _is_unknown(residue) or own_section or hetero_end


def _is_unknown(residue: Residue) -> bool:
    """Whether neither the name nor, where that is no common one, the bonds within are those of an alpha amino acid."""
    common = residue.name in STANDARD or residue.name in NAMED
    return letter_of(residue.name) is None or not (common or _is_bonded(residue))


def _is_bonded(residue: Residue) -> bool:
    """Whether N, CA and C are as near to each other as bonds are, as far as they have positions."""
    n, ca, c = residue.positions
    lengths = np.linalg.norm([n - ca, c - ca], axis=1)
    return bool((~np.isfinite(lengths) | (lengths < _LONGEST_BOND)).all())


def _is_small(atoms: set[str]) -> bool:
    heavy = {atom for atom in atoms if not atom.lstrip("0123456789").startswith(("H", "D"))}
    return len(heavy) <= _LARGEST_AMINO_ACID and not any(atom.startswith("P") for atom in heavy)
