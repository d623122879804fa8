"""Pages of the web, filtered by their publishers: FineWeb-Edu in Parquet, FineFineWeb in JSON lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from biomatrix.corpus.sources.published.documents import Document, DocumentSource, Passage
from biomatrix.corpus.sources.tables import ParquetTable, Table
from biomatrix.corpus.sources.text_tables import BrokenRow, JsonTable
from biomatrix.errors import ParseError


class FineWebSource(DocumentSource):
    """Pages with an id."""

    def table(self, path: Path) -> Table:
        """Return the rows of a Parquet file."""
        return ParquetTable(path, ("id", "text"))

    def document(self, table: Table, number: int, row: Mapping[str, Any]) -> Document:
        """Return a page, its paragraphs as passages; ParseError where there is no text."""
        name = str(row["id"] or self.row_name(table, number, row))
        return Document(name, paragraphs(row["text"]))


class FineFineWebSource(DocumentSource):
    """Pages of one domain to a folder."""

    def table(self, path: Path) -> Table:
        """Return the JSON lines of a file."""
        return JsonTable(path)

    def document(self, table: Table, number: int, row: Mapping[str, Any]) -> Document:
        """Return a page, named by its domain, file and line; ParseError where the line is no page."""
        if isinstance(row, BrokenRow):
            raise ParseError(row.reason)
        return Document(self.row_name(table, number, row), paragraphs(row.get("text")))

    def row_name(self, table: Table, number: int, row: Any) -> str:
        """Return the domain, which is the folder's name, the file and the number of the line from 1."""
        return f"{table.path.parent.name}/{table.path.name}:{number + 1}"


def paragraphs(text: Any) -> tuple[Passage, ...]:
    """Return the lines of a text, each as a passage without a heading; ParseError for what is no text."""
    if not isinstance(text, str):
        raise ParseError("no text in the row")
    return tuple(Passage("", line) for line in text.splitlines() if line.strip())
