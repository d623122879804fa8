"""Second step of a build: records to tokens, a modality at a time. Needs the structure tokenizers.

Modalities are written apart, so another structure tokenizer redoes its own modality and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from sys import intern
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from biomatrix.corpus.build_records import RecordSlice, write_rejects
from biomatrix.corpus.records import TokenRecord, records_from_table
from biomatrix.corpus.slices import Slice, fingerprint, remove_strays, run_slices
from biomatrix.entities import modality, modality_names
from biomatrix.errors import BioMatrixError
from biomatrix.vocabulary.binding import record_of

VERSION = 1
"""Raised when the same records would give other tokens."""

_SCHEMA = pa.schema([("row", pa.int32()), ("tokens", pa.list_(pa.string()))])
_PLAIN_COLUMNS = ["source", "id", "kind", "split", "fields"]


@dataclass(frozen=True)
class TokenSlice(Slice):
    """One modality of the records of one finished slice."""

    records: Path
    modality: str
    tokenizer: str | None


@dataclass(frozen=True)
class TokenisedSlice:
    """The records of one slice with the tokens of every modality.

    Parameters
    ----------
    source : str
        The source's name.
    name : str
        The slice's name, unique within the source.
    records : Path
        The folder of the finished record slice.
    tokens : tuple of (str, Path)
        The modalities, each with the folder of its finished token slice.
    fingerprint : str
        Everything the tokens depend on, hashed.
    """

    source: str
    name: str
    records: Path
    tokens: tuple[tuple[str, Path], ...]
    fingerprint: str

    def read(self, splits: Sequence[str]) -> list[TokenRecord]:
        """Return the records of the given splits that can be written in some modality, or are text."""
        rows = pq.read_table(self.records / "records.parquet", columns=_PLAIN_COLUMNS).to_pylist()
        wanted = {index for index, row in enumerate(rows) if row["split"] in splits}
        written: dict[int, dict[str, tuple[str, ...]]] = {index: {} for index in sorted(wanted)}
        for name, folder in self.tokens:
            table = pq.read_table(folder / "tokens.parquet")
            for index, tokens in zip(table["row"].to_pylist(), table["tokens"].to_pylist(), strict=True):
                if index in wanted:
                    written[index][name] = tuple(map(intern, tokens))  # tokens repeat by the million
        return [
            TokenRecord(row["source"], row["id"], row["kind"], row["split"], json.loads(row["fields"]), written[index])
            for index, row in ((index, rows[index]) for index in written)
            if written[index] or row["kind"] == "text"
        ]


def write_tokens(item: TokenSlice, folder: Path) -> Mapping[str, Any]:
    """Write one slice of records in one modality."""
    writer = modality(item.modality, tokenizer=item.tokenizer)
    table = pq.read_table(item.records / "records.parquet")
    mine = np.flatnonzero(table["kind"].to_numpy() == writer.kind)
    records = records_from_table(table.take(mine))
    found = [
        (int(row), record.entity, record)
        for row, record in zip(mine, records, strict=True)
        if record.entity is not None and writer.accepts(record.entity)
    ]
    results = writer.encode_each([entity for _, entity, _ in found])
    rows, rejects = [], []
    for (row, _, record), tokens in zip(found, results, strict=True):
        if isinstance(tokens, BioMatrixError):
            reason = f"{item.modality}: {tokens.message}"
            rejects.append({"source": record.source, "id": record.id, "reason": reason})
        else:
            rows.append({"row": row, "tokens": ["".join(tokens)] if writer.spelled_as_text else tokens})
    pq.write_table(pa.Table.from_pylist(rows, _SCHEMA), folder / "tokens.parquet", compression="zstd")
    write_rejects(folder / "rejects.jsonl", rejects)
    return {"records": len(rows), "rejects": len(rejects)}


def token_slices(
    records: Mapping[str, Sequence[RecordSlice]], work: Path, name: str, tokenizer: str | None
) -> dict[str, list[TokenSlice]]:
    """Return the slices of one modality, by source."""
    needed = record_of(modality(name, tokenizer=tokenizer))
    version = None if needed is None else str(needed.fingerprint)
    return {
        source: [
            TokenSlice(
                work / "tokens" / name / source / item.folder.name,
                fingerprint(VERSION, item.fingerprint, name, version),
                item.folder,
                name,
                tokenizer,
            )
            for item in group
        ]
        for source, group in records.items()
    }


def build_tokens(
    records: Mapping[str, Sequence[RecordSlice]],
    work: Path,
    *,
    structure_tokenizers: Mapping[str, str] | None = None,
    modalities: Sequence[str] | None = None,
    workers: int = 1,
) -> dict[str, list[TokenisedSlice]]:
    """Write the tokens of every record slice under ``work/tokens``; return the slices, by source.

    Parameters
    ----------
    records : mapping of str to sequence of RecordSlice
        Finished record slices, by source.
    work : Path
        Where the slices are kept.
    structure_tokenizers : mapping of str to str, optional
        By modality, a shipped name or a folder; the default where not named.
    modalities : sequence of str, optional
        The modalities to write; every registered one when not given.
    workers : int
        Processes.
    """
    chosen = structure_tokenizers or {}
    written: dict[str, dict[str, list[TokenSlice]]] = {}
    for name in modalities or modality_names():
        written[name] = token_slices(records, work, name, chosen.get(name))
        flat = [item for group in written[name].values() for item in group]
        run_slices(flat, write_tokens, workers=workers, label=f"{name} tokens")
        for source, done in written[name].items():
            remove_strays(work / "tokens" / name / source, done)
    return {
        source: [
            TokenisedSlice(
                source,
                item.folder.name,
                item.folder,
                tuple((name, by_source[source][index].folder) for name, by_source in written.items()),
                fingerprint([by_source[source][index].fingerprint for by_source in written.values()]),
            )
            for index, item in enumerate(group)
        ]
        for source, group in records.items()
    }
