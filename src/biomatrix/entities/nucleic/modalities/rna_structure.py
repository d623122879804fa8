"""RNA backbones: one token per nucleotide, ``<R 153>``; ``<R -1>`` where a nucleotide is unresolved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.coded_backbone import CodedBackbone
from biomatrix.entities.nucleic.bases import ANY
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.errors import UnsupportedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from biomatrix.entities.check import Check
    from biomatrix.entities.nucleic.structure.tokenizer import RnaStructureTokenizer


class RnaStructure(CodedBackbone[NucleicAcid]):
    """The backbone of one strand, to the bases' planes, as codes of a structure tokenizer.

    Parameters
    ----------
    tokenizer : RnaStructureTokenizer, str or Path
        The tokenizer, or the shipped name or folder to open it from when it is first needed.
    """

    name: ClassVar[str] = "rna_structure"
    kind: ClassVar[str] = "rna"
    file_format: ClassVar[str] = "pdb"
    start_token: ClassVar[str] = "<|rna_3d_start|>"
    end_token: ClassVar[str] = "<|rna_3d_end|>"
    start_description: ClassVar[str] = "Begins an RNA 3D structure"
    end_description: ClassVar[str] = "Ends an RNA 3D structure"
    token_pattern: ClassVar[re.Pattern[str]] = re.compile(r"<R (?:-1|0|[1-9]\d*)>")
    token_word: ClassVar[str] = "R"
    frame_atoms: ClassVar[str] = "P, C4' and the glycosidic N"
    counts: ClassVar[str | None] = "nucleotide"
    cannot_carry: ClassVar[tuple[str, ...]] = (
        "bases: a decoded strand is all N",
        "atoms of the bases but those at the glycosidic bond, and hydrogens",
        "ligands, waters, ions and other strands",
        "where the strand lies in space",
        "coordinates finer than the tokenizer's stated error",
        "nucleotides that miss one of P, C4' and the glycosidic N, such as a first one without phosphate",
        "the strand's identifier, residue numbers and insertion codes",
        "features, base pairs, modified residues, soft masking, name and notes",
    )

    @classmethod
    def tokenizer_class(cls) -> type[RnaStructureTokenizer]:
        """Return the class that opens a tokenizer by name."""
        from biomatrix.entities.nucleic.structure.tokenizer import RnaStructureTokenizer

        return RnaStructureTokenizer

    def resolved_chain(self, entity: Entity) -> NucleicAcid:
        """Return the strand, checked. Raises UnsupportedError where no nucleotide has its three beads."""
        from biomatrix.entities.nucleic.structure.nucleotide.beads import resolved_nucleotides

        if not isinstance(entity, NucleicAcid) or entity.kind != self.kind:
            raise UnsupportedError(f"{self.name} writes RNA, not a {type(entity).__name__}")
        entity = entity.checked()
        if entity.backbone is None:
            raise UnsupportedError("the strand has no coordinates", record=entity.name or None)
        if not resolved_nucleotides(entity.backbone).any():
            raise UnsupportedError(f"no nucleotide has all of {self.frame_atoms}", record=entity.name or None)
        return entity

    def made(self, backbone: NDArray[np.float32]) -> NucleicAcid:
        """Return a strand of unknown bases with a decoded backbone."""
        return NucleicAcid(ANY * len(backbone), self.kind, backbone=backbone)

    def check(self, entity: Entity) -> list[Check]:
        """Return whether the backbone's geometry is that of a nucleic acid."""
        from biomatrix.entities.nucleic.checks import check_backbone

        if not isinstance(entity, NucleicAcid):
            raise UnsupportedError(f"{self.name} checks a NucleicAcid, not a {type(entity).__name__}")
        return check_backbone(entity)
