"""XML cut at the elements of one name, found in the bytes of a stream without parsing what lies between.

An element is then parsed alone, without the declarations before it: no entity that a document type defines is ever
expanded, and nothing outside the element is fetched or read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import IO, Final

from biomatrix.corpus.sources.archive_members import open_document
from biomatrix.corpus.sources.source_lines import LIMITS, is_packed, readable
from biomatrix.errors import BioMatrixError, LimitError, ParseError

_PIECE: Final = 1 << 20
_LONGEST_TAG: Final = 1 << 16
_SHOWN: Final = 4096
"""The bytes that are kept of an element that is not read."""
_TAG_END: Final = re.compile(rb"(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>")
_BEHIND: Final = {b"<!--": b"-->", b"<![CDATA[": b"]]>"}
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")


class CutElement(bytes):
    """The beginning of an element that is not there whole, and why."""

    reason: BioMatrixError

    @classmethod
    def of(cls, head: bytes, reason: BioMatrixError) -> CutElement:
        """Return the beginning of an element with the reason."""
        element = cls(head[:_SHOWN])
        element.reason = reason
        return element


class ElementStream(Iterator[bytes]):
    """The elements of one name in a stream, as bytes.

    Comments and CDATA sections are not searched. An element that is longer than a record may be, or that the stream
    ends in, is a `CutElement`.

    Parameters
    ----------
    stream : binary stream
        Where reading begins.
    name : str
        The name of the elements, as the file writes it.
    start : int
        Which byte of the file the stream begins with.
    longest : int
        The most bytes of one element.

    Attributes
    ----------
    offset : int
        The byte where the last element begins.
    """

    def __init__(self, stream: IO[bytes], name: str, start: int = 0, longest: int = LIMITS.record_bytes) -> None:
        self._stream, self._longest = stream, longest
        self._marks = re.compile(rb"<!--|<!\[CDATA\[|</?" + re.escape(name.encode()) + rb"(?=[\s/>])")
        self._mark_bytes = max(len(name) + 3, len(b"<![CDATA["))
        self._buffer, self._base = b"", start
        """The bytes at hand, and where in the file they begin."""
        self._at = start
        self._kept: int | None = None
        """Where the bytes begin that must stay at hand; those that were searched where None."""
        self._head = b""
        self.offset = start
        self._tags = self._find_tags()

    def __next__(self) -> bytes:
        element = self._next_element()
        if element is None:
            raise StopIteration
        return element

    def _next_element(self) -> bytes | None:
        depth = 0
        for change, begin, end in self._tags:
            if not depth:
                if change < 0:
                    continue
                self.offset = self._kept = begin
            depth += change
            if not depth:
                return self._taken(end)
        return self._taken(None) if depth else None

    def _taken(self, end: int | None) -> bytes:
        """Return the element that begins at ``offset``, to its end, or to that of the file where None."""
        size = (self._base + len(self._buffer) if end is None else end) - self.offset
        if self._kept is None or size > self._longest:
            head = self._head if self._kept is None else self._slice(self.offset, self.offset + _SHOWN)
            element: bytes = CutElement.of(head, LimitError(f"an element of more than {self._longest:,} bytes"))
        elif end is None:
            head = self._slice(self.offset, self.offset + _SHOWN)
            element = CutElement.of(head, ParseError("the file ends inside the element"))
        else:
            element = self._slice(self.offset, end)
        self._kept = None
        return element

    def _find_tags(self) -> Iterator[tuple[int, int, int]]:
        """Yield what each tag adds to the depth, where it begins and where it ends."""
        while True:
            found = self._marks.search(self._buffer, self._at - self._base)
            if found is None:
                self._at = max(self._at, self._base + len(self._buffer) - self._mark_bytes)
                if not self._more():
                    return
                continue
            begin, mark = self._base + found.start(), found[0]
            self._at = self._base + found.end()
            if mark in _BEHIND:
                if not self._pass(_BEHIND[mark]):
                    return
                continue
            end = self._tag_end()
            if end is None:
                return
            empty = self._slice(end - 2, end) == b"/>"
            yield (-1 if mark.startswith(b"</") else 0 if empty else 1), begin, end

    def _pass(self, mark: bytes) -> bool:
        """Go behind a mark; return whether there is one."""
        while (found := self._buffer.find(mark, self._at - self._base)) < 0:
            self._at = max(self._at, self._base + len(self._buffer) - len(mark))
            if not self._more():
                return False
        self._at = self._base + found + len(mark)
        return True

    def _tag_end(self) -> int | None:
        """Go behind the tag whose name was just read; return where that is, None where there is no end."""
        while (found := _TAG_END.match(self._buffer, self._at - self._base)) is None:
            if self._base + len(self._buffer) - self._at > _LONGEST_TAG:
                raise ParseError(f"a tag of more than {_LONGEST_TAG:,} bytes", position=self._at)
            if not self._more():
                return None
        self._at = self._base + found.end()
        return self._at

    def _more(self) -> bool:
        """Read a piece, and let go of what is not needed any more; return whether there was one."""
        end = self._base + len(self._buffer)
        if self._kept is not None and end - self._kept > self._longest:
            self._head = self._slice(self._kept, self._kept + _SHOWN)
            self._kept = None
        piece = self._stream.read(_PIECE)
        if not end and piece[:2] in _WIDE:
            raise ParseError("XML in UTF-16, which is not read: write it as UTF-8")
        needed = self._at - self._mark_bytes if self._kept is None else self._kept
        needed = min(max(needed, self._base), end)
        self._buffer = self._buffer[needed - self._base :] + piece
        self._base = needed
        return bool(piece)

    def _slice(self, begin: int, end: int) -> bytes:
        return self._buffer[max(begin - self._base, 0) : end - self._base]


class Elements(ElementStream):
    """The elements of one name in a file, from a byte on.

    Parameters
    ----------
    path : Path
        Plain, packed, or a zip archive that holds one XML document.
    name : str
        The name of the elements, as the file writes it.
    start : int
        The byte where an element begins, in a plain file.
    longest : int
        The most bytes of one element.

    Attributes
    ----------
    can_seek : bool
        Whether the file can be read from an offset on.
    """

    def __init__(self, path: Path, name: str, start: int = 0, longest: int = LIMITS.record_bytes) -> None:
        self._path = path
        self._stack = ExitStack()
        self.can_seek = start > 0
        with readable(path):
            super().__init__(self._opened(start), name, start, longest)

    def _opened(self, start: int) -> IO[bytes]:
        if start:
            plain = self._stack.enter_context(self._path.open("rb"))
            plain.seek(start)
            return plain
        unpacked, archived = self._stack.enter_context(open_document(self._path, ".xml", LIMITS))
        self.can_seek = not archived and not is_packed(self._path)
        return unpacked

    def __next__(self) -> bytes:
        with readable(self._path):
            element = self._next_element()
        if element is None:
            self.close()
            raise StopIteration
        return element

    def close(self) -> None:
        """Close the file; there are no further elements."""
        self._tags = iter(())
        self._stack.close()


def elements_of(content: bytes, name: str) -> Iterator[bytes]:
    """Return the elements of one name in the bytes of a document."""
    return ElementStream(BytesIO(content), name, longest=len(content))
