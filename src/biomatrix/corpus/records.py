"""A record: one entity or text from a source, with its fields in words and numbers.

Records are kept between the steps of a build as Parquet, one batch of rows in memory at a time. An entity is one
column of bytes that its kind writes and reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.kind_registry import kind_of
from biomatrix.tasks.written_records import INTERACTION, INTERLEAVED, TEXT, PartPlace, WrittenPart

__all__ = [
    "BATCH_ROWS",
    "INTERACTION",
    "INTERLEAVED",
    "RECORD_SCHEMA",
    "TEXT",
    "OwnedEntity",
    "PartPlace",
    "Record",
    "RowWriter",
    "Split",
    "TokenRecord",
    "WrittenPart",
    "entities_of_kind",
    "places_of",
    "read_batches",
    "records_from_table",
    "records_to_table",
]

Split = Literal["train", "held_out", "held_out_label"]
"""``held_out_label``: the measured label is held out; the entity itself may be trained on elsewhere."""

RECORD_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("id", pa.string()),
        ("kind", pa.string()),
        ("split", pa.string()),
        ("fields", pa.string()),
        ("entity", pa.binary()),
        ("parts", pa.list_(pa.struct([("role", pa.string()), ("kind", pa.string()), ("entity", pa.binary())]))),
        ("places", pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64()), ("role", pa.string())]))),
    ]
)
BATCH_ROWS: Final = 512
"""Rows held in memory, and rows in one row group of the files of a build."""
_BUFFER: Final = 1 << 20


@dataclass(frozen=True)
class Record:
    """One entity, text, or set of entities that belong together, of one source.

    Parameters
    ----------
    source, id : str
        The source's name and the record's name in it.
    kind : str
        The name of the entity's kind, or `TEXT`, `INTERACTION`, `INTERLEAVED`.
    split : str
        ``train``, ``held_out`` or ``held_out_label``.
    fields : mapping of str to str
        By field name, words or numbers: name, description, organism, log_solubility and so on.
    entity : Entity, optional
        None for text, and where there are parts.
    parts : mapping of str to Entity
        By role, the entities of a record of several; coordinates that they have are in one frame.
    places : tuple of PartPlace
        Where the field ``text`` names its parts, in order.
    """

    source: str
    id: str
    kind: str
    split: Split = "train"
    fields: Mapping[str, str] = field(default_factory=dict)
    entity: Entity | None = None
    parts: Mapping[str, Entity] = field(default_factory=dict)
    places: tuple[PartPlace, ...] = ()


@dataclass(frozen=True)
class TokenRecord:
    """A record whose entity, or parts, have been written in every modality they can be written in.

    ``tokens`` maps a modality's name to its tokens, without the control pair; a modality spelled as text has
    one string. ``parts`` holds the same for each role.
    """

    source: str
    id: str
    kind: str
    split: Split
    fields: Mapping[str, str]
    tokens: Mapping[str, Sequence[str]]
    parts: Mapping[str, WrittenPart] = field(default_factory=dict)
    places: tuple[PartPlace, ...] = ()

    def written(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield every modality that the entity or a part is written in, with its tokens."""
        yield from self.tokens.items()
        for part in self.parts.values():
            yield from part.tokens.items()


def records_to_table(records: Iterable[Record]) -> pa.Table:
    """Return records as one Arrow table."""
    rows = [
        {
            "source": record.source,
            "id": record.id,
            "kind": record.kind,
            "split": record.split,
            "fields": json.dumps(dict(record.fields), ensure_ascii=False, sort_keys=True),
            "entity": None if record.entity is None else kind_of(record.entity).to_bytes(record.entity),
            "parts": [_part_row(role, entity) for role, entity in record.parts.items()],
            "places": [asdict(place) for place in record.places],
        }
        for record in records
    ]
    return pa.Table.from_pylist(rows, schema=RECORD_SCHEMA)


def records_from_table(table: pa.Table | pa.RecordBatch) -> list[Record]:
    """Return the records of a table written by `records_to_table`."""
    return [
        Record(
            row["source"],
            row["id"],
            row["kind"],
            row["split"],
            json.loads(row["fields"]),
            _entity_of(row, row["id"]),
            {part["role"]: _entity_of(part, row["id"]) for part in row["parts"]},
            places_of(row),
        )
        for row in table.to_pylist()
    ]


def places_of(row: Mapping[str, Any]) -> tuple[PartPlace, ...]:
    """Return where the text of a row of a table of records names its parts."""
    return tuple(PartPlace(**place) for place in row["places"])


@dataclass(frozen=True)
class OwnedEntity:
    """An entity of a table of records, and the record it belongs to.

    Parameters
    ----------
    row : int
        The number of the record in the table, from 0.
    role : str or None
        The part that it is; None where it is the whole record.
    entity : Entity
    source, id : str
        Of the record.
    """

    row: int
    role: str | None
    entity: Any
    source: str
    id: str


def entities_of_kind(table: pa.Table | pa.RecordBatch, kind: str) -> Iterator[OwnedEntity]:
    """Yield the entities of one kind, those of parts included, in order; others are not read."""
    for index, row in enumerate(table.select(["source", "id", "kind", "entity", "parts"]).to_pylist()):
        for part in ({**row, "role": None}, *row["parts"]):
            if part["kind"] == kind and part["entity"] is not None:
                yield OwnedEntity(index, part["role"], _entity_of(part, row["id"]), row["source"], row["id"])


def _part_row(role: str, entity: Entity) -> dict[str, Any]:
    kind = kind_of(entity)
    return {"role": role, "kind": kind.name, "entity": kind.to_bytes(entity)}


def _entity_of(row: Mapping[str, Any], name: str) -> Any:
    return None if row["entity"] is None else kind_named(row["kind"]).from_bytes(row["entity"], name)


def read_batches(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a Parquet file of a build, at most `BATCH_ROWS` rows each, read on demand."""
    with pq.ParquetFile(path, buffer_size=_BUFFER) as table:
        yield from table.iter_batches(batch_size=BATCH_ROWS, columns=None if columns is None else list(columns))


class RowWriter(AbstractContextManager["RowWriter"]):
    """A Parquet file open for writing, to which row groups are added.

    Parameters
    ----------
    path : Path
        The file, replaced where there is one.
    schema : pyarrow.Schema
        The columns.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")

    def write(self, table: pa.Table) -> None:
        """Add the rows of a table as one row group; none where it is empty."""
        if table.num_rows:
            self._writer.write_table(table)

    def write_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows, each a mapping of column to value, as one row group; none where there is none."""
        self.write(pa.Table.from_pylist(list(rows), self._schema))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
