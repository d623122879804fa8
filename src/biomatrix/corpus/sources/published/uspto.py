"""Applications for patents of the USPTO: weekly files of many XML documents one behind another.

Document type: https://www.uspto.gov/learning-and-resources/xml-resources
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element

from biomatrix.corpus.sources.published.documents import Document, DocumentSource, Passage
from biomatrix.corpus.sources.tables import Table
from biomatrix.corpus.sources.xml_parsing import words
from biomatrix.corpus.sources.xml_tables import XmlTable
from biomatrix.errors import ParseError

_LEFT_OUT: Final = frozenset({
    "tables", "table", "table-external-doc", "maths", "math", "chemistry", "img", "sequence-list",
    "description-of-drawings", "in-line-formulae", "us-sequence-list-doc", "cross-reference-to-related-applications",
})  # fmt: skip
_BREAKS: Final = frozenset({"p", "li", "ul", "ol", "claim-text", "heading", "br"})
_LONGEST: Final = 1 << 28
"""Bytes of one application; some hold sequences of genomes."""
_FILE: Final = re.compile(rb"<us-patent-application\b[^>]*?\bfile=\"([^\"]+)\"")


class UsptoSource(DocumentSource):
    """Applications: title, abstract, description under its headings, claims."""

    def table(self, path: Path) -> Table:
        """Return the applications of a weekly file."""
        return XmlTable(path, "us-patent-application", _LONGEST)

    def document(self, table: Table, number: int, row: bytes) -> Document:
        """Return an application, named by country, number and kind; ParseError where it has no number."""
        assert isinstance(table, XmlTable)
        application = table.tree(row)
        front = application.find("us-bibliographic-data-application")
        published = None if front is None else front.find("publication-reference/document-id")
        if front is None or published is None:
            raise ParseError("no number of a publication")
        name = "".join(words(published.find(part)) for part in ("country", "doc-number", "kind"))
        title = words(front.find("invention-title"), _LEFT_OUT)
        abstract = words(application.find("abstract"), _LEFT_OUT, _BREAKS)
        passages = [
            *([Passage("", title)] if title else []),
            *([Passage("Abstract", abstract)] if abstract else []),
            *_description(application.find("description")),
            *_claims(application.find("claims")),
        ]
        return Document(name, tuple(passages))

    def row_name(self, table: Table, number: int, row: Any) -> str:
        """Return the name of the application's own file, where the document states it."""
        found = _FILE.match(row)
        return super().row_name(table, number, row) if found is None else found[1].decode("utf-8", "replace")


def _description(description: Element | None) -> Iterator[Passage]:
    heading, waiting = "", [""]
    for child in description if description is not None else ():
        if child.tag == "heading":
            if any(waiting):
                yield Passage(heading, " ".join(filter(None, waiting)))
            heading, waiting = words(child, _LEFT_OUT).capitalize(), []
        elif child.tag not in _LEFT_OUT:
            waiting.append(words(child, _LEFT_OUT, _BREAKS))
    if any(waiting):
        yield Passage(heading, " ".join(filter(None, waiting)))


def _claims(claims: Element | None) -> Iterator[Passage]:
    found = [words(claim, _LEFT_OUT, _BREAKS) for claim in (claims if claims is not None else ())]
    text = " ".join(filter(None, found))
    if text:
        yield Passage("Claims", text)
