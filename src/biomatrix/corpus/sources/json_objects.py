"""JSON files of many objects: an array of them, one a line, or one after another; cut without holding the file."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.sources.archived_text import is_archive, open_archived
from biomatrix.corpus.sources.source_lines import LIMITS, is_packed, readable
from biomatrix.corpus.sources.stream_tables import StreamTable
from biomatrix.corpus.sources.text_tables import BrokenRow
from biomatrix.entities.files.opening import open_bytes

_PIECE: Final = 1 << 18
_MARKS: Final = re.compile(rb'["{}]')
_IN_STRING: Final = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
"""A string up to its end, or to a backslash whose character is not there yet; nothing is tried twice."""


class JsonBytes(Iterator[tuple[int, bytes]]):
    """The outermost objects of a JSON file: the byte where each begins and its bytes, none of one that is too long.

    Parameters
    ----------
    path : Path
        A file, packed or not, or an archive whose members that end in ``.json`` or ``.jsonl`` are read.
    start : int
        The byte to begin from, outside any object; only of a plain file.

    Attributes
    ----------
    can_seek : bool
        Whether the file can be read from a byte on.
    """

    def __init__(self, path: Path, start: int = 0) -> None:
        self._path = path
        self._stack = ExitStack()
        self._buffer = b""
        self._base = start
        self._is_cut = False
        with readable(path):
            archived = not start and is_archive(path)
            self.can_seek = not archived and not is_packed(path)
            self._stream = self._opened(archived, start)

    def _opened(self, archived: bool, start: int) -> Any:
        if archived:
            return open_archived(self._path, _is_json, self._stack)
        if start:
            stream = self._stack.enter_context(self._path.open("rb"))
            stream.seek(start)
            return io.BufferedReader(stream.raw) if hasattr(stream, "raw") else stream
        return self._stack.enter_context(open_bytes(self._path, LIMITS))

    def __next__(self) -> tuple[int, bytes]:
        with readable(self._path):
            while (begin := self._buffer.find(b"{")) < 0:
                self._base += len(self._buffer)
                self._buffer = self._stream.read(_PIECE)
                if not self._buffer:
                    self.close()
                    raise StopIteration
            self._drop(begin)
            place = self._base
            self._is_cut = False
            end = self._end()
            content = b"" if self._is_cut or end > LIMITS.record_bytes else self._buffer[:end]
            self._drop(end)
            return place, content

    def _end(self) -> int:
        """Return the length of the object that the buffer begins with; all that is left where it has no end."""
        depth = at = 0
        within = False
        while True:
            if within:
                at = _after(_IN_STRING, self._buffer, at)
                within = self._buffer[at : at + 1] != b'"'
                if not within:
                    at += 1
                    continue
            elif (mark := _MARKS.search(self._buffer, at)) is not None:
                within, at = mark[0] == b'"', mark.end()
                depth += {b"{": 1, b"}": -1}.get(mark[0], 0)
                if depth == 0:
                    return at
                continue
            else:
                at = len(self._buffer)
            before = self._base
            if not self._more(at):
                return len(self._buffer)
            at -= self._base - before

    def _more(self, at: int) -> bool:
        """Read a piece; of an object that is too long, what was searched is let go. Return whether there was one."""
        self._is_cut = self._is_cut or len(self._buffer) > LIMITS.record_bytes
        if self._is_cut:
            self._drop(at)
        piece = self._stream.read(_PIECE)
        self._buffer += piece
        return bool(piece)

    def _drop(self, count: int) -> None:
        self._buffer = self._buffer[count:]
        self._base += count

    def close(self) -> None:
        """Close the file."""
        self._stack.close()


class JsonObjectTable(StreamTable[JsonBytes]):
    """A JSON file of many objects, its rows mappings of key to value; one that is not JSON is a `BrokenRow`."""

    def open(self, start: int) -> JsonBytes:
        """Open the objects from a byte on."""
        return JsonBytes(self.path, start)

    def offsets(self, source: JsonBytes) -> Iterator[int]:
        """Yield the byte where each object begins."""
        for place, _ in source:
            yield place

    def parse(self, source: JsonBytes) -> Iterator[dict[str, Any]]:
        """Yield the objects."""
        for _, content in source:
            if not content:
                yield BrokenRow({}, f"an object longer than {LIMITS.record_bytes:,} bytes")
                continue
            try:
                yield json.loads(content)
            except (ValueError, RecursionError):
                yield BrokenRow({}, "an object that is not whole JSON")


def _is_json(name: str) -> bool:
    return name.lower().endswith((".json", ".jsonl", ".ndjson"))


def _after(pattern: re.Pattern[bytes], content: bytes, at: int) -> int:
    """Return where a pattern that may match nothing ends."""
    found = pattern.match(content, at)
    return at if found is None else found.end()
