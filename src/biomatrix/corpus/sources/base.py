"""Sources: sets of rows with a licence, each of which becomes one record or is refused with a reason."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from biomatrix.corpus.file_hashes import content_sha256
from biomatrix.corpus.records import Record
from biomatrix.corpus.slices import fingerprint
from biomatrix.corpus.sources.tables import Table
from biomatrix.entities.files.lfs_pointers import LFS_ADVICE, file_is_lfs_pointer
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError, ParseError

T = TypeVar("T")

SHIPPABLE_LICENCES = frozenset({"CC0-1.0", "CC-BY-4.0", "CC-BY-3.0", "MIT", "BSD-3-Clause", "Apache-2.0", "Biopython"})
"""Weights trained on data under these terms may be given to anyone; a recipe that names no licences allows these."""


@dataclass(frozen=True)
class Provenance:
    """Where a source comes from and on what terms.

    Parameters
    ----------
    licence : tuple of str
        Every licence that applies, by SPDX name.
    origin : str
        The repository or publisher, and what to cite.
    files : tuple of str
        Paths relative to the data folder; empty for data that comes inside a package.
    split : str
        Which part of the data is used, in words.
    category, part : str
        Its row in the token table, as in a card; "" where not stated.
    """

    licence: tuple[str, ...]
    origin: str
    files: tuple[str, ...]
    split: str
    category: str = ""
    part: str = "other"


@dataclass(frozen=True)
class Shard:
    """A run of a source's rows that can be read without reading the rows before it.

    Parameters
    ----------
    table : int
        The index of the table among the source's tables.
    first : int
        The number of the row of the table that it begins with, from 0.
    start : int or None
        The byte where that row begins; None where its number is enough to find it.
    skip : int
        The number of source rows from the same row of the table that belong to the shard before.
    count : int
        The number of source rows.
    """

    table: int
    first: int
    start: int | None
    skip: int
    count: int


def whole_shard(rows: Iterator[T], shard: Shard, source: str) -> Iterator[T]:
    """Yield the first rows of an iterator, as many as a shard has; ParseError where there are fewer."""
    read = 0
    for row in islice(rows, shard.count):
        read += 1
        yield row
    if read < shard.count:
        raise ParseError(
            f"source {source}: {read} rows from row {shard.first + 1} of table {shard.table + 1} on, where its index "
            f"says {shard.count}; a file has changed while it was read: build again"
        )


class Source(ABC):
    """One data set.

    A subclass defines its tables, the source rows that each row of a table gives, and the record that a source row
    becomes.

    Parameters
    ----------
    name : str
        A short, stable name; it seeds the draws for each of its records.
    provenance : Provenance
        Licence and origin, and the files.
    root : Path
        The data folder that ``provenance.files`` are relative to.
    """

    one_to_one = True
    """Whether each row of a table gives exactly one source row: shards are then cut without reading the rows."""

    embed_attempts: int | None = None
    """The starting positions tried for each molecule that is given a conformer; by its size where None."""
    largest: Mapping[str, int] = MappingProxyType({})
    """By name, the largest entity that is taken; what a recipe may set otherwise."""

    embed: float = 0.0
    """The share of molecules without coordinates that are given some."""
    conformers: int = 1
    """The largest number of conformers of a molecule that is given any."""

    def __init__(self, name: str, provenance: Provenance, root: Path) -> None:
        self.name = name
        self.provenance = provenance
        self.root = root

    def set_largest(self, sizes: Mapping[str, int]) -> None:
        """Take entities up to other sizes; ConfigurationError where the source does not know one by its name."""
        for name in sizes:
            if name not in self.largest:
                known = choices(name, sorted(self.largest)) if self.largest else "it has none"
                raise ConfigurationError(f"source {self.name}: no size {name!r}; {known}")
        self.largest = {**self.largest, **sizes}

    @abstractmethod
    def table(self, path: Path) -> Table:
        """Return the reader of one of its files, at its first row."""

    @abstractmethod
    def expand(self, table: Table, number: int, row: Any) -> Iterator[tuple[str, Any]]:
        """Yield (record id, raw row) for each source row of one row of a table, cheaply; ``number`` counts from 0."""

    @abstractmethod
    def record(self, identifier: str, row: Any) -> Record:
        """Return the record of a raw row; BioMatrixError with the reason where there is none."""

    def numbered(self, table: Table, number: int) -> str:
        """Return the id of a record without one: the row's number from 1, after the file's name if one of several."""
        return str(number + 1) if len(self.paths) == 1 else f"{table.path.name}:{number + 1}"

    def left_out(self, record: Record) -> Iterator[str]:
        """Yield what a record was to hold and does not, each with its reason; nothing for most sources."""
        return iter(())

    def open_tables(self) -> list[Table]:
        """Return its tables, in order, each with a reader of its own."""
        return [self.table(path) for path in self.paths]

    def rows(self) -> Iterator[tuple[str, Any]]:
        """Yield (record id, raw row) in a fixed order, cheaply."""
        for table in self.open_tables():
            yield from self._expand_rows(table, 0, None)

    def read(self, shard: Shard) -> Iterator[tuple[str, Any]]:
        """Yield (record id, raw row) for the rows of one shard; shards that are read in order share one reader.

        Raises
        ------
        ParseError
            If there are fewer rows than the shard has.
        """
        table = self._readers[shard.table]
        rows = self._expand_rows(table, shard.first, shard.start)
        return whole_shard(islice(rows, shard.skip, None), shard, self.name)

    def shards(self, size: int) -> Iterator[Shard]:
        """Yield the shards, ``size`` source rows each, fewer in the last one of a table."""
        for index, table in enumerate(self.open_tables()):
            rows = None if self.one_to_one else table.rows()
            total = 0
            pending: Shard | None = None
            for number, start in enumerate(table.starts()):
                count = 1 if rows is None else sum(1 for _ in self.expand(table, number, next(rows)))
                for skip in range(-total % size, count, size):
                    if pending is not None:
                        yield pending
                    pending = Shard(index, number, start, skip, size)
                total += count
            if pending is not None:
                yield Shard(
                    pending.table, pending.first, pending.start, pending.skip, total - (total - 1) // size * size
                )

    @cached_property
    def _readers(self) -> list[Table]:
        return self.open_tables()

    def _expand_rows(self, table: Table, first: int, start: int | None) -> Iterator[tuple[str, Any]]:
        for number, row in enumerate(table.rows(first, start), start=first):
            yield from self.expand(table, number, row)

    @property
    def paths(self) -> list[Path]:
        """The files that are read."""
        return [self.root / name for name in self.provenance.files]

    def check_files(self) -> None:
        """Raise ConfigurationError where a file that is read cannot be."""
        for path in self.paths:
            if not path.is_file():
                what = "is a folder, not a file" if path.is_dir() else "no such file in the data folder"
                raise ConfigurationError(f"{what}; source {self.name} reads it", file=str(path))
            if _is_pointer(path):
                raise ConfigurationError(f"{LFS_ADVICE}; source {self.name} reads it", file=str(path))

    def without_records(self) -> ConfigurationError:
        """Return the error to raise where the files are there and hold no record."""
        place = str(self.paths[0]) if self.paths else None
        return ConfigurationError(f"source {self.name}: no record in its files", file=place)

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256, in hexadecimal, over the source's name and the files that are read, each by name and content."""
        self.check_files()
        files = zip(self.provenance.files, self.paths, strict=True)
        return fingerprint(self.name, [(name, content_sha256(path)) for name, path in files])


def _is_pointer(path: Path) -> bool:
    try:
        return file_is_lfs_pointer(path)
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror or error}", file=str(path)) from error
