"""Second step of a build: records to tokens in every modality they have. Needs the structure tokenizers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from biomatrix.corpus.build_records import RecordSlice, write_rejects
from biomatrix.corpus.records import Record, TokenRecord, records_from_table, token_records_to_table
from biomatrix.corpus.slices import Slice, fingerprint, remove_strays, run_slices
from biomatrix.entities import Entity, Molecule, Protein
from biomatrix.errors import BioMatrixError
from biomatrix.modalities import Modality, modality

VERSION = 1
"""Raised when the same records would give other tokens."""

_BATCH = 256
_MODALITIES = {
    "molecule": ("molecule_smiles", "molecule_selfies", "molecule_structure"),
    "protein": ("protein_sequence", "protein_structure"),
    "text": (),
}
_STRUCTURES = ("molecule_structure", "protein_structure")


@dataclass(frozen=True)
class TokenSlice(Slice):
    """The records of one finished slice."""

    source: str
    records: Path
    molecule_tokenizer: str
    protein_tokenizer: str

    def modality(self, name: str) -> Modality:
        """Return a modality with the structure tokenizer this slice is written with."""
        chosen = {"molecule_structure": self.molecule_tokenizer, "protein_structure": self.protein_tokenizer}
        return modality(name, tokenizer=chosen[name]) if name in chosen else modality(name)


def _has(entity: Entity | None, name: str) -> bool:
    """Return whether an entity can be written in a modality at all; a structure needs coordinates."""
    if isinstance(entity, Molecule):
        return name != "molecule_structure" or entity.has_conformer
    return isinstance(entity, Protein) and (name != "protein_structure" or entity.has_structure)


def encode_all(writer: Modality, entities: Sequence[Entity]) -> list[list[str] | BioMatrixError]:
    """Return each entity's tokens or why it has none; one bad entity does not spoil its batch."""
    results: list[list[str] | BioMatrixError] = []
    for start in range(0, len(entities), _BATCH):
        batch = entities[start : start + _BATCH]
        try:
            results.extend(writer.encode_batch(batch))
        except BioMatrixError:
            results.extend(_one(writer, entity) for entity in batch)
    return results


def _one(writer: Modality, entity: Entity) -> list[str] | BioMatrixError:
    try:
        return writer.encode(entity)
    except BioMatrixError as error:
        return error


def tokenise(records: Sequence[Record], item: TokenSlice) -> tuple[list[TokenRecord], list[dict[str, str]]]:
    """Return the records' tokens, and what could not be written with its reason."""
    written: list[dict[str, Sequence[str]]] = [{} for _ in records]
    rejects: list[dict[str, str]] = []
    for kind, names in _MODALITIES.items():
        for name in names:
            members = [i for i, r in enumerate(records) if r.kind == kind and _has(r.entity, name)]
            writer = item.modality(name)
            entities = [entity for i in members if (entity := records[i].entity) is not None]
            for index, tokens in zip(members, encode_all(writer, entities), strict=True):
                record = records[index]
                if isinstance(tokens, BioMatrixError):
                    reason = f"{name}: {tokens.message}"
                    rejects.append({"source": record.source, "id": record.id, "reason": reason})
                else:
                    written[index][name] = ["".join(tokens)] if writer.spelled_as_text else tokens
    kept = [
        TokenRecord(record.source, record.id, record.kind, record.split, record.fields, tokens)
        for record, tokens in zip(records, written, strict=True)
        if tokens or record.kind == "text"
    ]
    return kept, rejects


def write_tokens(item: TokenSlice, folder: Path) -> Mapping[str, Any]:
    """Write one slice of records in every modality."""
    records = records_from_table(pq.read_table(item.records / "records.parquet"))
    kept, rejects = tokenise(records, item)
    pq.write_table(token_records_to_table(kept), folder / "tokens.parquet", compression="zstd")
    write_rejects(folder / "rejects.jsonl", rejects)
    return {"records": len(kept), "rejects": len(rejects)}


def build_tokens(
    records: Mapping[str, Sequence[RecordSlice]],
    work: Path,
    *,
    molecule_tokenizer: str = "default",
    protein_tokenizer: str = "default",
    workers: int = 1,
) -> dict[str, list[TokenSlice]]:
    """Write the tokens of every record slice under ``work/tokens``; return the slices, by source."""
    slices: dict[str, list[TokenSlice]] = {}
    chosen = {"molecule_structure": molecule_tokenizer, "protein_structure": protein_tokenizer}
    versions = {name: _fingerprint(name, tokenizer) for name, tokenizer in chosen.items()}
    for source, group in records.items():
        slices[source] = [
            TokenSlice(
                work / "tokens" / source / item.folder.name,
                fingerprint(VERSION, item.fingerprint, versions),
                source,
                item.folder,
                molecule_tokenizer,
                protein_tokenizer,
            )
            for item in group
        ]
    flat = [item for group in slices.values() for item in group]
    run_slices(flat, write_tokens, workers=workers, label="tokens")
    for source, done in slices.items():
        remove_strays(work / "tokens" / source, done)
    return slices


def _fingerprint(name: str, tokenizer: str) -> str:
    """Return the fingerprint of a structure tokenizer's weights."""
    from biomatrix.structure import MoleculeStructureTokenizer, ProteinStructureTokenizer

    kind = MoleculeStructureTokenizer if name == "molecule_structure" else ProteinStructureTokenizer
    return str(kind.from_pretrained(tokenizer).fingerprint)
