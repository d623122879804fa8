"""The records of an LMDB file in the order of their keys, read from its pages; nothing is written or mapped.

A file of LMDB's first format on a little-endian 64-bit machine: two meta pages, then a tree of branch and leaf pages.
Values that do not fit into a leaf lie on pages of their own. The library itself trusts what it maps; here every number
is checked before it is followed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from biomatrix.entities.files.opening import read_bytes
from biomatrix.errors import BioMatrixError, ParseError

_MAGIC: Final = 0xBEEFC0DE
_META_BYTES: Final = 136
_HEADER: Final = struct.Struct("<QHHHH")
_META: Final = struct.Struct("<IIQQ")
_TREE: Final = struct.Struct("<IHHQQQQQ")
_TAIL: Final = struct.Struct("<QQ")
_NODE: Final = struct.Struct("<HHHH")
_BRANCH, _LEAF, _OVERFLOW, _META_PAGE = 1, 2, 4, 8
_BIG: Final = 1
_DEEPEST: Final = 32
_NO_ROOT: Final = 2**64 - 1


def lmdb_records(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a file's main database.

    Parameters
    ----------
    path : Path
        ``data.mdb``, or the file itself where no folder was made for it; gzipped or not.

    Raises
    ------
    ParseError
        It is no such file, or a broken one.
    """
    try:
        pages = _Pages(read_bytes(path))
        if pages.root != _NO_ROOT:
            yield from pages.records(pages.root, _DEEPEST)
    except (struct.error, IndexError) as error:
        raise ParseError(f"a broken LMDB file: {error}", file=str(path)) from error
    except BioMatrixError as error:
        raise error.at(file=str(path)) from error.__cause__


class _Pages:
    """The pages of a file and the root of its main database."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        first = self._meta(0)
        size, _, _ = first
        if size < _META_BYTES or size & (size - 1):
            raise ParseError(f"pages of {size} bytes")
        self._size = size
        self._seen: set[int] = set()
        self._left = len(data)
        _, _, self.root = max(first, self._meta(size), key=lambda meta: meta[1])

    def _meta(self, at: int) -> tuple[int, int, int]:
        """Return the size of a page, the number of the transaction, and the root of the main database."""
        _, _, flags, _, _ = _HEADER.unpack_from(self._data, at)
        at += _HEADER.size
        magic, version, _, _ = _META.unpack_from(self._data, at)
        if magic != _MAGIC or not flags & _META_PAGE:
            raise ParseError("not an LMDB file of a little-endian machine")
        if version != 1:
            raise ParseError(f"an LMDB file of format {version}; format 1 is read")
        at += _META.size
        size = _TREE.unpack_from(self._data, at)[0]
        root = _TREE.unpack_from(self._data, at + _TREE.size)[-1]
        _, transaction = _TAIL.unpack_from(self._data, at + 2 * _TREE.size)
        return size, transaction, root

    def records(self, number: int, depth: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield the records below a page."""
        # Each page stands in the tree once: a page met again, or too many levels, is a tree that turns on itself.
        if number in self._seen or not depth:
            raise ParseError(f"the page {number} stands in the tree twice")
        self._seen.add(number)
        start = number * self._size
        _, _, flags, lower, _ = _HEADER.unpack_from(self._data, start)
        if not flags & (_BRANCH | _LEAF):
            raise ParseError(f"the page {number} is neither a branch nor a leaf")
        count = (lower - _HEADER.size) // 2
        for (offset,) in struct.iter_unpack("<H", self._cut(start + _HEADER.size, 2 * count)):
            at = start + offset
            if flags & _LEAF:
                yield self._record(at)
            else:
                low, high, top, _ = _NODE.unpack_from(self._data, at)
                yield from self.records(low | high << 16 | top << 32, depth - 1)

    def _record(self, at: int) -> tuple[bytes, bytes]:
        low, high, flags, key_size = _NODE.unpack_from(self._data, at)
        at += _NODE.size
        key, size = self._cut(at, key_size), low | high << 16
        # No byte is part of two records: where they hold more than the file, they lie over each other.
        self._left -= key_size + size
        if self._left < 0:
            raise ParseError("its records hold more than the file")
        if not flags & _BIG:
            return key, self._cut(at + key_size, size)
        (page,) = struct.unpack_from("<Q", self._data, at + key_size)
        _, _, page_flags, _, _ = _HEADER.unpack_from(self._data, page * self._size)
        if not page_flags & _OVERFLOW:
            raise ParseError(f"the page {page} is no page of a large value")
        return key, self._cut(page * self._size + _HEADER.size, size)

    def _cut(self, at: int, size: int) -> bytes:
        if size < 0 or at + size > len(self._data):
            raise ParseError("the file ends within a record")
        return self._data[at : at + size]
