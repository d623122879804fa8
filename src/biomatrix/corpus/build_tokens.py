"""Second step of a build: records to tokens, one modality at a time. Needs the structure tokenizers.

Each modality has files of its own, so another structure tokenizer redoes its own modality and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from sys import intern
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from biomatrix.corpus.build_records import reject_line
from biomatrix.corpus.launching import Workers
from biomatrix.corpus.records import (
    TEXT,
    RowWriter,
    TokenRecord,
    WrittenPart,
    entities_of_kind,
    places_of,
    read_batches,
)
from biomatrix.corpus.slices import (
    Slice,
    fingerprint,
    marked_folder,
    read_done,
    remove_strays,
    run_slices,
    tell_outdated,
)
from biomatrix.corpus.token_counts import TokenCounts
from biomatrix.entities import default_modality_names, modality
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.modality_registry import modality_class
from biomatrix.errors import BioMatrixError
from biomatrix.tasks.written_records import part_name
from biomatrix.vocabulary.binding import record_of

VERSION = 3
"""Raised when the same records would give other tokens."""

_SCHEMA = pa.schema([("row", pa.int32()), ("part", pa.string()), ("tokens", pa.list_(pa.string()))])
"""``part`` is the role of an entity in its record, null where it is the record's only one."""
_PLAIN_COLUMNS = [
    "source",
    "id",
    "kind",
    "split",
    "fields",
    "parts.list.element.role",
    "parts.list.element.kind",
    "places",
]

_Written = dict[str | None, tuple[str, ...] | None]
"""By part, the tokens of one record in one modality; None in place of tokens that are not read."""


