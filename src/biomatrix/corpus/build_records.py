"""First step of a build: sources to records. Sanitises, embeds, splits; needs no tokenizer."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import rdkit
import rdkit.rdBase

from biomatrix.corpus.launching import Workers
from biomatrix.corpus.records import BATCH_ROWS, RECORD_SCHEMA, Record, RowWriter, records_to_table
from biomatrix.corpus.slices import Slice, fingerprint, marked_folder, remove_strays, run_slices, tell_outdated
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources import Shard, Source, check_licences, open_source
from biomatrix.entities.files.writing import write_whole
from biomatrix.errors import BioMatrixError

VERSION = 4
"""Raised when the same sources would give other records."""


@dataclass(frozen=True)
class RecordSlice(Slice):
    """One shard of one source."""

    entry: SourceRecipe
    data: Path
    shard: Shard

    @property
    def source(self) -> str:
        """The source's name."""
        return self.entry.name


def _source_of(item: RecordSlice) -> Source:
    """Return the source of a slice, opened once per process and content: slices in order share its readers."""
    return _open_once(item.entry.model_dump_json(), item.data, item.fingerprint)


@lru_cache(maxsize=8)
def _open_once(entry: str, data: Path, mark: str) -> Source:
    """Return the source of slices; ``mark``, their fingerprint, changes with the files that are read."""
    return open_source(SourceRecipe.model_validate_json(entry), data)


def reject_line(source: str, identifier: str, reason: str, **place: Any) -> str:
    """Return one line of a file of rejects: a JSON object of source, id, reason, and where else it was met."""
    line = {"source": source, "id": identifier, "reason": reason, **place}
    return json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n"


def write_rejects(path: Path, rejects: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object per line: source, id, reason; of training documents also the view and the row."""
    with path.open("w", encoding="utf-8") as handle:
        for reject in rejects:
            place = {key: value for key, value in reject.items() if key not in ("source", "id", "reason")}
            handle.write(reject_line(reject["source"], reject["id"], reject["reason"], **place))


def write_records(item: RecordSlice, folder: Path) -> Mapping[str, Any]:
    """Turn one shard of a source into records and rejects, one batch in memory at a time; return their numbers.

    What was left out of a record stands among the rejects and is not counted as one.
    """
    source = _source_of(item)
    batch: list[Record] = []
    records = refused = 0
    with (
        RowWriter(folder / "records.parquet", RECORD_SCHEMA) as out,
        (folder / "rejects.jsonl").open("w", encoding="utf-8") as rejects,
    ):
        for identifier, row in source.read(item.shard):
            try:
                with rdkit.rdBase.BlockLogs():
                    batch.append(source.record(identifier, row))
                for reason in source.left_out(batch[-1]):
                    rejects.write(reject_line(item.source, identifier, reason))
            except BioMatrixError as error:
                rejects.write(reject_line(item.source, identifier, error.message))
                refused += 1
            if len(batch) == BATCH_ROWS:
                records += len(batch)
                out.write(records_to_table(batch))
                batch.clear()
        records += len(batch)
        out.write(records_to_table(batch))
    return {"records": records, "rejects": refused}


def source_shards(source: Source, work: Path, size: int) -> list[Shard]:
    """Return the shards of a source; their list is kept under ``work/index``: to make it, text files are read."""
    path = work / "index" / f"{source.name}-{fingerprint(VERSION, source.fingerprint, size)[:16]}.json"
    known = _indexed_shards(path)
    if known is not None:
        return known
    shards = list(source.shards(size))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps([astuple(shard) for shard in shards]).encode())
    return shards


def _indexed_shards(path: Path) -> list[Shard] | None:
    """Return the shards that an index lists, None where there is no index that can be read."""
    try:
        return [Shard(*parts) for parts in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return None


def _asked_of_conformers(entry: SourceRecipe) -> list[object]:
    """Return what a recipe asks of conformers other than the default, so that a new setting makes no record anew."""
    attempts = [] if entry.embed_attempts is None else [entry.embed_attempts]
    share = [] if entry.embed is None else [f"embed {entry.embed}"]
    return [*attempts, *share, *([f"conformers {entry.conformers}"] if entry.conformers > 1 else [])]


def record_slices(entry: SourceRecipe, data: Path, work: Path, size: int) -> list[RecordSlice]:
    """Return the slices of one source."""
    source = open_source(entry, data)
    asked = _asked_of_conformers(entry)
    largest = sorted(entry.largest.items())
    mark = fingerprint(VERSION, source.fingerprint, rdkit.__version__, size, *asked, *largest)
    shards = source_shards(source, work, size)
    if not shards and source.paths:
        raise source.without_records()
    return [
        RecordSlice(marked_folder(work / "records" / entry.name, index, mark), mark, entry, data, shard)
        for index, shard in enumerate(shards)
    ]


def build_records(
    sources: Sequence[SourceRecipe],
    data: Path,
    work: Path,
    *,
    size: int = 5000,
    allow: Collection[str] | None = None,
    workers: Workers = 1,
) -> dict[str, list[RecordSlice]]:
    """Write the records of every source under ``work/records``; return the slices, by source.

    Parameters
    ----------
    sources : sequence of SourceRecipe
        In order.
    data : Path
        The folder the sources' files are relative to.
    work : Path
        Where the slices are kept.
    size : int
        The number of rows of a source in one slice.
    allow : collection of str, optional
        The licences that sources may have; see `check_licences`.
    workers : int or Launcher
        The number of processes, or who else does the work.

    Raises
    ------
    ConfigurationError
        If a source is unknown, has no record, or is under a licence that is not allowed.
    """
    check_licences((open_source(entry, data) for entry in sources), allow)
    slices = {entry.name: record_slices(entry, data, work, size) for entry in sources}
    flat = [item for group in slices.values() for item in group]
    run_slices(flat, write_records, workers=workers, label="records")
    for name, group in slices.items():
        remove_strays(work / "records" / name, group)
    tell_outdated(work / "records", flat)
    return slices
