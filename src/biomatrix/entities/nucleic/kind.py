"""The registrations of nucleic acids: DNA and RNA are two kinds of one class."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from biomatrix.entities.check import Check
from biomatrix.entities.fasta import EXTENSIONS as FASTA_EXTENSIONS
from biomatrix.entities.fasta import FORMAT as FASTA
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.nucleic.bases import BaseKind, as_dna, base_kind, foreign_letter, reverse_complement
from biomatrix.entities.nucleic.letters import guessed_kind
from biomatrix.entities.registration import FileFormat, Kind, View
from biomatrix.entities.rejects import Reject
from biomatrix.errors import UnsupportedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.nucleic.entity import NucleicAcid

_HERE: Final = "biomatrix.entities.nucleic"
_CERTAIN_SHARE: Final = 0.5
"""The share of A, C, G, T, U and N from which letters that all are IUPAC's are taken to be of a nucleic acid."""
_SHARED_FORMATS: Final = (
    FileFormat(FASTA, (*FASTA_EXTENSIONS, ".fna", ".ffn", ".frn"), appends=True, structure=False, starts=">"),
    FileFormat("genbank", (".gb", ".gbk", ".gbff", ".genbank"), appends=True, structure=False, ends="//"),
    FileFormat("pdb", (".pdb", ".ent")),
    FileFormat("cif", (".cif", ".mmcif")),
    FileFormat("bcif", (".bcif",), writes=False),
)
_PAIRED_FORMATS: Final = (
    FileFormat("dbn", (".dbn", ".db", ".vienna"), appends=True, structure=False, begins_as="fasta"),
    FileFormat("ct", (".ct",), appends=True, structure=False),
    FileFormat("bpseq", (".bpseq",), many=False, structure=False, appends=True),
)


