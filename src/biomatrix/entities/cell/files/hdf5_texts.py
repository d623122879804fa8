"""The texts of an HDF5 file, looked through before the library reads them: places, sizes and what points to them.

Texts of any length lie in collections ("global heaps"); an array of texts holds for each its length, the address of its
collection and its number there. The library walks a collection by the sizes in it, and takes as much memory as an array
says that a text has before it looks the text up: damaged sizes make it walk for ever, or take gigabytes.
"""

from __future__ import annotations

import mmap
import os
import zlib
from collections.abc import Iterable, Iterator
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np

from biomatrix.entities.cell.files.damage import REWRITE
from biomatrix.errors import ParseError

_HEAP: Final = b"GCOL"
"""How a collection of texts (a global heap) begins."""
_HEAP_HEADER: Final = 16
_LIST_CLASS: Final = 9
"""The class of types of any length."""
_SEARCHED: Final = 256 << 20
"""Bytes of the largest file that is searched for attributes."""
_WINDOW: Final = 16 << 20
"""Bytes that are searched together for collections, a multiple of any page."""
_READ: Final = 1 << 20
"""Texts whose lengths are looked at together."""


def inspect_heaps(path: Path) -> int:
    """Look through the places where an HDF5 file keeps its texts, before the library does; return the longest's bytes.

    Raises
    ------
    ParseError
        A size is zero, or leads out of the place.
    """
    if not os.path.getsize(path):
        return 0
    longest = 0
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for at in _heaps(content):
            length = int.from_bytes(content[at + 8 : at + 16], "little")
            if content[at + 4 : at + 8] == b"\x01\0\0\0" and _HEAP_HEADER <= length <= len(content) - at:
                longest = max(longest, _inspect_heap(content, at, length))
    return longest


def _heaps(content: mmap.mmap) -> Iterator[int]:
    """Yield where a collection may begin; what was passed does not stay in memory, however large the file."""
    for start in range(0, len(content), _WINDOW):
        end = start + _WINDOW + len(_HEAP) - 1
        at = content.find(_HEAP, start, end)
        while at >= 0:
            yield at
            at = content.find(_HEAP, at + len(_HEAP), end)
        content.madvise(mmap.MADV_DONTNEED, start, min(_WINDOW, len(content) - start))


def _inspect_heap(content: Any, at: int, length: int) -> int:
    longest, (place, end) = 0, (at + _HEAP_HEADER, at + length)
    while place + _HEAP_HEADER <= end:
        number = int.from_bytes(content[place : place + 2], "little")
        size = int.from_bytes(content[place + 8 : place + 16], "little")
        # Object 0 is what is free, and its size counts its own header.
        step = size if number == 0 else _HEAP_HEADER + (size + 7) // 8 * 8
        if step < _HEAP_HEADER or step > end - place:
            raise ParseError(f"the texts at byte {at:,} are damaged: one has {size:,} bytes; fetch the file again")
        longest = max(longest, size if number else 0)
        place += step
    return longest


def inspect_lengths(array: Any, name: str, longest: int) -> None:
    """Look through the lengths that an array of texts of any length states; other arrays hold none.

    Lengths in chunks that are packed otherwise than by gzip, and in the header of the array, are not looked at.

    Parameters
    ----------
    array : h5py.h5d.DatasetID
    name : str
    longest : int
        Bytes of the longest text of the file, of :func:`inspect_heaps`.

    Raises
    ------
    ParseError
        A text is said to be longer than that.
    """
    import h5py

    kind = array.get_type()
    if kind.get_class() != h5py.h5t.STRING or not kind.is_variable_str():
        return
    file = h5py.h5i.get_file_id(array)
    reference = _reference(file)
    for block in _blocks(array, file, reference.itemsize):
        _refuse_longer(block, reference, name, longest)