@dataclass(frozen=True)
class TokenSlice(Slice):
    """One modality of the records of one finished slice."""

    records: Path
    modality: str
    tokenizer: str | None
    rewriting: int = 0


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
    rewriting : int
        The number of the way in which entities are written, 0 for the usual one; part of the records' ids otherwise.
    """

    source: str
    name: str
    records: Path
    tokens: tuple[tuple[str, Path], ...]
    fingerprint: str
    rewriting: int = 0

    def writes(self, names: Collection[str]) -> bool:
        """Return whether any of its records is written in one of these modalities."""
        folders = (folder for name, folder in self.tokens if name in names)
        return any((read_done(folder) or {}).get("records") for folder in folders)

    def read(self, splits: Sequence[str], modalities: Collection[str] | None = None) -> Iterator[TokenRecord]:
        """Yield the records of some splits that can be written in some modality, or are text.

        Files are read one batch of rows at a time.

        Parameters
        ----------
        splits : sequence of str
            The splits to read: ``train``, ``held_out``, ``held_out_label``.
        modalities : collection of str, optional
            The modalities whose tokens the records carry; all when not given.
        """
        wanted = _rows_of(self.records, splits)
        readers = [
            (name, _written_rows(folder, wanted, modalities is None or name in modalities))
            for name, folder in self.tokens
        ]
        pending = {name: next(rows, None) for name, rows in readers}
        for index, row in _plain_rows(self.records, wanted):
            written: dict[str, _Written] = {}
            for name, rows in readers:
                entry = pending[name]
                if entry is None or entry[0] != index:
                    continue
                written[name] = entry[1]
                pending[name] = next(rows, None)
            if written or row["kind"] == TEXT:
                if self.rewriting:
                    row["id"] = f"{row['id']}~{self.rewriting}"
                yield _token_record(row, written)


def _rows_of(folder: Path, splits: Sequence[str]) -> NDArray[np.bool_]:
    """Return which rows of a record slice are of some splits, ``bool [rows]``; the others become no objects."""
    parts = [np.isin(batch.column("split").to_pylist(), splits) for batch in _records(folder, ["split"])]
    return np.concatenate([*parts, np.zeros(0, dtype=np.bool_)])


def _plain_rows(folder: Path, wanted: NDArray[np.bool_]) -> Iterator[tuple[int, dict[str, Any]]]:
    first = 0
    for batch in _records(folder, _PLAIN_COLUMNS):
        mask = wanted[first : first + batch.num_rows]
        yield from zip((first + np.flatnonzero(mask)).tolist(), batch.filter(pa.array(mask)).to_pylist(), strict=True)
        first += batch.num_rows


def _records(folder: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    return read_batches(folder / "records.parquet", columns)


def _token_record(row: Mapping[str, Any], written: Mapping[str, _Written]) -> TokenRecord:
    """Return a record with the tokens that were read of it, by modality and part."""

    def of(part: str | None) -> dict[str, tuple[str, ...]]:
        return {name: found for name, by_part in written.items() if (found := by_part.get(part)) is not None}

    parts = {part["role"]: WrittenPart(part["kind"], of(part["role"])) for part in row["parts"]}
    fields = json.loads(row["fields"])
    return TokenRecord(row["source"], row["id"], row["kind"], row["split"], fields, of(None), parts, places_of(row))


def _written_rows(folder: Path, wanted: NDArray[np.bool_], with_tokens: bool) -> Iterator[tuple[int, _Written]]:
    """Yield the number of each wanted record that a modality wrote, in order, and its tokens or None."""
    for row, group in groupby(_token_lines(folder, wanted, with_tokens), key=itemgetter(0)):
        yield row, {part: tokens for _, part, tokens in group}


def _token_lines(
    folder: Path, wanted: NDArray[np.bool_], with_tokens: bool
) -> Iterator[tuple[int, str | None, tuple[str, ...] | None]]:
    columns = ["row", "part", "tokens"] if with_tokens else ["row", "part"]
    for whole in read_batches(folder / "tokens.parquet", columns):
        batch = whole.filter(pa.array(wanted[whole.column("row").to_numpy()]))
        places = zip(batch.column("row").to_pylist(), batch.column("part").to_pylist(), strict=True)
        if not with_tokens:
            yield from ((row, part, None) for row, part in places)
            continue
        for (row, part), tokens in zip(places, batch.column("tokens").to_pylist(), strict=True):
            yield row, part, tuple(map(intern, tokens))  # tokens repeat by the million


def write_tokens(item: TokenSlice, folder: Path) -> Mapping[str, Any]:
    """Write one slice of records in one modality, one batch in memory at a time; return the counts."""
    writer = modality(item.modality, tokenizer=item.tokenizer)
    counts = TokenCounts(writer)
    records = refused = first = 0
    with (
        RowWriter(folder / "tokens.parquet", _SCHEMA) as out,
        (folder / "rejects.jsonl").open("w", encoding="utf-8") as rejects,
    ):
        for batch in read_batches(item.records / "records.parquet"):
            rows, reasons = _token_rows(writer, batch, first, item.rewriting)
            out.write_rows(rows)
            counts.add(rows, batch.column("split").to_pylist(), first)
            rejects.writelines(reasons)
            first += batch.num_rows
            records += len(rows)
            refused += len(reasons)
    counts.write(folder)
    return {"records": records, "rejects": refused}


def _token_rows(
    writer: Modality, batch: pa.RecordBatch, first: int, rewriting: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the token rows of a batch whose first record has the number ``first``, and the lines of rejects."""
    owned = [one for one in entities_of_kind(batch, writer.kind) if writer.accepts(one.entity)]
    rows, rejects = [], []
    entities = [one.entity for one in owned]
    results = writer.rewrite_each(entities, rewriting) if rewriting else writer.encode_each(entities)
    for one, tokens in zip(owned, results, strict=True):
        if tokens is None:
            continue
        if isinstance(tokens, BioMatrixError):
            name = writer.name if one.role is None else part_name(one.role, writer.name)
            rejects.append(reject_line(one.source, one.id, f"{name}: {tokens.message}"))
        else:
            written = ["".join(tokens)] if writer.spelled_as_text else tokens
            rows.append({"row": first + one.row, "part": one.role, "tokens": written})
    return rows, rejects


