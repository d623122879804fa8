"""Protein backbones: one token per residue, ``<S 153>``; ``<S -1>`` where a residue is unresolved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.coded_backbone import CodedBackbone
from biomatrix.entities.protein.entity import Protein
from biomatrix.errors import UnsupportedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from biomatrix.entities.check import Check
    from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer

UNRESOLVED = "<S -1>"


class ProteinStructure(CodedBackbone[Protein]):
    """The backbone (N, CA, C) of one chain as codes of a structure tokenizer.

    Parameters
    ----------
    tokenizer : ProteinStructureTokenizer, str or Path
        The tokenizer, or the shipped name or folder to open it from when it is first needed.
    """

    name: ClassVar[str] = "protein_structure"
    kind: ClassVar[str] = "protein"
    file_format: ClassVar[str] = "pdb"
    start_token: ClassVar[str] = "<|prot_3d_start|>"
    end_token: ClassVar[str] = "<|prot_3d_end|>"
    start_description: ClassVar[str] = "Begins a protein 3D structure"
    end_description: ClassVar[str] = "Ends a protein 3D structure"
    token_pattern: ClassVar[re.Pattern[str]] = re.compile(r"<S (?:-1|0|[1-9]\d*)>")
    token_word: ClassVar[str] = "S"
    frame_atoms: ClassVar[str] = "N, CA and C"
    counts: ClassVar[str | None] = "residue"
    cannot_carry: ClassVar[tuple[str, ...]] = (
        "residue types: a decoded chain is all X",
        "side chains, hydrogens and the oxygens of the backbone",
        "ligands, waters, ions and other chains",
        "where the chain lies in space",
        "coordinates finer than the tokenizer's stated error",
        "atoms of residues that miss one of N, CA and C",
        "the chain's identifier, residue numbers and insertion codes",
        "B-factors, occupancies, name and notes",
    )

    @classmethod
    def tokenizer_class(cls) -> type[ProteinStructureTokenizer]:
        """Return the class that opens a tokenizer by name."""
        from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer

        return ProteinStructureTokenizer

    def resolved_chain(self, entity: Entity) -> Protein:
        """Return the chain, checked. Raises UnsupportedError where no residue has N, CA and C."""
        if not isinstance(entity, Protein):
            raise UnsupportedError(f"protein_structure writes a Protein, not a {type(entity).__name__}")
        entity = entity.checked()
        if not entity.resolved.any():
            reason = "no residue has all of N, CA and C" if entity.has_structure else "the chain has no coordinates"
            raise UnsupportedError(reason, record=entity.name or None)
        return entity

    def made(self, backbone: NDArray[np.float32]) -> Protein:
        """Return a chain of unknown residues with a decoded backbone."""
        return Protein("X" * len(backbone), backbone)

    def check(self, entity: Entity) -> list[Check]:
        """Return whether the backbone's geometry is that of a protein."""
        from biomatrix.entities.protein.checks import check_backbone

        if not isinstance(entity, Protein):
            raise UnsupportedError(f"{self.name} checks a Protein, not a {type(entity).__name__}")
        return check_backbone(entity)
