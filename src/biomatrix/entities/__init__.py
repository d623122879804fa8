"""Molecules and proteins as Python objects, and the files they live in."""

from __future__ import annotations

from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.molecule import Molecule
from biomatrix.entities.molecule_files import read_molecules, write_molecules
from biomatrix.entities.protein import Protein
from biomatrix.entities.protein_files import read_proteins, write_proteins
from biomatrix.entities.rejects import Reject

Entity = Molecule | Protein

__all__ = [
    "DEFAULT_LIMITS",
    "Entity",
    "Limits",
    "Molecule",
    "Protein",
    "Reject",
    "read_molecules",
    "read_proteins",
    "write_molecules",
    "write_proteins",
]
