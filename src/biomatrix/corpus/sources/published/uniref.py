"""UniRef: one sequence per cluster of similar ones, in FASTA."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.holdout import split_of
from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.published.published_source import PublishedSource
from biomatrix.corpus.sources.tables import Table
from biomatrix.corpus.sources.text_tables import FastaTable
from biomatrix.entities import Protein
from biomatrix.errors import ParseError

_HEADER: Final = re.compile(
    r"(?P<id>UniRef\d+_\S+) (?P<name>.*?) n=(?P<members>\d+)(?: Tax=(?P<organism>.*?) TaxID=|$| )"
)


class UniRefSource(PublishedSource):
    """Clusters, each by the sequence that stands for it."""

    def table(self, path: Path) -> Table:
        """Return the FASTA records of a file."""
        return FastaTable(path)

    def expand(self, table: Table, number: int, row: tuple[str, str]) -> Iterator[tuple[str, Any]]:
        """Yield the one record, by the name of its cluster."""
        yield row[0].split(" ", 1)[0] or str(number + 1), row

    def record(self, identifier: str, row: tuple[str, str]) -> Record:
        """Return a cluster's protein with name, organism and number of members; ParseError at another header."""
        header, letters = row
        found = _HEADER.match(header)
        if found is None:
            raise ParseError(f"not the header of a UniRef cluster: {header[:80]!r}")
        fields = {name: found[name] for name in ("name", "organism", "members") if found[name]}
        protein = Protein.from_sequence(letters, name=identifier)
        return Record(self.name, identifier, Protein.kind, split_of(protein), fields, protein)