def inspect_attribute_lengths(file: Any, names: Iterable[bytes], longest: int) -> None:
    """Look through the lengths that attributes of texts of any length state, wherever the file keeps them.

    The library gives no place of an attribute, so they are looked for by their names: what stands before a name says
    how long it is, and what stands behind it that its values are texts. Files of more than 256 MiB are not searched: it
    would take long, and what a text may take, 4 GiB, is no longer out of all proportion.

    Parameters
    ----------
    file : h5py.File
    names : iterable of bytes
        Of attributes that are texts of any length.
    longest : int
        Bytes of the longest text of the file, of :func:`inspect_heaps`.

    Raises
    ------
    ParseError
        A text is said to be longer than that.
    """
    if file.id.get_filesize() > _SEARCHED:
        return
    reference = _reference(file.id)
    with open(file.filename, "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for name in names:
            at = content.find(name + b"\0")
            while at >= 0:
                block = _attribute_values(content, at, len(name) + 1, reference.itemsize)
                _refuse_longer(block, reference, f"the attribute {name!r}", longest)
                at = content.find(name + b"\0", at + 1)


def _attribute_values(content: Any, at: int, length: int, item: int) -> bytes:
    """Return what is stored as the values of an attribute whose name stands there; nothing where none does.

    The HDF5 file format, IV.A.2.m: version, sizes of name, type and space, the three, values. Version 1 fills each up
    to eight bytes; version 3 says before the name in which letters it is.
    """
    for version, header in ((1, 8), (2, 8), (3, 9)):
        start = at - header
        if start < 0 or content[start] != version or int.from_bytes(content[start + 2 : start + 4], "little") != length:
            continue
        sizes = (length, *(int.from_bytes(content[start + 4 + k : start + 6 + k], "little") for k in (0, 2)))
        filled = [(size + 7) // 8 * 8 if version == 1 else size for size in sizes]
        kind, space, values = (at + sum(filled[:part]) for part in (1, 2, 3))
        if values >= len(content) or content[kind] & 15 != _LIST_CLASS:
            continue
        first = space + (8 if content[space] == 1 else 4)
        ends = [first + 8 * axis for axis in range(content[space + 1])]
        count = prod(int.from_bytes(content[one : one + 8], "little") for one in ends)
        return bytes(content[values : values + item * min(count, _READ)])
    return b""


def _reference(file: Any) -> np.dtype[Any]:
    """Return the type of what an array of texts holds for each."""
    address, _ = file.get_create_plist().get_sizes()
    return np.dtype([("length", "<u4"), ("address", f"V{address}"), ("number", "<u4")])


def _refuse_longer(block: bytes, reference: np.dtype[Any], name: str, longest: int) -> None:
    stated = np.frombuffer(block, reference, count=len(block) // reference.itemsize)["length"]
    if len(stated) and stated.max() > longest:
        raise ParseError(
            f"a text of {name} is said to have {stated.max():,} bytes, and the longest of the file has {longest:,}; "
            f"{REWRITE}"
        )


def _blocks(array: Any, file: Any, item: int) -> Iterator[bytes]:
    """Yield the bytes that an array is stored as, unpacked."""
    import h5py

    settings = array.get_create_plist()
    offset = array.get_offset()
    if settings.get_layout() == h5py.h5d.CHUNKED:
        filters = [settings.get_filter(number)[0] for number in range(settings.get_nfilters())]
        places: list[tuple[int, ...]] = []
        array.chunk_iter(lambda chunk: places.append(chunk.chunk_offset))
        most = item * int(np.prod(settings.get_chunk()))
        for place in places:
            skipped, packed = array.read_direct_chunk(place)
            undone = _unpacked(packed, [one for bit, one in enumerate(filters) if not skipped >> bit & 1], most)
            if undone is not None:
                yield undone
    elif offset is not None and not file.get_create_plist().get_userblock():
        with open(file.name, "rb") as stream:
            stream.seek(offset)
            left = array.get_storage_size()
            while left > 0 and (block := stream.read(min(left, item * _READ))):
                left -= len(block)
                yield block


def _unpacked(packed: bytes, filters: list[int], most: int) -> bytes | None:
    """Undo gzip; None where there is another filter, or where the library will say itself what is wrong."""
    import h5py

    if not filters:
        return packed
    if filters != [h5py.h5z.FILTER_DEFLATE]:
        return None
    try:
        return zlib.decompressobj().decompress(packed, most)
    except zlib.error:
        return None
