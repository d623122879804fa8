"""Sources in files of the formats that kinds read: cut at their records where text, by number where ranges are read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from biomatrix.corpus.records import BATCH_ROWS, Record
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources.base import Shard, whole_shard
from biomatrix.corpus.sources.file_runs import FileRunSource
from biomatrix.corpus.sources.generic import ANY_FORMAT, TABLE_READERS, DescribedSource
from biomatrix.corpus.sources.ranged_tables import RangedTable
from biomatrix.corpus.sources.source_lines import LIMITS
from biomatrix.corpus.sources.tables import Table
from biomatrix.corpus.sources.text_tables import CutRecord, MarkedTable
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.formats import kinds_of_format, known_formats
from biomatrix.entities.near_matches import choices
from biomatrix.entities.reading_options import reading_options
from biomatrix.entities.records import read_entities
from biomatrix.entities.registration import FileFormat
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError, ParseError


class EntityFileSource(DescribedSource):
    """Files of entities, each a record without fields.

    Parameters
    ----------
    entry : SourceRecipe
        Its reader is the name of a format, or `ANY_FORMAT`.
    root : Path
        The data folder.
    """

    takes_settings: ClassVar[bool] = True

    def __init__(self, entry: SourceRecipe, root: Path) -> None:
        super().__init__(entry, root)
        if entry.hold_out is not None and entry.hold_out.column is not None:
            raise ConfigurationError(f"source {entry.name}: {entry.reader} files have no columns; hold out by a key")
        if entry.fields or entry.entity or entry.id or entry.parts or entry.folder:
            raise ConfigurationError(
                f"source {entry.name}: {entry.reader} files have no columns for entity, parts, id or fields; "
                "leave them out, or give a table"
            )
        self._file_format = None if entry.reader == ANY_FORMAT else file_format(str(entry.reader))
        self._options = self._chosen_options()

    def _chosen_options(self) -> dict[str, Any]:
        """Return what the reader is told of the files; ConfigurationError where it cannot be told that."""
        if not self.entry.settings:
            return {}
        owner = self.kind
        if owner is None and self._file_format is not None:
            owner = kinds_of_format(self._file_format.name)[0]
        if owner is None:
            raise ConfigurationError(f"source {self.name}: settings are those of one kind; name it under kind")
        return reading_options(owner, self.entry.settings, f"source {self.name}")

    @property
    def format(self) -> FileFormat:
        """The one format of its files; ConfigurationError where each goes by its name."""
        if self._file_format is None:
            raise ConfigurationError(f"source {self.name}: its files are of no one format")
        return self._file_format

    def record(self, identifier: str, row: Entity | Reject) -> Record:
        """Return the record of an entity; a reject is raised as its error."""
        if isinstance(row, Reject):
            raise row.as_error()
        return self.split_record(identifier, row.kind, {}, row)

    def entities(self, path: Path) -> Iterator[Entity | Reject]:
        """Yield the records of a file, broken ones as rejects."""
        name = None if self._file_format is None else self._file_format.name
        return read_entities(path, kind=self.entry.kind, file_format=name, limits=LIMITS, **self._options)


class CutFileSource(EntityFileSource):
    """Text files whose records begin or end with known lines: shards are runs of records."""

    def table(self, path: Path) -> Table:
        """Return the table of a file, its rows the texts of records."""
        return MarkedTable(path, self.format.starts, self.format.ends, self.format.comments)

    def expand(self, table: Table, number: int, row: str) -> Iterator[tuple[str, Any]]:
        """Yield the entity of one record."""
        return self._parse(table, number, [row])

    def rows(self) -> Iterator[tuple[str, Any]]:
        """Yield (record id, entity or reject) of all records."""
        for table in self.open_tables():
            yield from self._parse(table, 0, table.rows())

    def read(self, shard: Shard) -> Iterator[tuple[str, Any]]:
        """Yield (record id, entity or reject) of one shard."""
        table = self._readers[shard.table]
        texts = whole_shard(table.rows(shard.first, shard.start), shard, self.name)
        return self._parse(table, shard.first, texts)

    def _parse(self, table: Table, first: int, texts: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """Yield (record id, entity or reject) from texts of records, which the format's reader gets as files."""
        waiting = iter(texts)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"records{self.format.extensions[0]}"
            while batch := list(islice(waiting, BATCH_ROWS)):
                found = iter(self._read([text for text in batch if not isinstance(text, CutRecord)], path))
                for number, text in enumerate(batch, start=first):
                    row = _too_long(text) if isinstance(text, CutRecord) else next(found)
                    yield _name_of(row) or self.numbered(table, number), row
                first += len(batch)

    def _read(self, texts: Sequence[str], path: Path) -> list[Entity | Reject]:
        """Return the entity or reject of each text; where one ends the reading of all, each is read alone."""
        path.write_text("".join(texts), encoding="utf-8", newline="")
        rows = list(self.entities(path)) if texts else []
        return rows if len(rows) == len(texts) else [self._read_alone(text, path) for text in texts]

    def _read_alone(self, text: str, path: Path) -> Entity | Reject:
        path.write_text(text, encoding="utf-8", newline="")
        rows = list(self.entities(path))
        return rows[0] if len(rows) == 1 else _refused(ParseError(f"{len(rows)} records where one should be"))


def _too_long(text: CutRecord) -> Reject:
    return _refused(LimitError(text.reason))


def _refused(error: BioMatrixError) -> Reject:
    return Reject.from_error(error, "")


class RangedFileSource(EntityFileSource):
    """Files of very many records that are read by their numbers, such as cells: shards are runs of records."""

    def table(self, path: Path) -> Table:
        """Return the table of a file, its rows the records."""
        return RangedTable(path, str(self.format.ranges), self._options)

    def expand(self, table: Table, number: int, row: Entity | Reject) -> Iterator[tuple[str, Any]]:
        """Yield the record."""
        yield _name_of(row) or self.numbered(table, number), row


class WholeFileSource(FileRunSource, EntityFileSource):
    """Files that are read whole, such as PDB structures: shards are runs of files."""

    def expand(self, table: Table, number: int, row: Path) -> Iterator[tuple[str, Any]]:
        """Yield the entities of one file."""
        for place, entity in enumerate(self.entities(row), start=1):
            yield f"{row.name}:{_name_of(entity) or place}", entity


def _name_of(row: Entity | Reject) -> str:
    return row.name if isinstance(row, Entity) else ""


def file_format(reader: str) -> FileFormat:
    """Return the format of that name; ConfigurationError, with the known names, where there is none."""
    formats = known_formats().get(reader)
    if formats is None:
        raise ConfigurationError(
            f"no reader {reader!r}; {choices(reader, (*TABLE_READERS, ANY_FORMAT, *known_formats()))}"
        )
    return formats[0]


def entity_file_source(entry: SourceRecipe, root: Path) -> EntityFileSource:
    """Return the source of files of a registered format, or of whatever format the name of each says."""
    if entry.reader == ANY_FORMAT:
        return WholeFileSource(entry, root)
    definition = file_format(str(entry.reader))
    if definition.ranges is not None:
        return RangedFileSource(entry, root)
    cut = definition.starts is not None or definition.ends is not None
    return CutFileSource(entry, root) if cut else WholeFileSource(entry, root)
