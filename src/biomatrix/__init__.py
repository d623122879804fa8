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
    "Cell": "biomatrix.entities",
    "CellSet": "biomatrix.entities",
    "Entity": "biomatrix.entities",
    "Kind": "biomatrix.entities",
    "Modality": "biomatrix.entities",
    "Model": "biomatrix.generation",
    "Molecule": "biomatrix.entities",
    "MoleculeStructureTokenizer": "biomatrix.entities",
    "NucleicAcid": "biomatrix.entities",
    "Protein": "biomatrix.entities",
    "ProteinStructureTokenizer": "biomatrix.entities",
    "RnaStructureTokenizer": "biomatrix.entities",
    "Soft": "biomatrix.soft.prompt_part",
    "Vocabulary": "biomatrix.vocabulary",
    "load": "biomatrix.generation",
    "modality": "biomatrix.entities",
    "read": "biomatrix.entities",
    "register_kind": "biomatrix.entities",
    "register_modality": "biomatrix.entities",
    "relax": "biomatrix.trust",
}

__all__ = [
    "BioMatrixError",
    "Cell",
    "CellSet",
    "Entity",
    "Kind",
    "Modality",
    "Model",
    "Molecule",
    "MoleculeStructureTokenizer",
    "NucleicAcid",
    "Protein",
    "ProteinStructureTokenizer",
    "RnaStructureTokenizer",
    "Soft",
    "Vocabulary",
    "__version__",
    "load",
    "modality",
    "read",
    "register_kind",
    "register_modality",
    "relax",
]

if TYPE_CHECKING:
    from biomatrix.entities import (
        Cell,
        CellSet,
        Entity,
        Kind,
        Modality,
        Molecule,
        MoleculeStructureTokenizer,
        NucleicAcid,
        Protein,
        ProteinStructureTokenizer,
        RnaStructureTokenizer,
        modality,
        read,
        register_kind,
        register_modality,
    )
    from biomatrix.errors import BioMatrixError
    from biomatrix.generation import Model, load
    from biomatrix.soft.prompt_part import Soft
    from biomatrix.trust import relax
    from biomatrix.vocabulary import Vocabulary

__getattr__ = lazy_names(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
