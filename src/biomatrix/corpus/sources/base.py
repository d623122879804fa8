"""What a source is: a set of rows with a licence, each of which becomes one record or a reason why not."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.tables import Table

SHIPPABLE_LICENCES = frozenset({"CC0-1.0", "CC-BY-4.0", "CC-BY-3.0", "MIT", "BSD-3-Clause", "Apache-2.0", "Biopython"})
"""Weights trained on data under these terms may be given to anyone; what a recipe allows where it says nothing."""


@dataclass(frozen=True)
class Provenance:
    """Where a source comes from and on what terms.

    Parameters
    ----------
    licence : tuple of str
        Every licence that applies, SPDX names.
    origin : str
        The repository or publisher, and what to cite.
    files : tuple of str
        Paths relative to the data folder; empty for data that comes inside a package.
    split : str
        Which part of the data is used, in words.
    """

    licence: tuple[str, ...]
    origin: str
    files: tuple[str, ...]
    split: str


@dataclass(frozen=True)
class Shard:
    """A run of a source's rows that is read without reading what stands before it.

    Parameters
    ----------
    table : int
        Which of the source's tables.
    first : int
        The number of the table's row it begins with, from 0.
    start : int or None
        The byte where that row begins; None where the number is enough.
    skip : int
        Rows of the source that the same row of the table gave to the shard before.
    count : int
        Rows of the source; fewer where the source yields no more.
    """

    table: int
    first: int
    start: int | None
    skip: int
    count: int


class Source(ABC):
    """One data set.

    A subclass says what tables there are, which rows of the source each row of a table gives, and what record a row
    becomes.

    Parameters
    ----------
    name : str
        A short, stable name; it seeds what is drawn for each of its records.
    provenance : Provenance
        Licence and origin.
    root : Path
        The data folder that ``provenance.files`` are relative to.
    """

    one_to_one = True
    """Whether each row of a table gives one row of the source: shards are then cut without reading the rows."""

    def __init__(self, name: str, provenance: Provenance, root: Path) -> None:
        self.name = name
        self.provenance = provenance
        self.root = root

    @abstractmethod
    def table(self, path: Path) -> Table:
        """Return how one of its files is read, standing at its first row."""

    @abstractmethod
    def expand(self, table: Table, number: int, row: Any) -> Iterator[tuple[str, Any]]:
        """Yield (record id, raw row) for what one row of a table gives, cheaply; ``number`` counts from 0."""

    @abstractmethod
    def record(self, identifier: str, row: Any) -> Record:
        """Turn a raw row into a record. Raises BioMatrixError with the reason where it cannot."""

    def open_tables(self) -> list[Table]:
        """Return its tables, in order, each with a reader of its own."""
        return [self.table(path) for path in self.paths]

    def rows(self) -> Iterator[tuple[str, Any]]:
        """Yield (record id, raw row) in a fixed order, cheaply."""
        for table in self.open_tables():
            yield from self._expanded(table, 0, None)

    def read(self, shard: Shard) -> Iterator[tuple[str, Any]]:
        """Yield (record id, raw row) of one shard; shards that are read in order share one reader."""
        expanded = self._expanded(self._readers[shard.table], shard.first, shard.start)
        return islice(expanded, shard.skip, shard.skip + shard.count)

    def shards(self, size: int) -> Iterator[Shard]:
        """Yield the shards of ``size`` rows of the source each, the last of a table fewer."""
        for index, table in enumerate(self.open_tables()):
            rows = None if self.one_to_one else table.rows()
            given = 0
            begun: Shard | None = None
            for number, start in enumerate(table.starts()):
                gives = 1 if rows is None else sum(1 for _ in self.expand(table, number, next(rows)))
                for skip in range(-given % size, gives, size):
                    if begun is not None:
                        yield begun
                    begun = Shard(index, number, start, skip, size)
                given += gives
            if begun is not None:
                yield Shard(begun.table, begun.first, begun.start, begun.skip, given - (given - 1) // size * size)

    @cached_property
    def _readers(self) -> list[Table]:
        return self.open_tables()

    def _expanded(self, table: Table, first: int, start: int | None) -> Iterator[tuple[str, Any]]:
        for number, row in enumerate(table.rows(first, start), start=first):
            yield from self.expand(table, number, row)

    @property
    def paths(self) -> list[Path]:
        """The files that are read."""
        return [self.root / name for name in self.provenance.files]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the files that are read."""
        digest = hashlib.sha256(self.name.encode())
        for path in self.paths:
            with path.open("rb") as handle:
                while block := handle.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest()
