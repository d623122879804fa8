"""PubMed: abstracts of the baseline and of the daily update files, in XML.

Element descriptions: https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element

from biomatrix.corpus.sources.published.documents import Document, DocumentSource, Passage
from biomatrix.corpus.sources.tables import Table
from biomatrix.corpus.sources.xml_parsing import parse_element, words
from biomatrix.corpus.sources.xml_tables import XmlTable
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError

_UPDATES: Final = "updatefiles"
_NUMBER: Final = re.compile(rb"<PMID\b[^>]*>\s*(\d+)\s*</PMID>")
_NO_TITLE: Final = "[Not Available]."
_RETRACTED: Final = "Retracted Publication"


class PubmedSource(DocumentSource):
    """Citations with an abstract, each in its latest version.

    The baseline holds a citation once. A citation that a later update file holds again, or deletes, is refused; the
    numbers of those that stand in files of a folder ``updatefiles`` are kept in memory, about a hundred bytes each.
    """

    def table(self, path: Path) -> Table:
        """Return the citations of a file."""
        return XmlTable(path, "PubmedArticle")

    def document(self, table: Table, number: int, row: bytes) -> Document:
        """Return a citation's title and abstract.

        Raises
        ------
        UnsupportedError
            Superseded, deleted or retracted; or without an abstract.
        ParseError
            Broken XML, or no number.
        """
        assert isinstance(table, XmlTable)
        citation = table.tree(row).find("MedlineCitation")
        found = None if citation is None else citation.find("PMID")
        if citation is None or found is None or not (found.text or "").strip().isdigit():
            raise ParseError("no PMID")
        number_text = (found.text or "").strip()
        self._refuse_outdated(int(number_text), table.path, number)
        kinds = [words(kind) for kind in citation.iterfind("Article/PublicationTypeList/PublicationType")]
        if _RETRACTED in kinds:
            raise UnsupportedError("retracted")
        parts = tuple(_abstract(citation))
        if not parts:
            raise UnsupportedError("no abstract")
        title = words(citation.find("Article/ArticleTitle"))
        head = (Passage("", title),) if title and title != _NO_TITLE else ()
        return Document(f"{number_text}.{found.get('Version', '1')}", (*head, *parts))

    def row_name(self, table: Table, number: int, row: Any) -> str:
        """Return the number of the citation, where it can be found."""
        found = _NUMBER.search(row)
        return super().row_name(table, number, row) if found is None else found[1].decode()

    def _refuse_outdated(self, citation: int, path: Path, number: int) -> None:
        last = self._last_places.get(citation)
        if last is not None and last > (self._order(path), number):
            raise UnsupportedError(f"superseded by {self.paths[last[0]].name}")
        deleted = self._deletions.get(citation)
        if deleted is not None and deleted >= self._order(path):
            raise UnsupportedError(f"deleted by {self.paths[deleted].name}")

    @cached_property
    def _places(self) -> dict[Path, int]:
        return {path: place for place, path in enumerate(self.paths)}

    def _order(self, path: Path) -> int:
        return self._places.get(path, -1)

    @cached_property
    def _last_places(self) -> dict[int, tuple[int, int]]:
        """For each citation of the update files, the file and the row that hold it last."""
        found: dict[int, tuple[int, int]] = {}
        for place, path in self._updates():
            for number, row in enumerate(XmlTable(path, "PubmedArticle").rows()):
                citation = _NUMBER.search(row)
                if citation is not None:
                    found[int(citation[1])] = (place, number)
        return found

    @cached_property
    def _deletions(self) -> dict[int, int]:
        """For each citation that an update file deletes, the file that does so last."""
        found: dict[int, int] = {}
        for place, path in self._updates():
            for row in XmlTable(path, "DeleteCitation").rows():
                try:
                    numbers = [int(words(one)) for one in parse_element(row).iter("PMID")]
                except (BioMatrixError, ValueError):
                    numbers = [int(one) for one in _NUMBER.findall(row)]
                found.update(dict.fromkeys(numbers, place))
        return found

    def _updates(self) -> Iterator[tuple[int, Path]]:
        return ((place, path) for place, path in enumerate(self.paths) if path.parent.name == _UPDATES)


def _abstract(citation: Element) -> Iterator[Passage]:
    for part in citation.iterfind("Article/Abstract/AbstractText"):
        text = words(part)
        if text:
            label = part.get("Label", "")
            yield Passage("" if label in ("", "UNLABELLED") else label.capitalize(), text)
