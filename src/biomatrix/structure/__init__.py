"""The learned structure tokenizers: coordinates in, one code an atom or residue out, and back."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from biomatrix.structure.molecule.tokenizer import MoleculeCodes, MoleculeStructureTokenizer
    from biomatrix.structure.protein.tokenizer import ProteinStructureTokenizer

_EXPORTS = {
    "MoleculeCodes": "biomatrix.structure.molecule.tokenizer",
    "MoleculeStructureTokenizer": "biomatrix.structure.molecule.tokenizer",
    "ProteinStructureTokenizer": "biomatrix.structure.protein.tokenizer",
}

__all__ = ["MoleculeCodes", "MoleculeStructureTokenizer", "ProteinStructureTokenizer"]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_EXPORTS[name]), name)
