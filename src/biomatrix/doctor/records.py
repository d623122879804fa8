"""The records on which a round trip is measured: files of entities of any kind, and tables of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from biomatrix.corpus.holdout import is_held_out
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.counting import count_records
from biomatrix.entities.formats import format_of, kinds_of_format
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.kind_registry import kinds
from biomatrix.entities.records import read_entities
from biomatrix.entities.registration import FileFormat, Kind, Table
from biomatrix.entities.rejects import Reject
from biomatrix.entities.tables import container_of, count_rows, find_table, read_table
from biomatrix.errors import BioMatrixError, ConfigurationError


@dataclass(frozen=True)
class RecordFile:
    """A file, and what it holds.

    Parameters
    ----------
    path : Path
    kind : Kind
        The kind as which its records are read.
    layout : FileFormat or Table
        How the records are stored.
    """

    path: Path
    kind: Kind
    layout: FileFormat | Table

    def records(self, *, held_out: bool = False, limit: int | None = None) -> Iterator[Entity | Reject]:
        """Yield the records, each as an entity or as a Reject with its reason.

        Parameters
        ----------
        held_out : bool
            Only those that no shipped tokenizer was fitted on, by the table's split or else by their identity.
        limit : int, optional
            At most this many.

        Raises
        ------
        ConfigurationError
            ``held_out`` where neither a split nor the identity tells which records those are.
        """
        records = self._held_out() if held_out else self._all()
        return islice(records, None if limit is None else min(limit, sys.maxsize))

    def count(self) -> int | None:
        """Return how many records the file seems to hold, to show progress; None where only reading them would tell."""
        try:
            if isinstance(self.layout, Table):
                return count_rows(self.path)
            return count_records(self.path, self.layout)
        except BioMatrixError:
            return None  # reading the records tells what is wrong

    def _all(self) -> Iterator[Entity | Reject]:
        if isinstance(self.layout, Table):
            return read_table(self.path, self.layout)
        return read_entities(self.path, kind=self.kind.name, file_format=self.layout.name)

    def _held_out(self) -> Iterator[Entity | Reject]:
        if isinstance(self.layout, Table) and self.layout.held_out is not None:
            return read_table(self.path, self.layout, held_out=True)
        if not self.kind.held_out_by_identity:
            raise ConfigurationError(
                f"only a table with a column split says which {self.kind.plural} are held out", file=str(self.path)
            )
        return (one for one in self._all() if isinstance(one, Reject) or is_held_out(one))


def open_records(path: Path, kind: str | None = None) -> RecordFile:
    """Return what a file holds, by ``kind`` where given, else by its extension or, for tables, its columns.

    Where a format holds several kinds, the first of them that has a round trip is taken.

    Raises
    ------
    UnsupportedError
        Extension or columns are not read here.
    ParseError
        A table that cannot be opened.
    """
    among = kinds() if kind is None else (kind_named(kind),)
    if container_of(path) is not None:
        return RecordFile(path, *find_table(path, among))
    name = format_of(path, among=among)
    owners = kinds_of_format(name, among)
    owner = next((one for one in owners if one.round_trip is not None), owners[0])
    return RecordFile(path, owner, next(one for one in owner.formats if one.name == name))
