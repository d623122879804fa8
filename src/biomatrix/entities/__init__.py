"""Molecules and proteins as Python objects, and the files they live in."""

from __future__ import annotations

from biomatrix.entities.molecule import Molecule
from biomatrix.entities.protein import Protein

Entity = Molecule | Protein

__all__ = ["Entity", "Molecule", "Protein"]
