"""A source whose texts are linked: those that name entities become interleaved records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from biomatrix.corpus.holdout import split_of
from biomatrix.corpus.link_recipe import LinkRecipe
from biomatrix.corpus.linking.entity_tables import EntityTables
from biomatrix.corpus.linking.linker import Linker, Linking, Text
from biomatrix.corpus.linking.name_rules import common_words
from biomatrix.corpus.linking.opening import check_linker, linked_files, open_linker
from biomatrix.corpus.records import INTERLEAVED, TEXT, PartPlace, Record
from biomatrix.corpus.slices import fingerprint
from biomatrix.corpus.sources.base import Shard, Source
from biomatrix.corpus.sources.tables import Table
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.errors import BioMatrixError

VERSION = 1
"""Raised when the same texts and tables would be linked otherwise."""


@dataclass(frozen=True)
class _Linked:
    """A record that is linked already, or the error that refused it, and why mentions were not linked."""

    record: Record | BioMatrixError
    left_out: tuple[str, ...] = ()


class LinkedSource(Source):
    """The records of another source, their texts linked a batch at a time.

    Parameters
    ----------
    inner : Source
        The source of texts; its other records are passed on.
    recipe : LinkRecipe
        The linker and its tables.
    root : Path
        The data folder.

    Raises
    ------
    ConfigurationError
        A file that the recipe names is not there, or lacks a column.
    """

    def __init__(self, inner: Source, recipe: LinkRecipe, root: Path) -> None:
        super().__init__(inner.name, inner.provenance, root)
        self.inner, self.recipe = inner, recipe
        self.one_to_one = inner.one_to_one
        self._tables = EntityTables(recipe.entities, root)
        self._files = linked_files(recipe, inner.name, root)
        self._notes: dict[str, tuple[str, ...]] = {}

    def table(self, path: Path) -> Table:
        """Return the reader of one of the source's files."""
        return self.inner.table(path)

    def open_tables(self) -> list[Table]:
        """Return the source's tables."""
        return self.inner.open_tables()

    def expand(self, table: Table, number: int, row: Any) -> Iterator[tuple[str, Any]]:
        """Yield (record id, raw row) as the source does."""
        return self.inner.expand(table, number, row)

    def shards(self, size: int) -> Iterator[Shard]:
        """Yield the source's shards."""
        return self.inner.shards(size)

    def rows(self) -> Iterator[tuple[str, Any]]:
        """Yield (record id, linked record or refusal) of all rows."""
        return self._linked(self.inner.rows())

    def read(self, shard: Shard) -> Iterator[tuple[str, Any]]:
        """Yield (record id, linked record or refusal) of one shard."""
        return self._linked(self.inner.read(shard))

    def record(self, identifier: str, row: _Linked) -> Record:
        """Return a record whose text is linked; the source's own error where it refused the row."""
        if isinstance(row.record, BioMatrixError):
            raise row.record
        self._notes[row.record.id] = row.left_out
        return row.record

    def left_out(self, record: Record) -> Iterator[str]:
        """Yield why mentions were not linked, each time."""
        return iter(self._notes.pop(record.id, ()))

    @property
    def paths(self) -> list[Path]:
        """The files of the source itself."""
        return self.inner.paths

    def check_files(self) -> None:
        """Raise ConfigurationError where a file of the source or the tables, or a package, is missing."""
        check_linker(self.recipe)
        for source in (self.inner, *self._tables.sources):
            source.check_files()

    @cached_property
    def fingerprint(self) -> str:
        """The hash of the source, of how it is linked, and of every file that says how."""
        settings = self.recipe.model_dump(include={"linker", "entities", "stop", "types", "url"})
        tables = [source.fingerprint for source in self._tables.sources]
        files = [file_sha256(path) for path in self._files]
        return fingerprint(VERSION, self.inner.fingerprint, settings, tables, files, sorted(common_words()))

    @cached_property
    def _linker(self) -> Linker:
        return open_linker(self.recipe, self._tables, self._files)

    def _linked(self, rows: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, _Linked]]:
        while batch := list(islice(rows, self.recipe.batch)):
            made = [_Linked(self._made(identifier, row)) for identifier, row in batch]
            records = [(index, one.record) for index, one in enumerate(made) if isinstance(one.record, Record)]
            texts = {index: record for index, record in records if record.kind == TEXT and record.fields.get("text")}
            results = self._linker.link([Text(record.id, record.fields["text"]) for record in texts.values()])
            for (index, record), result in zip(texts.items(), results, strict=True):
                left_out = (*self.inner.left_out(record), *_reasons(result))
                linking = Linking() if isinstance(result, BioMatrixError) else result
                made[index] = _Linked(interleaved(record, linking), left_out)
            yield from zip((identifier for identifier, _ in batch), made, strict=True)

    def _made(self, identifier: str, row: Any) -> Record | BioMatrixError:
        try:
            return self.inner.record(identifier, row)
        except BioMatrixError as error:
            return error


def _reasons(result: Linking | BioMatrixError) -> Iterator[str]:
    if isinstance(result, BioMatrixError):
        yield f"not linked: {result.message}"
        return
    for reason, count in sorted(result.unlinked.items()):
        yield from [f"a mention is not linked: {reason}"] * count


def interleaved(record: Record, linking: Linking) -> Record:
    """Return a text record with the entities that it names as parts; itself where there is none.

    Held out where the text is, or any of the entities. The roles are ``molecule_1``, ``protein_1``, ``molecule_2`` and
    so on, in the order of first mention.
    """
    if not linking.mentions:
        return record
    roles: dict[str, str] = {}
    parts: dict[str, Entity] = {}
    counts: Counter[str] = Counter()
    for one in linking.mentions:
        if one.key not in roles:
            counts[one.kind] += 1
            roles[one.key] = f"{one.kind}_{counts[one.kind]}"
            parts[roles[one.key]] = one.entity
    places = tuple(PartPlace(one.start, one.end, roles[one.key]) for one in linking.mentions)
    split = record.split if record.split != "train" else split_of(*parts.values())
    return replace(record, kind=INTERLEAVED, split=split, parts=parts, places=places)
