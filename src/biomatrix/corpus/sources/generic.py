"""Tables described by a recipe alone: the column of the entity, that of the name, and those that become fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Final

from biomatrix.corpus.file_hashes import content_sha256
from biomatrix.corpus.holdout import HELD_OUT_ONE_IN, bucket, is_held_out
from biomatrix.corpus.records import INTERACTION, TEXT, Record
from biomatrix.corpus.slices import fingerprint
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources.base import Provenance, Source
from biomatrix.corpus.sources.held_out_rows import check_key, is_row_held_out
from biomatrix.corpus.sources.row_entities import EntityColumn, folder_files, is_missing
from biomatrix.corpus.sources.source_files import matching_files
from biomatrix.corpus.sources.tables import ParquetTable, Table
from biomatrix.corpus.sources.text_tables import BrokenRow, DelimitedTable, FastaTable, JsonTable
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.formats import kinds_of_format, known_formats, read_format_of
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.near_matches import near_matches
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError, UnsupportedError

UNSTATED: Final = "unstated"
"""The licence of a source whose recipe names none."""
TABLE_READERS: Final = ("csv", "tsv", "jsonl", "parquet", "fasta")
ANY_FORMAT: Final = "files"
"""The reader of files that are each read as their name says, such as a folder of PDB, mmCIF and SDF files."""
_CROSS_ENTITY: Final = "cross_entity"
_LATER_KEYS: Final = ("folder", "parts", "hold_out")
"""Keys that a fingerprint holds only where they are given, so that it is that of the versions before them."""
_FASTA_COLUMNS: Final = ("id", "header", "description", "sequence")


def described_provenance(entry: SourceRecipe, root: Path) -> Provenance:
    """Return the provenance of a source that a recipe describes, its patterns replaced by the files they match.

    Raises
    ------
    ConfigurationError
        If a pattern matches no file of the data folder.
    """
    licence = tuple(entry.licence) or (UNSTATED,)
    files = matching_files(entry.name, entry.files, root)
    stated = entry.category or (_CROSS_ENTITY if entry.parts else entry.kind)
    category = stated or _kind_read(entry, root, files) or TEXT
    return Provenance(licence, entry.origin, files, "all; one in fifty is held out", category, entry.part or "other")


def _kind_read(entry: SourceRecipe, root: Path, files: Sequence[str]) -> str:
    """Return the first kind that the files, not tables, are read as, the first file where each goes by its name."""
    formats = known_formats().keys() - set(TABLE_READERS)
    if not files or entry.reader not in {*formats, ANY_FORMAT}:
        return ""
    try:
        name = str(entry.reader) if entry.reader in formats else read_format_of(root / files[0])
    except BioMatrixError:  # told where the file is read
        return ""
    return next((one.name for one in kinds_of_format(name)), "")


class DescribedSource(Source):
    """A source as an entry of a recipe describes it.

    Parameters
    ----------
    entry : SourceRecipe
        The entry, with a reader.
    root : Path
        The data folder.
    """

    takes_settings: ClassVar[bool] = False
    """Whether its files are read by a kind, whose reader may take settings."""

    def __init__(self, entry: SourceRecipe, root: Path) -> None:
        if entry.settings and not self.takes_settings:
            raise ConfigurationError(
                f"source {entry.name}: settings are those of a published source, which needs no reader, or of files "
                f"that a kind reads; {entry.reader} takes none"
            )
        super().__init__(entry.name, described_provenance(entry, root), root)
        self.entry = entry
        self.kind = None if entry.kind in (None, TEXT, INTERACTION) else kind_named(str(entry.kind))
        check_key(entry.hold_out, entry.name)

    @cached_property
    def fingerprint(self) -> str:
        unset = {name for name in _LATER_KEYS if not getattr(self.entry, name)}
        content = self.entry.model_dump(exclude={"repeat", "licence", "origin", "category", "part", "link", *unset})
        return fingerprint(super().fingerprint, content)

    def split_record(
        self,
        identifier: str,
        kind: str,
        fields: Mapping[str, str],
        entity: Entity | None,
        parts: Mapping[str, Entity] = MappingProxyType({}),
        row: Mapping[str, Any] = MappingProxyType({}),
    ) -> Record:
        """Return a record on its side of the split.

        That is by the identities of its entities, or for text by the record's id. Where the recipe has a rule of its
        own, the held-out part is what that says.

        Raises
        ------
        UnsupportedError
            If the recipe's rule does not hold the record out, but that of the package does.
        """
        entities = [*parts.values(), *([] if entity is None else [entity])]
        by_name = not entities and bucket(f"{self.name}:{identifier}", HELD_OUT_ONE_IN) == 0
        rule = self.entry.hold_out
        held_out = by_name or any(map(is_held_out, entities))
        if rule is not None and not is_row_held_out(rule, row, entities):
            if held_out:
                raise UnsupportedError("never trained on, and not among what hold_out of the recipe holds out")
            return Record(self.name, identifier, kind, "train", fields, entity, parts)
        held_out = held_out or rule is not None
        return Record(self.name, identifier, kind, "held_out" if held_out else "train", fields, entity, parts)


class TableSource(DescribedSource):
    """CSV, TSV, JSON lines, Parquet or FASTA with a column that holds the entity as a person would type it."""

    def __init__(self, entry: SourceRecipe, root: Path) -> None:
        super().__init__(entry, root)
        fasta = entry.reader == "fasta"
        self._column = entry.entity or ("sequence" if fasta else None)
        self._id = entry.id or ("id" if fasta else None)
        self._parts = {
            role: EntityColumn(one.kind, one.column, None if one.folder is None else root / one.folder)
            for role, one in entry.parts.items()
        }
        if self._parts:
            return
        if self.kind is None and (self._column or not entry.fields):
            raise ConfigurationError(
                f"source {entry.name}: give the kind of what is read, or, for text, its columns under fields"
            )
        if self.kind is not None and self._column is None:
            raise ConfigurationError(
                f"source {entry.name}: name under entity the column that holds {self.kind.typed_as}"
            )
        if self.kind is None and entry.hold_out is not None and entry.hold_out.by is not None:
            raise ConfigurationError(f"source {entry.name}: hold_out.by is for entities; texts have a column")

    @cached_property
    def fingerprint(self) -> str:
        folders = sorted({one for one in (self.entry.folder, *(p.folder for p in self.entry.parts.values())) if one})
        files = [file for folder in folders for file in folder_files(self.name, folder, self.root)]
        named = [(file, content_sha256(self.root / file)) for file in files]
        return fingerprint(super().fingerprint, named) if named else super().fingerprint

    @cached_property
    def _entity(self) -> EntityColumn | None:
        """The column of the one entity of a row; None for texts and rows of several."""
        if self.kind is None or self._column is None:
            return None
        folder = None if self.entry.folder is None else self.root / self.entry.folder
        return EntityColumn(self.kind.name, self._column, folder)

    @property
    def columns(self) -> list[str]:
        """The columns that are read."""
        split = self.entry.hold_out.column if self.entry.hold_out else None
        named = (self._id, self._column, *(one.column for one in self._parts.values()), *self.entry.fields, split)
        return list(dict.fromkeys(name for name in named if name is not None))

    def table(self, path: Path) -> Table:
        """Return the table of a file; ConfigurationError where one with a known header lacks a column."""
        reader = self.entry.reader
        if reader == "parquet":
            return ParquetTable(path, self.columns)
        if reader == "jsonl":
            return JsonTable(path)
        if reader == "fasta":
            self._require(_FASTA_COLUMNS, path)
            return FastaTable(path)
        table = DelimitedTable(path, "\t" if reader == "tsv" else ",", quotes=reader == "csv")
        self._require(table.names, path)
        return table

    def expand(self, table: Table, number: int, row: Any) -> Iterator[tuple[str, Any]]:
        """Yield the one row, as a mapping of column to value."""
        columns = _fasta_columns(*row) if isinstance(table, FastaTable) else row
        identifier = None if self._id is None else columns.get(self._id)
        unnamed = is_missing(identifier) or not _is_text(str(identifier))
        yield (self.numbered(table, number) if unnamed else str(identifier)), columns

    def record(self, identifier: str, row: Mapping[str, Any]) -> Record:
        """Return a row's entity and the fields that have a value.

        Raises
        ------
        ParseError
            If there is no entity, or none that is text; for a source of text, if no field has a value; if text holds
            half of a surrogate pair.
        """
        if isinstance(row, BrokenRow):
            raise ParseError(row.reason)
        values = {field: row.get(column) for column, field in self.entry.fields.items()}
        fields = {field: str(value) for field, value in values.items() if not is_missing(value)}
        self._require_text(row.get(column) for column in self.columns)
        if self._parts:
            parts = {role: column.entity(row, identifier) for role, column in self._parts.items()}
            return self.split_record(identifier, INTERACTION, fields, None, parts, row)
        if self._entity is not None:
            entity = self._entity.entity(row, identifier)
            return self.split_record(identifier, self._entity.kind.name, fields, entity, row=row)
        if not fields:
            raise ParseError(f"no value in the columns {', '.join(self.entry.fields)}")
        return self.split_record(identifier, TEXT, fields, None, row=row)

    def _require_text(self, values: Iterable[Any]) -> None:
        if not all(_is_text(value) for value in values if isinstance(value, str)):
            raise ParseError("a value holds half of a surrogate pair, which is not text; write the character whole")

    def _require(self, names: Any, path: Path) -> None:
        missing = [name for name in self.columns if name not in names]
        if missing:
            there = ", ".join(names)
            near = [one for name in missing for one in near_matches(name, names)[:1]]
            meant = f"; did you mean {', '.join(near)}?" if near else ""
            swapped = [field for field in missing if self.entry.fields.get(field) in names]
            turned = '; fields gives each column the name of its field: { column = "field" }' if swapped else ""
            raise ConfigurationError(
                f"source {self.name}: no column {', '.join(missing)}; there are: {there}{meant}{turned}", file=str(path)
            )


def _is_text(value: str) -> bool:
    """Return whether text can be written: JSON may name half of a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fasta_columns(header: str, letters: str) -> dict[str, str]:
    name, _, description = header.partition(" ")
    return {"id": name, "header": header, "description": description.strip(), "sequence": letters}
