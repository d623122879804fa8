"""One language model that reads and writes text, molecules and proteins as tokens of one vocabulary.

The public names below load on first use, so that ``import biomatrix`` stays quick: torch and transformers
are imported only by what needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

__version__ = "0.1.0"

_HOME = {
    "BioMatrixError": "biomatrix.errors",
    "Molecule": "biomatrix.entities",
    "Protein": "biomatrix.entities",
    "modality": "biomatrix.entities",
    "read": "biomatrix.entities",
    "MoleculeStructureTokenizer": "biomatrix.entities",
    "ProteinStructureTokenizer": "biomatrix.entities",
    "Vocabulary": "biomatrix.vocabulary",
    "Model": "biomatrix.generation",
    "load": "biomatrix.generation",
}

__all__ = [
    "BioMatrixError",
    "Model",
    "Molecule",
    "MoleculeStructureTokenizer",
    "Protein",
    "ProteinStructureTokenizer",
    "Vocabulary",
    "__version__",
    "load",
    "modality",
    "read",
]

if TYPE_CHECKING:
    from biomatrix.entities import (
        Molecule,
        MoleculeStructureTokenizer,
        Protein,
        ProteinStructureTokenizer,
        modality,
        read,
    )
    from biomatrix.errors import BioMatrixError
    from biomatrix.generation import Model, load
    from biomatrix.vocabulary import Vocabulary

__getattr__ = lazy_names(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
