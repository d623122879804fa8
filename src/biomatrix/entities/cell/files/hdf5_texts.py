"""The texts of an HDF5 file, looked through before the library reads them: places, sizes and what points to them.

Texts of any length lie in collections ("global heaps"); an array of texts holds for each its length, the address of its
collection and its number there. The library walks a collection by the sizes in it, and takes as much memory as an array
says that a text has before it looks the text up: damaged sizes make it walk for ever, or take gigabytes.
"""

from __future__ import annotations

import mmap
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from biomatrix.entities.cell.files.damage import REWRITE
from biomatrix.errors import ParseError

_HEAP: Final = b"GCOL"
"""How a collection of texts (a global heap) begins."""
_HEAP_HEADER: Final = 16
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
        at = content.find(_HEAP)
        while at >= 0:
            length = int.from_bytes(content[at + 8 : at + 16], "little")
            if content[at + 4 : at + 8] == b"\x01\0\0\0" and _HEAP_HEADER <= length <= len(content) - at:
                longest = max(longest, _inspect_heap(content, at, length))
            at = content.find(_HEAP, at + 4)
    return longest


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
    address, _ = file.get_create_plist().get_sizes()
    reference = np.dtype([("length", "<u4"), ("address", f"V{address}"), ("number", "<u4")])
    for block in _blocks(array, file, reference.itemsize):
        stated = np.frombuffer(block, reference, count=len(block) // reference.itemsize)["length"]
        if len(stated) and stated.max() > longest:
            raise ParseError(
                f"a text of {name} is said to have {stated.max():,} bytes, and the longest of the file has "
                f"{longest:,}; {REWRITE}"
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
