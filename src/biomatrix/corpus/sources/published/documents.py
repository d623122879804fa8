"""Sources of running text: documents of sections in order, cut into pieces that end with sentences."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final, NamedTuple

from pydantic import Field

from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.published.published_source import PublishedSource
from biomatrix.corpus.sources.tables import Table
from biomatrix.corpus.sources.texts import CHUNK_CHARACTERS, text_record
from biomatrix.entities.settings import Section
from biomatrix.errors import BioMatrixError, LimitError, ParseError

_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")


class Passage(NamedTuple):
    """A part of a document: its heading, "" for none, and its text."""

    heading: str
    text: str


class Document(NamedTuple):
    """A text with a name, its passages in order, and what else is known about it."""

    name: str
    passages: tuple[Passage, ...]
    fields: Mapping[str, str] = {}


class DocumentSettings(Section):
    """How documents are cut.

    Parameters
    ----------
    characters : int
        The most characters of one record.
    least : int
        A document of fewer characters is refused.
    """

    characters: int = Field(default=CHUNK_CHARACTERS, ge=200, le=10_000_000)
    least: int = Field(default=80, ge=1)


class DocumentSource(PublishedSource):
    """Documents, each in pieces of whole sentences; a subclass reads one from a row of its table.

    All pieces of a document fall on one side of the split.
    """

    one_to_one = False
    settings_form: ClassVar[type[Section]] = DocumentSettings
    settings: DocumentSettings

    @abstractmethod
    def document(self, table: Table, number: int, row: Any) -> Document:
        """Return the document of a row; BioMatrixError with the reason where there is none."""

    def row_name(self, table: Table, number: int, row: Any) -> str:
        """Return what a row without a document is called: the file and the row's number from 1."""
        return f"{table.path.name}:{number + 1}"

    def expand(self, table: Table, number: int, row: Any) -> Iterator[tuple[str, Any]]:
        """Yield the pieces of the document, or the reason why there is none."""
        try:
            document = self.document(table, number, row)
            size = sum(len(passage.text) for passage in document.passages)
            if size < self.settings.least:
                short = f"{size} characters: documents under {self.settings.least} are left out"
                raise ParseError("no text") if not size else LimitError(short)
        except BioMatrixError as error:
            yield self.row_name(table, number, row), error
            return
        for index, piece in enumerate(pieces(document.passages, self.settings.characters)):
            yield f"{document.name}/{index}", (document, piece)

    def record(self, identifier: str, row: tuple[Document, str] | BioMatrixError) -> Record:
        """Return the record of a piece; the reason is raised where there is none."""
        if isinstance(row, BioMatrixError):
            raise row
        document, piece = row
        return text_record(self.name, identifier, {"text": piece, **document.fields}, document.name)


def pieces(passages: Iterable[Passage], limit: int) -> Iterator[str]:
    """Yield passages in pieces of at most ``limit`` characters that end with sentences, headings on their own lines.

    A sentence that is longer is cut at a blank, or inside a word where there is none; nothing is left out.

    Examples
    --------
    >>> list(pieces([Passage("Aim", "One two. Three four."), Passage("", "Five.")], 20))
    ['Aim\\n\\nOne two.', 'Three four.\\n\\nFive.']
    """
    piece = ""
    for mark, part in _parts(passages, limit):
        if piece and len(piece) + len(mark) + len(part) > limit:
            yield piece
            piece = ""
        piece = f"{piece}{mark}{part}" if piece else part
    if piece:
        yield piece


def _parts(passages: Iterable[Passage], limit: int) -> Iterator[tuple[str, str]]:
    """Yield what stands before a part of a text, and the part: a sentence, the first of a passage with its heading."""
    for heading, text in passages:
        mark = "\n\n"
        begin = f"{heading}\n\n" if heading and len(heading) + 2 < limit // 2 else ""
        for sentence in _SENTENCE_END.split(" ".join(text.split())):
            for part in _cut(begin + sentence, limit):
                yield mark, part
                mark = " "
            begin = ""


def _cut(text: str, limit: int) -> Iterator[str]:
    while len(text) > limit:
        end = text.rfind(" ", 1, limit + 1)
        end = limit if end < 0 else end
        yield text[:end]
        text = text[end:].lstrip()
    if text:
        yield text
