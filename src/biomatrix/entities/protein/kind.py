"""The registration of proteins."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from biomatrix.entities.check import Check
from biomatrix.entities.fasta import EXTENSIONS as FASTA_EXTENSIONS
from biomatrix.entities.fasta import FORMAT as FASTA
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.registration import (
    Example,
    FileFormat,
    Kind,
    PublishedCheckpoint,
    ShownTask,
    Table,
    View,
    ViewerStyle,
)
from biomatrix.entities.rejects import Reject
from biomatrix.entities.samples import Sample
from biomatrix.errors import UnsupportedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.protein.entity import Protein
    from biomatrix.entities.writers import RecordWriter, Refusal

_HERE = "biomatrix.entities.protein"
_NUCLEOTIDES = frozenset("ACGTUN")
_AMBIGUOUS_NUCLEOTIDES = frozenset("ACGTUNRYSWKMBDHV")
_CERTAIN_SHARE = 0.9
"""The share of A, C, G, T, U and N from which text in codes of nucleotides is no chain of amino acids."""
_DOUBTFUL_SHARE = 0.75
"""The share from which it may be either; silk is glycine and alanine to five in six."""
_SURELY_NUCLEIC = 12
"""Longer texts that use only the letters of nucleotides are taken to be nucleic acids, not chains of amino acids."""

_WRITTEN: Final = re.compile(r"(?<![A-Za-z])[A-Z]{20,}(?![A-Za-z])")
"""A run of capitals in a text that is too long for a word or an abbreviation."""


def _is_nucleic(record: str, share: float = _CERTAIN_SHARE) -> bool:
    """Return whether letters can be those of DNA or RNA, few of them codes for several bases."""
    letters = record.upper().rstrip("*")
    certain = sum(letters.count(letter) for letter in _NUCLEOTIDES)
    return set(letters) <= _AMBIGUOUS_NUCLEOTIDES and certain >= share * len(letters) > 0


class ProteinKind(Kind):
    """Protein chains: a sequence, perhaps with its backbone."""

    name: ClassVar[str] = "protein"
    plural: ClassVar[str] = "proteins"
    typed_as: ClassVar[str] = "a sequence of one-letter codes"
    formats: ClassVar[tuple[FileFormat, ...]] = (
        FileFormat("pdb", (".pdb", ".ent")),
        FileFormat("cif", (".cif", ".mmcif")),
        FileFormat("bcif", (".bcif",)),
        FileFormat(FASTA, FASTA_EXTENSIONS, appends=True, structure=False, starts=">"),
    )
    record_words: ClassVar[tuple[str, ...]] = ("protein", "peptide")
    refused_extensions: ClassVar[Mapping[str, str]] = {
        ".mmtf": "MMTF was retired by the PDB in 2024; download the entry as .bcif or .cif",
        ".a3m": "an alignment, whose sequences have gaps; give the sequences without gaps as .fasta",
        ".gro": "GRO holds no chains; write .pdb, as with gmx editconf",
        ".xtc": "a trajectory; write a frame of it as .pdb",
        ".dcd": "a trajectory; write a frame of it as .pdb",
    }
    modalities: ClassVar[Mapping[str, str]] = {
        "protein_sequence": f"{_HERE}.modalities.sequence:ProteinSequence",
        "protein_structure": f"{_HERE}.modalities.structure:ProteinStructure",
    }
    encoders: ClassVar[Mapping[str, str]] = {"kmers": f"{_HERE}.encoders.kmers:KmerCounts"}
    architectures: ClassVar[Mapping[str, str]] = {
        "geometric": f"{_HERE}.structure.geometric.tokenizer:GeometricTokenizer",
        "anchored": f"{_HERE}.structure.anchored.tokenizer:AnchoredTokenizer",
        "gcp_vqvae": f"{_HERE}.structure.gcp_vqvae.tokenizer:GCPVQVAETokenizer",
    }
    weights: ClassVar[Path | None] = Path(__file__).parent / "structure" / "weights"
    default_tokenizer: ClassVar[str | None] = "geometric-256"
    former_tokenizers: ClassVar[Mapping[str, str]] = {
        "geometric": "it is now called geometric-4096",
        "anchored": "it is now called anchored-4096",
        "gcp_vqvae-small": "it is now called gcp_vqvae-4096",
        "anchored-1024": "it is no longer shipped; use anchored-4096, or name its folder",
    }
    published: ClassVar[Mapping[str, PublishedCheckpoint]] = {
        "gcp_vqvae": PublishedCheckpoint(
            b"vqvae.vector_quantizer.", f"{_HERE}.structure.gcp_vqvae.conversion:convert_checkpoint"
        )
    }
    trainers: ClassVar[Mapping[str, str]] = {
        "geometric": f"{_HERE}.structure.geometric.recipe:train",
        "anchored": f"{_HERE}.structure.anchored.recipe:train",
        "gcp_vqvae": f"{_HERE}.structure.gcp_vqvae.recipe:train_recipe",
    }
    constraints: ClassVar[Mapping[str, str]] = {
        "fixed": f"{_HERE}.constraints.fixed:Fixed",
        "composition": f"{_HERE}.constraints.composition:Composition",
        "motif": f"{_HERE}.constraints.patterns:Motif",
        "pattern": f"{_HERE}.constraints.patterns:Pattern",
        "forbidden": f"{_HERE}.constraints.patterns:Forbidden",
        "sequence": f"{_HERE}.constraints.kept_sequence:KeptSequence",
        "structure": f"{_HERE}.constraints.kept_structure:KeptStructure",
        "unresolved": f"{_HERE}.constraints.resolved:Unresolved",
    }
    size_limit: ClassVar[str | None] = "residues_per_chain"
    tables: ClassVar[tuple[Table, ...]] = (
        Table(
            "chains",
            ("id", "sequence", "coords"),
            f"{_HERE}.files.tables:read_chain_table",
            held_out=f"{_HERE}.files.tables:read_test_split",
        ),
    )
    round_trip: ClassVar[str | None] = f"{_HERE}.round_trip.measure:round_trip"
    round_trip_options: ClassVar[str | None] = "biomatrix.entities.chain_trip_options:ChainTripOptions"
    relaxations: ClassVar[Mapping[str, str]] = {"openmm": f"{_HERE}.relaxation.openmm_minimisation:openmm"}
    conditionals: ClassVar[tuple[str, str] | None] = ("protein_sequence", "protein_structure")
    parity: ClassVar[Mapping[str, str]] = {"gcp_vqvae": f"{_HERE}.structure.gcp_vqvae.parity:COMPARISON"}
    held_out_by_identity: ClassVar[bool] = False
    views: ClassVar[tuple[View, ...]] = (
        View("protein_sequence", "window", ("protein_sequence",)),
        View("protein_structure", "window", ("protein_structure",)),
        View("protein_joint", "joint", ("protein_sequence", "protein_structure")),
        View(
            "protein_mixed",
            "composed",
            parts={
                "protein_sequence": 1.0,
                "protein_structure": 0.5,
                "name": 0.9,
                "organism": 0.6,
                "location": 0.9,
                "membrane": 0.9,
                "function": 0.8,
            },
        ),
    )
    filters: ClassVar[Mapping[str, str]] = {
        "protein_length": "biomatrix.entities.protein.filters:ProteinLength",
        "protein_unknown": "biomatrix.entities.protein.filters:ProteinUnknown",
        "protein_complexity": "biomatrix.entities.protein.filters:ProteinComplexity",
        "protein_resolution": "biomatrix.entities.protein.filters:ProteinResolution",
        "protein_confidence": "biomatrix.entities.protein.filters:ProteinConfidence",
        "protein_backbone": "biomatrix.entities.protein.filters:ProteinBackbone",
    }
    shown_tasks: ClassVar[tuple[ShownTask, ...]] = (
        ShownTask("fold_protein", "Propose a fold for a sequence"),
        ShownTask("inverse_fold_protein", "Propose a sequence for a fold"),
    )
    viewer: ClassVar[tuple[str, ViewerStyle] | None] = ("pdb", "backbone")
    colours: ClassVar[Mapping[str, tuple[str, str]]] = {
        "protein_sequence": ("#1f6f54", "#67c9a3"),
        "protein_structure": ("#1e5aa8", "#7fb2f2"),
    }

    @property
    def entity(self) -> type[Protein]:
        from biomatrix.entities.protein.entity import Protein

        return Protein

    def parse(self, text: str, name: str = "", *, limits: Limits = DEFAULT_LIMITS) -> Protein:
        return self.entity.from_sequence(text, name, limits=limits)

    def text(self, entity: Protein) -> str:
        return entity.sequence

    def to_bytes(self, entity: Protein) -> bytes:
        """A line of JSON (sequence, labels, notes), then the backbone as little-endian float32."""
        header = {**self.labels(entity), "notes": entity.notes, "structure": entity.has_structure}
        body = b"" if entity.backbone is None else entity.backbone.astype("<f4").tobytes()
        return json.dumps(header).encode() + b"\n" + body

    def from_bytes(self, data: bytes, name: str = "") -> Protein:
        import numpy as np

        head, _, body = data.partition(b"\n")
        header = json.loads(head)
        numbers, codes = header.get("numbers"), header.get("insertion_codes")
        return self.entity(
            header["sequence"],
            np.frombuffer(body, dtype="<f4").reshape(-1, 3, 3).astype(np.float32) if header["structure"] else None,
            name=name,
            chain=header["chain"],
            residue_numbers=None if numbers is None else np.array(numbers, dtype=np.int32),
            insertion_codes=None if codes is None else tuple(codes),
            notes=tuple(header["notes"]),
        )

    def identity(self, entity: Protein) -> str:
        return entity.sequence

    def overlap_keys(self, entity: Protein) -> dict[str, str]:
        return {"sequence": entity.sequence}

    def aligned_letters(self, entity: Protein) -> str:
        return entity.sequence

    def read(
        self, path: str | Path, file_format: str, *, limits: Limits = DEFAULT_LIMITS, **settings: Any
    ) -> Iterator[Protein | Reject]:
        from biomatrix.entities.protein.files.records import read_proteins

        return read_proteins(path, file_format=file_format, limits=limits, **settings)

    def read_one(
        self,
        path: str | Path,
        file_format: str,
        record: int | str | None = None,
        *,
        limits: Limits = DEFAULT_LIMITS,
        **settings: Any,
    ) -> Protein:
        from biomatrix.entities.protein.files.records import read_chain

        return read_chain(path, record, file_format=file_format, limits=limits, **settings)

    def write(self, entities: Sequence[Protein], path: str | Path, file_format: str, **settings: Any) -> None:
        from biomatrix.entities.protein.files.records import write_proteins

        write_proteins(entities, path, file_format)

    def record_bytes(self, entity: Protein, file_format: str) -> bytes:
        from biomatrix.entities.protein.files.text import fasta_text

        return fasta_text([entity]).encode()

    def writer(self, path: str | Path, file_format: str, refuse: Refusal) -> RecordWriter:
        """Return a writer; chains of structure files that share an identifier are given others, which a note tells."""
        if file_format == "pdb":
            from biomatrix.entities.protein.files.pdb import PdbWriter

            return PdbWriter(path, refuse)
        if file_format in ("cif", "bcif"):
            from biomatrix.entities.protein.files.binary import binary_of
            from biomatrix.entities.protein.files.mmcif import CifWriter

            return CifWriter(path, refuse, binary_of if file_format == "bcif" else None)
        return super().writer(path, file_format, refuse)

    def sample_bytes(self, samples: Sequence[Sample], file_format: str) -> bytes:
        from biomatrix.entities.protein.files.ensembles import ensemble_bytes

        if file_format == FASTA:
            return super().sample_bytes(samples, file_format)
        return ensemble_bytes(samples, file_format)

    def named(self, entity: Protein, name: str) -> Protein:
        from dataclasses import replace

        return replace(entity, name=name)

    def claims(self, file_format: str, record: str) -> bool:
        """Return whether the letters are those of amino acids, and not a long run of those of nucleotides alone.

        Of letters that RNA has alone, U is uracil: no chain of A, C and G holds selenocysteine.
        """
        from biomatrix.entities.structure_files.residues import LETTERS

        letters = set(record.upper().rstrip("*"))
        surely = len(record) > _SURELY_NUCLEIC or ("U" in letters and letters <= _NUCLEOTIDES)
        return letters <= set(LETTERS) and not (surely and _is_nucleic(record))

    def doubt(self, file_format: str, record: str) -> str:
        return "all its letters are codes of nucleotides" if _is_nucleic(record, _DOUBTFUL_SHARE) else ""

    def recognises(self, head: bytes) -> str | None:
        if head.startswith(b">") and not head.startswith(b">>"):  # which is a reaction
            return FASTA
        lines = head.upper().splitlines()
        if b"_atom_site." in head or head.startswith(b"data_"):
            return "cif"
        return "pdb" if any(line.startswith((b"HEADER ", b"ATOM  ", b"HETATM", b"CRYST1")) for line in lines) else None

    def labels(self, entity: Protein) -> dict[str, Any]:
        from biomatrix.entities.protein.labels import residue_labels

        return residue_labels(entity)

    def with_labels(self, entity: Protein, labels: Mapping[str, Any], name: str = "") -> Protein:
        from biomatrix.entities.protein.labels import with_residue_labels

        return with_residue_labels(entity, labels, name)

    def check(self, entity: Protein) -> list[Check]:
        from biomatrix.entities.protein.checks import check_backbone, check_sequence

        named = set(entity.sequence) != {"X"}
        return (check_sequence(entity) if named else []) + (check_backbone(entity) if entity.has_structure else [])

    def agree(self, reference: Protein, entity: Protein) -> list[Check]:
        from biomatrix.entities.protein.agreement import agree_proteins

        return agree_proteins(reference, entity)

    def decoys(self, entity: Protein, count: int, seed: int = 0) -> list[Entity]:
        from biomatrix.entities.protein.agreement import shuffled_sequences

        return list(shuffled_sequences(entity, count, seed))

    def find_written(self, text: str) -> Iterator[str]:
        return (found.group() for found in _WRITTEN.finditer(text))

    def compare(self, original: Protein, decoded: Protein) -> list[Check]:
        from biomatrix.entities.protein.compare import compare_proteins

        return compare_proteins(original, decoded)

    def meaning(self, entity: Protein) -> None:
        """Return None: folds and sequences resemble each other by degrees."""

    def resemblance(self, first: Protein, second: Protein) -> Check:
        from biomatrix.entities.protein.resemblance import resemblance

        return resemblance(first, second)

    def fingerprint(self, entity: Protein, modality: str) -> NDArray[np.bool_]:
        """Return the runs of three letters of the sequence, or of three turns of the backbone."""
        from biomatrix.metrics.bit_likeness import letter_runs, shape_runs

        if modality != "protein_structure":
            return letter_runs(entity.sequence)
        if entity.backbone is None:
            raise UnsupportedError("a chain without coordinates has no shape")
        return shape_runs(entity.backbone[:, 1])

    def points(self, entity: Protein) -> NDArray[np.float32] | None:
        return None if entity.backbone is None else entity.backbone.reshape(-1, 3)

    def with_points(self, entity: Protein, points: NDArray[np.floating]) -> Protein:
        from dataclasses import replace

        import numpy as np

        return replace(entity, backbone=points.astype(np.float32).reshape(-1, 3, 3))

    def shortened(self, entity: Protein, length: int) -> Protein:
        return entity.first(length)

    def size(self, entity: Protein) -> int | None:
        return len(entity)

    def picture(self, entity: Protein, weights: Sequence[float] | None = None, label: str = "") -> str | None:
        from biomatrix.entities.protein.picture import draw

        return None if weights is None else draw(entity, weights, label)

    def examples(self) -> list[Example]:
        from biomatrix.entities.protein.examples import examples

        return examples()


PROTEIN = ProteinKind()
