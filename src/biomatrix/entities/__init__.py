"""What a model reads and writes: kinds of entities, the files they live in, and the modalities that write them.

Everything particular to one kind is in the folder of that kind; the names below load when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

_HOME = {
    "Check": "biomatrix.entities.check",
    "Cell": "biomatrix.entities.cell.entity",
    "CellSet": "biomatrix.entities.cell.cell_set",
    "DEFAULT_LIMITS": "biomatrix.entities.limits",
    "Comparison": "biomatrix.entities.comparison",
    "Entity": "biomatrix.entities.base_entity",
    "Kind": "biomatrix.entities.registration",
    "Grammar": "biomatrix.entities.grammar",
    "Limits": "biomatrix.entities.limits",
    "Modality": "biomatrix.entities.base_modality",
    "Molecule": "biomatrix.entities.molecule.entity",
    "MoleculeCodes": "biomatrix.entities.molecule.structure.tokenizer",
    "MoleculeStructureTokenizer": "biomatrix.entities.molecule.structure.tokenizer",
    "NucleicAcid": "biomatrix.entities.nucleic.entity",
    "Protein": "biomatrix.entities.protein.entity",
    "ProteinStructureTokenizer": "biomatrix.entities.protein.structure.tokenizer",
    "Records": "biomatrix.entities.records",
    "RnaStructureTokenizer": "biomatrix.entities.nucleic.structure.tokenizer",
    "Reject": "biomatrix.entities.rejects",
    "compare": "biomatrix.entities.comparison",
    "default_modalities": "biomatrix.entities.modality_registry",
    "default_modality_names": "biomatrix.entities.modality_registry",
    "kind": "biomatrix.entities.kind_registry",
    "kind_names": "biomatrix.entities.kind_registry",
    "kind_of": "biomatrix.entities.kind_registry",
    "kinds": "biomatrix.entities.kind_registry",
    "modalities": "biomatrix.entities.modality_registry",
    "modality": "biomatrix.entities.modality_registry",
    "modality_names": "biomatrix.entities.modality_registry",
    "parse_entity": "biomatrix.entities.records",
    "read": "biomatrix.entities.records",
    "read_entities": "biomatrix.entities.records",
    "read_entity": "biomatrix.entities.records",
    "read_molecules": "biomatrix.entities.molecule.files.records",
    "read_proteins": "biomatrix.entities.protein.files.records",
    "register_kind": "biomatrix.entities.kind_registry",
    "register_modality": "biomatrix.entities.modality_registry",
    "unregister_kind": "biomatrix.entities.kind_registry",
    "write_entities": "biomatrix.entities.records",
    "write_molecules": "biomatrix.entities.molecule.files.records",
    "write_proteins": "biomatrix.entities.protein.files.records",
}

__all__ = [
    "DEFAULT_LIMITS",
    "Cell",
    "CellSet",
    "Check",
    "Comparison",
    "Entity",
    "Grammar",
    "Kind",
    "Limits",
    "Modality",
    "Molecule",
    "MoleculeCodes",
    "MoleculeStructureTokenizer",
    "NucleicAcid",
    "Protein",
    "ProteinStructureTokenizer",
    "Records",
    "Reject",
    "RnaStructureTokenizer",
    "compare",
    "default_modalities",
    "default_modality_names",
    "kind",
    "kind_names",
    "kind_of",
    "kinds",
    "modalities",
    "modality",
    "modality_names",
    "parse_entity",
    "read",
    "read_entities",
    "read_entity",
    "read_molecules",
    "read_proteins",
    "register_kind",
    "register_modality",
    "unregister_kind",
    "write_entities",
    "write_molecules",
    "write_proteins",
]

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.cell.cell_set import CellSet
    from biomatrix.entities.cell.entity import Cell
    from biomatrix.entities.check import Check
    from biomatrix.entities.comparison import Comparison, compare
    from biomatrix.entities.grammar import Grammar
    from biomatrix.entities.kind_registry import kind, kind_names, kind_of, kinds, register_kind, unregister_kind
    from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
    from biomatrix.entities.modality_registry import (
        default_modalities,
        default_modality_names,
        modalities,
        modality,
        modality_names,
        register_modality,
    )
    from biomatrix.entities.molecule.entity import Molecule
    from biomatrix.entities.molecule.files.records import read_molecules, write_molecules
    from biomatrix.entities.molecule.structure.tokenizer import MoleculeCodes, MoleculeStructureTokenizer
    from biomatrix.entities.nucleic.entity import NucleicAcid
    from biomatrix.entities.nucleic.structure.tokenizer import RnaStructureTokenizer
    from biomatrix.entities.protein.entity import Protein
    from biomatrix.entities.protein.files.records import read_proteins, write_proteins
    from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
    from biomatrix.entities.records import Records, parse_entity, read, read_entities, read_entity, write_entities
    from biomatrix.entities.registration import Kind
    from biomatrix.entities.rejects import Reject

__getattr__ = lazy_names(__name__, _HOME)
