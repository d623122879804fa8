"""XML files as tables: each row the bytes of one element, in plain files found again by its byte."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from biomatrix.corpus.sources.archive_members import open_document
from biomatrix.corpus.sources.source_lines import LIMITS, readable
from biomatrix.corpus.sources.stream_tables import StreamTable
from biomatrix.corpus.sources.xml_elements import Elements
from biomatrix.corpus.sources.xml_parsing import declared_encoding, parse_element

_HEAD: Final = 200


class XmlTable(StreamTable[Elements]):
    """A file of XML, or of several documents one behind another, cut at the elements of one name.

    Parameters
    ----------
    path : Path
        Plain, packed, or a zip archive that holds one XML document.
    name : str
        The name of the elements.
    longest : int
        The most bytes of one element.
    """

    def __init__(self, path: Path, name: str, longest: int = LIMITS.record_bytes) -> None:
        super().__init__(path)
        self.name, self.longest = name, longest

    @cached_property
    def encoding(self) -> str | None:
        """The encoding that the file declares; None where it declares none."""
        with readable(self.path), open_document(self.path, ".xml", LIMITS) as (stream, _):
            return declared_encoding(stream.read(_HEAD))

    def tree(self, row: bytes) -> Element:
        """Return the tree of a row; see `parse_element`."""
        return parse_element(row, self.encoding)

    def open(self, start: int) -> Elements:
        """Open the elements from a byte on."""
        return Elements(self.path, self.name, start, self.longest)

    def offsets(self, source: Elements) -> Iterator[int]:
        """Yield the byte where each element begins."""
        for _ in source:
            yield source.offset

    def parse(self, source: Elements) -> Iterator[bytes]:
        """Yield the elements."""
        return source
