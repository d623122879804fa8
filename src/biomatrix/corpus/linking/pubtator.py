"""Linking by files of annotations in the PubTator format: mentions by the id of their text, places checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

from biomatrix.corpus.linking.entity_tables import EntityTables, Unresolved
from biomatrix.corpus.linking.linker import Linker, Linking, Mention, Text, apart
from biomatrix.corpus.sources.pubtator_file import Annotation, PubTatorDocument, PubTatorTable, read_document
from biomatrix.errors import BioMatrixError, LimitError, ParseError

TYPES: Final = ("chemical", "gene", "protein")
"""The types of annotations that name molecules and proteins."""
MOST_DOCUMENTS: Final = 2_000_000
"""The most annotated documents that are kept in memory."""


class PubTatorLinker(Linker):
    """Mentions that files list.

    Parameters
    ----------
    files : iterable of Path
        The files of annotations, held in memory.
    tables : EntityTables
        Loaded with identifiers.
    types : collection of str
        The types of annotations that are looked up; others are passed over.

    Raises
    ------
    LimitError
        If the files annotate more than two million documents.
    ParseError
        If a file cannot be read.
    """

    def __init__(self, files: Iterable[Path], tables: EntityTables, types: Collection[str] = TYPES) -> None:
        self._tables = tables
        self._types = frozenset(map(str.lower, types))
        self._documents: dict[str, PubTatorDocument | ParseError] = {}
        for path in files:
            for row in PubTatorTable(path).rows():
                name, document = _read(row)
                self._documents.setdefault(name, document)
                if len(self._documents) > MOST_DOCUMENTS:
                    raise LimitError(f"more than {MOST_DOCUMENTS:,} documents are annotated", file=str(path))

    def link(self, texts: Sequence[Text]) -> list[Linking | BioMatrixError]:
        """Return the mentions of each text that the files list, or why they are of no use."""
        return [self._link(text) for text in texts]

    def _link(self, text: Text) -> Linking | BioMatrixError:
        document = self._documents.get(text.id)
        if document is None:
            return Linking(unlinked=Counter({"no annotations of the text": 1}))
        if isinstance(document, ParseError):
            return document
        unlinked = Counter(document.faults)
        mentions = []
        for one in document.annotations:
            if one.type.lower() not in self._types:
                continue
            found = self._resolved(one, document.text, text.text)
            if isinstance(found, Unresolved):
                unlinked[found.reason] += 1
            else:
                mentions.append(found)
        return Linking(apart(mentions, unlinked), unlinked)

    def _resolved(self, one: Annotation, annotated: str, text: str) -> Mention | Unresolved:
        if annotated[one.start : one.end] != text[one.start : one.end]:
            return Unresolved("the text is not the one that was annotated")
        if len(one.identifiers) > 1:
            return Unresolved("a mention of several entities at once")
        return self._tables.mention(one.start, one.end, one.identifiers)


def _read(row: tuple[str, ...]) -> tuple[str, PubTatorDocument | ParseError]:
    try:
        document = read_document(row)
    except ParseError as error:
        return row[0].split("|", 1)[0], error
    return document.id, document
