"""Swiss-Prot and TrEMBL, from the flat file or the XML: both forms give the same records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.holdout import split_of
from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.published.published_source import PublishedSource
from biomatrix.corpus.sources.published.uniprot_entry import UniprotEntry
from biomatrix.corpus.sources.published.uniprot_flat import parse_flat
from biomatrix.corpus.sources.published.uniprot_xml import entry_of
from biomatrix.corpus.sources.tables import Table
from biomatrix.corpus.sources.text_tables import MarkedTable
from biomatrix.corpus.sources.xml_tables import XmlTable
from biomatrix.entities import Protein
from biomatrix.entities.files.unpacking import without_packing

_FLAT_NAME: Final = re.compile(r"^AC   (\w+)", re.MULTILINE)
_XML_NAME: Final = re.compile(rb"<accession>\s*(\w+)\s*</accession>")
_LONGEST: Final = 1 << 26
"""Bytes of one entry; those with thousands of references are the longest."""


class UniprotSource(PublishedSource):
    """Entries as proteins with name, organism, function, location, catalytic activity and keywords."""

    def table(self, path: Path) -> Table:
        """Return the entries of a file, by the ending of its name."""
        if without_packing(path.name).endswith(".xml"):
            return XmlTable(path, "entry", _LONGEST)
        return MarkedTable(path, None, "//")

    def expand(self, table: Table, number: int, row: str | bytes) -> Iterator[tuple[str, Any]]:
        """Yield the one entry, by its accession."""
        found = _FLAT_NAME.search(row) if isinstance(row, str) else _XML_NAME.search(row)
        name = f"{table.path.name}:{number + 1}" if found is None else found[1]
        yield (name if isinstance(name, str) else name.decode()), (table, row)

    def record(self, identifier: str, row: tuple[Table, str | bytes]) -> Record:
        """Return the record of an entry.

        Raises
        ------
        ParseError
            It is broken or cut.
        LimitError
            It is too long, or its chain is.
        """
        entry = _entry(*row)
        protein = Protein.from_sequence(entry.sequence, name=entry.accession)
        return Record(self.name, identifier, Protein.kind, split_of(protein), entry.fields, protein)


def _entry(table: Table, row: str | bytes) -> UniprotEntry:
    if isinstance(row, str):
        return parse_flat(row)
    assert isinstance(table, XmlTable)
    return entry_of(table.tree(row))