class NucleicKind(Kind):
    """A strand of DNA or RNA: letters, perhaps features, base pairs and a backbone."""

    formats: ClassVar[tuple[FileFormat, ...]] = _SHARED_FORMATS
    size_limit: ClassVar[str | None] = "bases_per_sequence"
    held_out_by_identity: ClassVar[bool] = True
    by_default: ClassVar[bool] = False
    constraints: ClassVar[Mapping[str, str]] = {
        "translates": f"{_HERE}.constraints.kept_protein:Translates",
        "avoid": f"{_HERE}.constraints.avoided:Avoid",
        "flanks": f"{_HERE}.constraints.avoided:Flanks",
        "bases": f"{_HERE}.constraints.places:Bases",
        "gc": f"{_HERE}.constraints.share:Gc",
        "folds": f"{_HERE}.constraints.paired:Folds",
        "utr5": f"{_HERE}.constraints.untranslated:Utr5",
        "utr3": f"{_HERE}.constraints.untranslated:Utr3",
    }
    written: ClassVar[re.Pattern[str]]
    """What a sequence in a text looks like."""

    @property
    def bases(self) -> BaseKind:
        """The kind, for functions of letters."""
        return base_kind(self.name)

    @property
    def entity(self) -> type[NucleicAcid]:
        from biomatrix.entities.nucleic.entity import NucleicAcid

        return NucleicAcid

    def parse(self, text: str, name: str = "", *, limits: Limits = DEFAULT_LIMITS) -> NucleicAcid:
        return self.entity.from_sequence(text, self.name, name, limits=limits)

    def text(self, entity: NucleicAcid) -> str:
        """Return the letters; soft-masked ones in lower case, as :meth:`parse` reads them."""
        from biomatrix.entities.nucleic.letters import written_letters

        return written_letters(entity)

    def to_bytes(self, entity: NucleicAcid) -> bytes:
        """A line of JSON with every field, then the backbone as little-endian float32."""
        from biomatrix.entities.nucleic.stored import stored_bytes

        return stored_bytes(entity)

    def from_bytes(self, data: bytes, name: str = "") -> NucleicAcid:
        from biomatrix.entities.nucleic.stored import of_stored

        return of_stored(data, name)

    def aligned_letters(self, entity: NucleicAcid) -> None:
        """Return None: relatives of a nucleic acid are not found by amino acids."""

    def size(self, entity: NucleicAcid) -> int | None:
        return len(entity)

    # Files

    def claims(self, file_format: str, record: str) -> bool:
        """Return whether the letters are of this kind: all IUPAC's, most of them certain; with U and no T, of RNA."""
        upper = "".join(record.upper().split())
        if not upper or guessed_kind(upper) != self.bases:
            return False
        certain = sum(upper.count(letter) for letter in "ACGTUN")
        return foreign_letter(upper, self.bases) is None and certain >= _CERTAIN_SHARE * len(upper)

    def doubt(self, file_format: str, record: str) -> str:
        """Say of letters of this kind that they alone told it: a peptide of Ala, Cys, Gly and Thr has them too."""
        return "all its letters are codes of nucleotides" if self.claims(file_format, record) else ""

    def read(
        self, path: str | Path, file_format: str, *, limits: Limits = DEFAULT_LIMITS, **settings: Any
    ) -> Iterator[NucleicAcid | Reject]:
        from biomatrix.entities.nucleic.files.records import read_nucleic

        return read_nucleic(path, self.bases, file_format, limits)

    def read_one(
        self,
        path: str | Path,
        file_format: str,
        record: int | str | None = None,
        *,
        limits: Limits = DEFAULT_LIMITS,
        **settings: Any,
    ) -> Entity:
        from biomatrix.entities.nucleic.files.records import STRUCTURES, read_strand

        if file_format in STRUCTURES and not settings:
            return read_strand(path, self.bases, file_format, record, limits)
        return super().read_one(path, file_format, record, limits=limits, **settings)

    def write(self, entities: Sequence[NucleicAcid], path: str | Path, file_format: str, **settings: Any) -> None:
        from biomatrix.entities.nucleic.files.records import write_nucleic

        write_nucleic(entities, path, file_format)

    def record_bytes(self, entity: NucleicAcid, file_format: str) -> bytes:
        from biomatrix.entities.nucleic.files.records import record_text

        return record_text(entity, file_format).encode()

    def recognises(self, head: bytes) -> str | None:
        return "genbank" if re.match(rb"LOCUS\s+\S", head) else None

    def named(self, entity: NucleicAcid, name: str) -> NucleicAcid:
        from dataclasses import replace

        return replace(entity, name=name)

    def labels(self, entity: NucleicAcid) -> dict[str, Any]:
        from biomatrix.entities.nucleic.stored import labels_of

        return labels_of(entity)

    def with_labels(self, entity: NucleicAcid, labels: Mapping[str, Any], name: str = "") -> NucleicAcid:
        from biomatrix.entities.nucleic.stored import with_labels

        return with_labels(entity, labels, name)

    # Judging and showing

    def check(self, entity: NucleicAcid) -> list[Check]:
        from biomatrix.entities.nucleic.checks import check_nucleic

        return check_nucleic(entity)

    def agree(self, reference: NucleicAcid, entity: NucleicAcid) -> list[Check]:
        from biomatrix.entities.nucleic.agreement import agree_nucleic

        return agree_nucleic(reference, entity)

    def decoys(self, entity: NucleicAcid, count: int, seed: int = 0) -> list[Entity]:
        from biomatrix.entities.nucleic.agreement import shuffled

        return list(shuffled(entity, count, seed))

    def find_written(self, text: str) -> Iterator[str]:
        return (found.group() for found in self.written.finditer(text))

    def compare(self, original: NucleicAcid, decoded: NucleicAcid) -> list[Check]:
        from biomatrix.entities.nucleic.compare import compare_nucleic

        return compare_nucleic(original, decoded)

    def meaning(self, entity: NucleicAcid) -> None:
        """Return None: sequences and folds resemble each other by degrees."""

    def resemblance(self, first: NucleicAcid, second: NucleicAcid) -> Check:
        from biomatrix.entities.nucleic.agreement import resemblance

        return resemblance(first, second)

    def fingerprint(self, entity: NucleicAcid, modality: str) -> NDArray[np.bool_]:
        """Return the runs of three letters of the sequence, or of three turns of the C4' trace."""
        from biomatrix.metrics.bit_likeness import letter_runs, shape_runs

        if not modality.endswith("_structure"):
            return letter_runs(entity.sequence)
        if entity.backbone is None:
            raise UnsupportedError("a strand without coordinates has no shape")
        return shape_runs(entity.backbone[:, entity.ATOMS.index("C4'")])

    def points(self, entity: NucleicAcid) -> NDArray[np.float32] | None:
        return None if entity.backbone is None else entity.backbone.reshape(-1, 3)

    def with_points(self, entity: NucleicAcid, points: NDArray[np.floating]) -> NucleicAcid:
        from dataclasses import replace

        import numpy as np

        return replace(entity, backbone=points.astype(np.float32).reshape(-1, len(entity.ATOMS), 3))

    def shortened(self, entity: NucleicAcid, length: int) -> NucleicAcid:
        from dataclasses import replace

        if len(entity) <= length:
            return entity
        note = f"shown by its first {length} of {len(entity)} bases"
        cut = entity.slice(0, length)
        return replace(cut, notes=(*cut.notes, note))

    def picture(self, entity: NucleicAcid, weights: Sequence[float] | None = None, label: str = "") -> str | None:
        from biomatrix.entities.nucleic.picture import draw

        return draw(entity, weights, label)


