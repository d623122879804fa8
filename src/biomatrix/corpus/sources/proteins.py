"""Protein sequences, most with a name, an organism or a location in the cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from biomatrix.corpus.holdout import is_held_out_identity
from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.base import Provenance, Source
from biomatrix.corpus.sources.tables import ParquetTable, Table
from biomatrix.corpus.sources.text_tables import FastaTable
from biomatrix.entities import Protein
from biomatrix.errors import LimitError, ParseError

MIN_RESIDUES, MAX_RESIDUES = 20, 5000
_LETTERS = frozenset("ACDEFGHIKLMNPQRSTVWYUOBZJX")
_UNIPROT = re.compile(r"^\w+\|(?P<accession>\w+)\|\S+ (?P<name>.+?) OS=(?P<organism>.+?) OX=")
_EVIDENCE = re.compile(r"\s*(\{[^{}]*\}|\((PubMed|Ref|By similarity|Probable)[^()]*\)|\[[^\[\]]*\]:)")

# The last column of the binary membrane data set.
_MEMBRANE = {0: "membrane-bound", 1: "soluble"}


def protein_record(source: str, identifier: str, sequence: str, fields: Mapping[str, str]) -> Record:
    """Return the record of a sequence.

    Raises
    ------
    LimitError
        If it has too few or too many residues.
    ParseError
        If a letter is not a residue code.
    """
    if not MIN_RESIDUES <= len(sequence) <= MAX_RESIDUES:
        raise LimitError(f"{len(sequence)} residues: the corpus takes {MIN_RESIDUES} to {MAX_RESIDUES}")
    unknown = set(sequence) - _LETTERS
    if unknown:
        raise ParseError(f"not one-letter residue codes: {sorted(unknown)}")
    held_out = is_held_out_identity(sequence, Protein.kind)
    kept = {name: value for name, value in fields.items() if value}
    entity = Protein(sequence, name=identifier)
    return Record(source, identifier, "protein", "held_out" if held_out else "train", kept, entity)


class ProteomeSource(Source):
    """UniProt FASTA: accession, protein name and organism in the header."""

    def table(self, path: Path) -> Table:
        return FastaTable(path)

    def expand(self, table: Table, number: int, row: tuple[str, str]) -> Iterator[tuple[str, Any]]:
        header, sequence = row
        match = _UNIPROT.match(header)
        yield (match["accession"] if match else header[:40]), (match, sequence)

    def record(self, identifier: str, row: tuple[re.Match[str] | None, str]) -> Record:
        match, sequence = row
        fields = {}
        if match:
            fields = {"name": match["name"], "organism": match["organism"].split(" (")[0]}
            if match["name"].lower().startswith(("uncharacterized", "putative uncharacterized")):
                del fields["name"]
        return protein_record(self.name, identifier, sequence, fields)


class DomainSource(Source):
    """CATH domain sequences."""

    def table(self, path: Path) -> Table:
        return FastaTable(path)

    def expand(self, table: Table, number: int, row: tuple[str, str]) -> Iterator[tuple[str, Any]]:
        header, sequence = row
        yield header.split("|")[-1], sequence

    def record(self, identifier: str, row: str) -> Record:
        return protein_record(self.name, identifier, row, {})


class LocationSource(Source):
    """DeepLoc FASTA: the location in the cell in the header."""

    def table(self, path: Path) -> Table:
        return FastaTable(path)

    def expand(self, table: Table, number: int, row: tuple[str, str]) -> Iterator[tuple[str, Any]]:
        header, sequence = row
        accession, _, label = header.partition(" ")
        yield accession, (label, sequence)

    def record(self, identifier: str, row: tuple[str, str]) -> Record:
        label, sequence = row
        place = label.rsplit("-", 1)[0].replace(".", " ").replace("/", " or ").lower()
        return protein_record(self.name, identifier, sequence, {"location": place})


class MembraneSource(Source):
    """PEER's binary set: soluble or bound to a membrane."""

    def table(self, path: Path) -> Table:
        return ParquetTable(path, ("primary", "localization"))

    def expand(self, table: Table, number: int, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        yield str(number), row

    def record(self, identifier: str, row: Mapping[str, Any]) -> Record:
        fields = {"membrane": _MEMBRANE[int(row["localization"])]}
        return protein_record(self.name, identifier, row["primary"], fields)


class FlatFileSource(Source):
    """UniProt records with function and location text."""

    _COLUMNS = ("accession", "protein_name", "organism", "function", "subcellular_location", "sequence")

    def table(self, path: Path) -> Table:
        return ParquetTable(path, self._COLUMNS)

    def expand(self, table: Table, number: int, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        yield str(row["accession"]), row

    def record(self, identifier: str, row: Mapping[str, Any]) -> Record:
        fields = {
            "name": row["protein_name"] or "",
            "organism": (row["organism"] or "").split(" (")[0],
            "function": _EVIDENCE.sub("", row["function"] or "")[:400],
        }
        return protein_record(self.name, identifier, row["sequence"] or "", fields)


def _proteome(name: str, file: str) -> Callable[[Path], Source]:
    return lambda root: ProteomeSource(
        name,
        Provenance(
            ("CC-BY-4.0", "Apache-2.0"),
            "MannLabs/alphamap; UniProt",
            (f"protein/uniprot/{file}",),
            "all; decontamination leaves out what resembles held-out chains",
            category="protein",
            part="1d",
        ),
        root,
    )


def _cath(root: Path) -> Source:
    return DomainSource(
        "cath_s20",
        Provenance(
            ("CC-BY-4.0", "MIT"),
            "wukevin/proteinclip; CATH v4.3",
            ("protein/cath/cath-S20-v4_3_0.fa.gz",),
            "all; decontamination leaves out what resembles held-out chains",
            category="protein",
            part="1d",
        ),
        root,
    )


def _deeploc(root: Path) -> Source:
    return LocationSource(
        "deeploc_validation",
        Provenance(
            ("MIT", "CC-BY-4.0"),
            "HannesStark/protein-localization; DeepLoc 1.0, Swiss-Prot",
            ("protein/localization/deeploc_our_val_set.fasta.gz",),
            "the validation part (the training part is not at hand); a slice is held out",
            category="protein",
            part="other",
        ),
        root,
    )


def _membrane(root: Path) -> Source:
    return MembraneSource(
        "peer_membrane",
        Provenance(
            ("Apache-2.0", "MIT", "CC-BY-4.0"),
            "HICAI-ZJU/InstructProtein; PEER, DeepLoc 1.0",
            ("protein/localization/peer_subcellular_localization_2_train.parquet",),
            "the training part",
            category="protein",
            part="other",
        ),
        root,
    )


def _flatfile(root: Path) -> Source:
    return FlatFileSource(
        "uniprot_records",
        Provenance(
            ("CC-BY-4.0",),
            "ebi-uniprot test resources; UniProt",
            ("protein/uniprot/flatfile_records.parquet",),
            "all; decontamination leaves out what resembles held-out chains",
            category="protein",
            part="other",
        ),
        root,
    )


PROTEIN_SOURCES: dict[str, Callable[[Path], Source]] = {
    "proteome_ecoli": _proteome("proteome_ecoli", "ecoli_proteome.fasta.gz"),
    "proteome_yeast": _proteome("proteome_yeast", "yeast_proteome.fasta.gz"),
    "proteome_bsubtilis": _proteome("proteome_bsubtilis", "bsubtilis_proteome.fasta.gz"),
    "cath_s20": _cath,
    "deeploc_validation": _deeploc,
    "peer_membrane": _membrane,
    "uniprot_records": _flatfile,
}
