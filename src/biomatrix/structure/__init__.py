"""The learned structure tokenizers: coordinates in, one code an atom or residue out, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

if TYPE_CHECKING:
    from biomatrix.structure.molecule.tokenizer import MoleculeCodes, MoleculeStructureTokenizer
    from biomatrix.structure.protein.tokenizer import ProteinStructureTokenizer

_HOME = {
    "MoleculeCodes": "biomatrix.structure.molecule.tokenizer",
    "MoleculeStructureTokenizer": "biomatrix.structure.molecule.tokenizer",
    "ProteinStructureTokenizer": "biomatrix.structure.protein.tokenizer",
}

__all__ = ["MoleculeCodes", "MoleculeStructureTokenizer", "ProteinStructureTokenizer"]

__getattr__ = lazy_names(__name__, _HOME)