class DnaKind(NucleicKind):
    """DNA, of which both strands are one thing."""

    name: ClassVar[str] = "dna"
    plural: ClassVar[str] = "DNA sequences"
    typed_as: ClassVar[str] = "a sequence of bases in A, C, G and T"
    record_words: ClassVar[tuple[str, ...]] = ("dna",)
    modalities: ClassVar[Mapping[str, str]] = {
        "dna_sequence": f"{_HERE}.modalities.sequence:DnaSequence",
        "dna_kmer": f"{_HERE}.modalities.kmers:DnaKmer",
    }
    views: ClassVar[tuple[View, ...]] = (
        View("dna_sequence", "window", ("dna_sequence",)),
        View("dna_kmer", "window", ("dna_kmer",)),
    )
    written: ClassVar[re.Pattern[str]] = re.compile(r"(?<![A-Za-z])[ACGTN]{20,}(?![A-Za-z])")

    def identity(self, entity: NucleicAcid) -> str:
        """Return the smaller of the sequence and its reverse complement, however many strands it has."""
        return min(entity.sequence, reverse_complement(entity.sequence, "dna"))

    def overlap_keys(self, entity: NucleicAcid) -> dict[str, str]:
        return {"either strand": self.identity(entity)}


class RnaKind(NucleicKind):
    """RNA: one strand, which folds on itself."""

    name: ClassVar[str] = "rna"
    plural: ClassVar[str] = "RNA sequences"
    typed_as: ClassVar[str] = "a sequence of bases in A, C, G and U"
    formats: ClassVar[tuple[FileFormat, ...]] = (*_SHARED_FORMATS, *_PAIRED_FORMATS)
    record_words: ClassVar[tuple[str, ...]] = ("rna",)
    modalities: ClassVar[Mapping[str, str]] = {
        "rna_sequence": f"{_HERE}.modalities.sequence:RnaSequence",
        "rna_pairs": f"{_HERE}.modalities.pairs:RnaPairs",
        "mrna_codons": f"{_HERE}.modalities.codons:MrnaCodons",
        "rna_structure": f"{_HERE}.modalities.rna_structure:RnaStructure",
    }
    views: ClassVar[tuple[View, ...]] = (
        View("rna_sequence", "window", ("rna_sequence",)),
        View("rna_pairs", "single", ("rna_pairs",)),
        View("rna_joint", "joint", ("rna_sequence", "rna_pairs")),
        View("mrna_codons", "single", ("mrna_codons",)),
        View("rna_structure", "window", ("rna_structure",)),
    )
    architectures: ClassVar[Mapping[str, str]] = {
        "nucleotide": f"{_HERE}.structure.nucleotide.tokenizer:NucleotideTokenizer"
    }
    weights: ClassVar[Path | None] = Path(__file__).parent / "structure" / "weights"
    default_tokenizer: ClassVar[str | None] = "nucleotide-256"
    trainers: ClassVar[Mapping[str, str]] = {"nucleotide": f"{_HERE}.structure.nucleotide.recipe:train"}
    round_trip: ClassVar[str | None] = f"{_HERE}.round_trip.measure:round_trip"
    round_trip_options: ClassVar[str | None] = "biomatrix.entities.chain_trip_options:ChainTripOptions"
    written: ClassVar[re.Pattern[str]] = re.compile(r"(?<![A-Za-z])(?=[ACG]*U)[ACGUN]{20,}(?![A-Za-z])")

    def identity(self, entity: NucleicAcid) -> str:
        """Return the sequence: the other strand of RNA is another molecule."""
        return entity.sequence

    def overlap_keys(self, entity: NucleicAcid) -> dict[str, str]:
        """Return the sequence, and the smaller of it and its reverse complement as DNA, which its gene shares."""
        gene = as_dna(entity.sequence)
        return {"sequence": entity.sequence, "either strand": min(gene, reverse_complement(gene, "dna"))}


DNA = DnaKind()
RNA = RnaKind()
