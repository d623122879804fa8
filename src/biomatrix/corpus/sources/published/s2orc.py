"""S2ORC: full text of papers with the places of its parts, in JSON lines of the Semantic Scholar data sets.

Form: https://api.semanticscholar.org/api-docs/datasets and https://github.com/allenai/s2orc
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.sources.published.documents import Document, DocumentSource, Passage
from biomatrix.corpus.sources.tables import Table
from biomatrix.corpus.sources.text_tables import BrokenRow, JsonTable
from biomatrix.errors import ParseError

Span = tuple[int, int]
_HEADINGS: Final = "sectionheader"


class S2orcSource(DocumentSource):
    """Papers whose parts are told by offsets into one text; figures, tables and references are no paragraphs."""

    def table(self, path: Path) -> Table:
        """Return the JSON lines of a file."""
        return JsonTable(path)

    def document(self, table: Table, number: int, row: Mapping[str, Any]) -> Document:
        """Return title, abstract and paragraphs under their headings; ParseError where the line is no paper."""
        if isinstance(row, BrokenRow):
            raise ParseError(row.reason)
        content = row.get("content") or row.get("body")
        if not isinstance(content, dict) or not isinstance(content.get("text"), str):
            raise ParseError("no text in the line")
        text = content["text"]
        parts = content.get("annotations") or {}
        if not isinstance(parts, dict):
            raise ParseError("annotations that are no object")
        cited = _spans(parts, "bibref", text)
        head = [Passage("", _without(text, span, cited)) for span in _spans(parts, "title", text)[:1]]
        abstract = _spans(parts, "abstract", text)
        body = _paragraphs(text, parts, abstract, cited)
        terms = _licence(content)
        return Document(
            self.row_name(table, number, row),
            (*head, *(Passage("Abstract", _without(text, span, cited)) for span in abstract[:1]), *body),
            {"licence": terms} if terms else {},
        )

    def row_name(self, table: Table, number: int, row: Mapping[str, Any]) -> str:
        """Return the paper's number in the corpus."""
        name = row.get("corpusid")
        return super().row_name(table, number, row) if name is None else str(name)


def _paragraphs(text: str, parts: Mapping[str, Any], abstract: list[Span], cited: list[Span]) -> Iterator[Passage]:
    """Yield paragraphs in order, the first behind a heading with it; those inside the abstract are left out."""
    headings = _spans(parts, _HEADINGS, text)
    marks = sorted([(*span, True) for span in headings] + [(*span, False) for span in _spans(parts, "paragraph", text)])
    heading = ""
    for begin, end, is_heading in marks:
        if is_heading:
            heading = " ".join(text[begin:end].split())
        elif not any(first <= begin and end <= last for first, last in abstract):
            yield Passage(heading, _without(text, (begin, end), cited))
            heading = ""


def _spans(parts: Mapping[str, Any], name: str, text: str) -> list[Span]:
    """Return the places of a kind of part, in order.

    Raises
    ------
    ParseError
        They are not JSON, or lie outside the text.
    """
    given = parts.get(name)
    try:
        listed = json.loads(given) if isinstance(given, str) else given or []
        spans = sorted((int(one["start"]), int(one["end"])) for one in listed)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ParseError(f"the annotations {name} cannot be read") from error
    outside = next((span for span in spans if not 0 <= span[0] <= span[1] <= len(text)), None)
    if outside is not None:
        raise ParseError(f"an annotation {name} at {outside[0]} to {outside[1]} of a text of {len(text)} characters")
    return spans


def _without(text: str, span: Span, left_out: list[Span]) -> str:
    """Return a part of a text without parts inside it."""
    begin, end = span
    kept, at = [], begin
    for first, last in left_out:
        if begin <= first and last <= end and first >= at:
            kept.append(text[at:first])
            at = last
    return "".join([*kept, text[at:end]])


def _licence(content: Mapping[str, Any]) -> str:
    source = content.get("source")
    access = source.get("oainfo") if isinstance(source, dict) else None
    return str(access.get("license") or "") if isinstance(access, dict) else ""
