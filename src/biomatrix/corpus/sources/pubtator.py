"""PubTator files as a source of texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from biomatrix.corpus.records import TEXT, Record
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources.generic import DescribedSource
from biomatrix.corpus.sources.pubtator_file import PubTatorTable, read_document
from biomatrix.corpus.sources.tables import Table
from biomatrix.errors import ConfigurationError, ParseError


class PubTatorSource(DescribedSource):
    """Titles and abstracts; their annotations are read by the linker of that name.

    Parameters
    ----------
    entry : SourceRecipe
        Its reader is ``pubtator``.
    root : Path
        The data folder.
    """

    def __init__(self, entry: SourceRecipe, root: Path) -> None:
        super().__init__(entry, root)
        if entry.fields or entry.entity or entry.id or self.kind is not None:
            raise ConfigurationError(
                f"source {entry.name}: pubtator files are texts without columns; leave kind, entity, id and fields out"
            )

    def table(self, path: Path) -> Table:
        """Return the documents of a file."""
        return PubTatorTable(path)

    def expand(self, table: Table, number: int, row: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        """Yield the one document, by its id."""
        name = row[0].split("|", 1)[0].strip()
        yield (name if "|" in row[0] and name else self.numbered(table, number)), row

    def record(self, identifier: str, row: tuple[str, ...]) -> Record:
        """Return the text of a document; ParseError where it is none."""
        document = read_document(row)
        if not document.text.strip():
            raise ParseError("neither title nor abstract")
        return self.split_record(identifier, TEXT, {"text": document.text}, None)
