"""Full articles in JATS: the open-access subset of PubMed Central in tar archives, bioRxiv in MECA packages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from biomatrix.corpus.sources.archive_members import Member
from biomatrix.corpus.sources.archive_tables import TarTable, ZipTable
from biomatrix.corpus.sources.published import jats
from biomatrix.corpus.sources.published.documents import Document, DocumentSource
from biomatrix.corpus.sources.source_lines import LIMITS
from biomatrix.corpus.sources.tables import Table
from biomatrix.corpus.sources.text_tables import csv_rows
from biomatrix.corpus.sources.xml_elements import elements_of
from biomatrix.corpus.sources.xml_parsing import declared_encoding, parse_element
from biomatrix.errors import ParseError, UnsupportedError

_LIST_ENDING: Final = ".filelist.csv"


def article_of(member: Member) -> Element:
    """Return the tree of the first article in a member of an archive; the faults of both are raised."""
    content = member.unpacked(LIMITS)
    for element in elements_of(content, "article"):
        return parse_element(element, declared_encoding(content[:200]))
    raise ParseError("no article in the file")


class PmcSource(DocumentSource):
    """Articles, each with the licence that the archive's list of files states."""

    def table(self, path: Path) -> Table:
        """Return the XML files of an archive."""
        return TarTable(path, lambda name: name.endswith((".xml", ".nxml")))

    def document(self, table: Table, number: int, row: Member) -> Document:
        """Return an article; UnsupportedError where it is retracted."""
        listed = _listed(self._list_beside(table.path)).get(Path(row.name).name, ("", ""))
        if listed[1].lower() == "yes":
            raise UnsupportedError("retracted")
        article = article_of(row)
        terms = listed[0] or jats.licence(article)
        return Document(Path(row.name).stem, tuple(jats.passages(article)), {"licence": terms} if terms else {})

    def row_name(self, table: Table, number: int, row: Member) -> str:
        """Return the name of the article's file without its ending."""
        return Path(row.name).stem

    def _list_beside(self, archive: Path) -> Path | None:
        """Return the list of an archive's files; None where it is not there."""
        name = archive.name.removesuffix(".tar.gz").removesuffix(".tar") + _LIST_ENDING
        return next((path for path in self.side_paths if path.name == name), None)


@lru_cache(maxsize=1)
def _listed(path: Path | None) -> Mapping[str, tuple[str, str]]:
    """Return the licence, and whether it is retracted, of each article of one archive, by the name of its file."""
    if path is None:
        return {}
    return {
        Path(row.get("Article File", "")).name: (row.get("License", ""), row.get("Retracted", ""))
        for row in csv_rows(path)
    }


class BiorxivSource(DocumentSource):
    """Preprints, each a package with one article among its figures and supplements."""

    def table(self, path: Path) -> Table:
        """Return the XML file of a package's content."""
        return ZipTable(path, lambda name: name.startswith("content/") and name.endswith(".xml"))

    def document(self, table: Table, number: int, row: Member) -> Document:
        """Return the preprint, named by its DOI where it states one."""
        article = article_of(row)
        numbers = article.findall("front/article-meta/article-id")
        doi = next((one.text or "" for one in numbers if one.get("pub-id-type") == "doi"), "").strip()
        terms = jats.licence(article)
        fields = {"licence": terms} if terms else {}
        return Document(doi or self.row_name(table, number, row), tuple(jats.passages(article)), fields)

    def row_name(self, table: Table, number: int, row: Member) -> str:
        """Return the name of the article's file without its ending."""
        return Path(row.name).stem
