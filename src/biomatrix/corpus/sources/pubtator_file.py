"""PubTator files: titles and abstracts, each followed by the annotations of its mentions.

    26094|t|Title
    26094|a|Abstract
    26094<tab>27<tab>37<tab>depression<tab>Disease<tab>D003866

An empty line ends a document. Places count the characters of the title, one for the line end, and of the abstract.
Lines with fewer columns, such as relations, are no mentions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from biomatrix.corpus.sources.source_lines import Lines
from biomatrix.corpus.sources.text_tables import TextTable
from biomatrix.errors import ParseError

_TEXT_LINE: Final = re.compile(r"([^|\t]+)\|([ta])\|(.*)")
_RELATION_COLUMNS: Final = 4
_NO_IDENTIFIER: Final = ("", "-", "-1")
_SEVERAL: Final = re.compile(r"[|;,]")


@dataclass(frozen=True)
class Annotation:
    """One mention as a file gives it.

    Parameters
    ----------
    start, end : int
        The characters of the document's text, the last one excluded.
    type : str
        Such as ``Chemical``.
    identifiers : tuple of str
        Of the entity; several where the mention names several at once.
    """

    start: int
    end: int
    type: str
    identifiers: tuple[str, ...]


@dataclass(frozen=True)
class PubTatorDocument:
    """One document.

    Parameters
    ----------
    id : str
    text : str
        Title and abstract, with a space between them.
    annotations : tuple of Annotation
        Those whose places hold what they should.
    faults : tuple of str
        Why other lines are no annotations.
    """

    id: str
    text: str
    annotations: tuple[Annotation, ...]
    faults: tuple[str, ...]


class PubTatorTable(TextTable):
    """A PubTator file, its rows the lines of one document each."""

    def offsets(self, lines: Lines) -> Iterator[int]:
        """Yield the byte where each document begins: at the first line that is not empty, after one that is."""
        begin = lines.offset
        inside = False
        for line in lines:
            if line.strip() and not inside:
                yield begin
            inside, begin = bool(line.strip()), lines.offset

    def parse(self, lines: Lines) -> Iterator[tuple[str, ...]]:
        """Yield the lines of each document."""
        block: list[str] = []
        for line in lines:
            if line.strip():
                block.append(line.rstrip("\r\n"))
            elif block:
                yield tuple(block)
                block = []
        if block:
            yield tuple(block)


def read_document(lines: tuple[str, ...]) -> PubTatorDocument:
    """Return the document of its lines, broken annotations as faults; ParseError where there is no text."""
    parts: dict[str, str] = {}
    names = set()
    annotated = []
    for line in lines:
        found = _TEXT_LINE.fullmatch(line)
        if found is None:
            annotated.append(line)
            continue
        names.add(found[1])
        if found[2] in parts:
            raise ParseError(f"two lines |{found[2]}| in one document: no empty line between two documents")
        parts[found[2]] = found[3]
    if len(names) != 1:
        raise ParseError("a document needs lines ID|t| and ID|a|" if not names else f"several ids: {sorted(names)}")
    identifier = names.pop()
    text = " ".join(parts[part] for part in "ta" if part in parts)
    read = [_annotation(line, identifier, text) for line in annotated if _is_mention(line)]
    faults = tuple(one for one in read if isinstance(one, str))
    return PubTatorDocument(identifier, text, tuple(one for one in read if not isinstance(one, str)), faults)


def _is_mention(line: str) -> bool:
    """Return whether a line should be a mention: a relation has an id, a type and two identifiers."""
    columns = line.split("\t")
    return len(columns) > _RELATION_COLUMNS or not (len(columns) == _RELATION_COLUMNS and columns[1].isalpha())


def _annotation(line: str, identifier: str, text: str) -> Annotation | str:
    """Return the annotation of a line, or what is wrong with it."""
    columns = line.split("\t")
    if len(columns) < 5:
        return f"{len(columns)} columns in the line of an annotation: {line[:60]!r}"
    name, start, end, mention, kind = columns[:5]
    if name != identifier:
        return f"an annotation of {name[:20]!r} in the document {identifier}"
    if not (start.isdecimal() and end.isdecimal()) or len(start) > 9 or len(end) > 9:
        return f"no places in the line of an annotation: {line[:60]!r}"
    first, last = int(start), int(end)
    if first >= last or text[first:last] != mention:
        return f"at {first} to {last} stands {text[first:last][:30]!r}, not {mention[:30]!r}"
    found = columns[5].strip() if len(columns) > 5 else ""
    several = [one.strip() for one in _SEVERAL.split(found)]
    return Annotation(first, last, kind, tuple(one for one in several if one not in _NO_IDENTIFIER))