def _tokenizer_mark(writer: Modality) -> str | list[str] | None:
    """Return the fingerprint of a modality's structure tokenizer, None without one; a list for a composite."""
    needed = [record_of(part) for part in writer.written_with()]
    marks = [str(record.fingerprint) for record in needed if record is not None]
    if writer.parts:
        return marks
    return marks[0] if marks else None


def token_slices(
    records: Mapping[str, Sequence[Slice]],
    work: Path,
    name: str,
    tokenizer: str | None,
    rewritings: Mapping[str, int],
) -> dict[str, list[TokenSlice]]:
    """Return the slices of one modality, by source: of every record slice first as usual, then each rewriting of it."""
    version = _tokenizer_mark(modality(name, tokenizer=tokenizer))
    return {
        source: [
            _token_slice(work / "tokens" / name / source, index, item, name, tokenizer, version, rewriting)
            for rewriting, index, item in _rewritten(group, rewritings.get(source, 0))
        ]
        for source, group in records.items()
    }


def _rewritten(group: Sequence[Slice], rewritings: int) -> Iterator[tuple[int, int, Slice]]:
    """Yield (number of the rewriting, 0 for the usual way, index of the slice, slice) of a source's record slices."""
    return ((number, index, item) for number in range(1 + rewritings) for index, item in enumerate(group))


def _token_slice(
    parent: Path, index: int, item: Slice, name: str, tokenizer: str | None, version: object, rewriting: int
) -> TokenSlice:
    mark = fingerprint(VERSION, item.fingerprint, name, version, *((rewriting,) if rewriting else ()))
    return TokenSlice(marked_folder(parent, index, mark), mark, item.folder, name, tokenizer, rewriting)


def build_tokens(
    records: Mapping[str, Sequence[Slice]],
    work: Path,
    *,
    structure_tokenizers: Mapping[str, str] | None = None,
    modalities: Sequence[str] | None = None,
    rewritings: Mapping[str, int] | None = None,
    workers: Workers = 1,
) -> dict[str, list[TokenisedSlice]]:
    """Write the tokens of every record slice under ``work/tokens``; return the slices, by source.

    Parameters
    ----------
    records : mapping of str to sequence of Slice
        Finished record slices, by source.
    work : Path
        Where the slices are kept.
    structure_tokenizers : mapping of str to str, optional
        By modality, a shipped name or a folder; the default where not named.
    modalities : sequence of str, optional
        The modalities to write; every registered one when not given.
    rewritings : mapping of str to int, optional
        By source, the number of further ways in which its records are written; see `SourceRecipe`.
    workers : int or Launcher
        The number of processes, or who else does the work.
    """
    tokenizer_names, ways = structure_tokenizers or {}, rewritings or {}
    slices_by_modality: dict[str, dict[str, list[TokenSlice]]] = {}
    for name in modalities or default_modality_names():
        slices_by_modality[name] = token_slices(records, work, name, tokenizer_names.get(name), ways)
        flat = [item for group in slices_by_modality[name].values() for item in group]
        coded = modality_class(name).needs_tokenizer
        run_slices(flat, write_tokens, workers=workers, label=f"{name} tokens", accelerated=coded)
        for source, group in slices_by_modality[name].items():
            remove_strays(work / "tokens" / name / source, group)
        tell_outdated(work / "tokens" / name, flat)
    return {
        source: [
            TokenisedSlice(
                source,
                f"{index:05d}" + (f"~{rewriting}" if rewriting else ""),
                item.folder,
                tuple((name, by_source[source][place].folder) for name, by_source in slices_by_modality.items()),
                fingerprint([by_source[source][place].fingerprint for by_source in slices_by_modality.values()]),
                rewriting,
            )
            for place, (rewriting, index, item) in enumerate(_rewritten(group, ways.get(source, 0)))
        ]
        for source, group in records.items()
    }
