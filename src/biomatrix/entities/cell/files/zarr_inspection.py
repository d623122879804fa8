"""A Zarr store looked through before any of it is read: its files, what its arrays declare, how they are packed."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from biomatrix.entities.cell.files.damage import REWRITE
from biomatrix.entities.cell.files.declared import Declared
from biomatrix.entities.limits import Limits
from biomatrix.errors import LimitError, ParseError, UnsupportedError

_GROUPS: Final = (".zgroup", "zarr.json")
_DESCRIPTIONS: Final = ("zarr.json", ".zarray", ".zgroup", ".zattrs")
_LARGEST_DESCRIPTION: Final = 16 << 20
_MOST_FILES: Final = 2_000_000
_PICKLE: Final = ("pickle", "numcodecs.pickle")
_PACKED: Final = frozenset({
    "bytes", "endian", "blosc", "gzip", "zstd", "zlib", "bz2", "lz4", "lzma", "crc32", "crc32c", "adler32", "shuffle",
    "delta", "transpose", "vlen-utf8", "vlen-bytes", "sharding_indexed", "packbits", "fixedscaleoffset", "fletcher32",
})  # fmt: skip
"""Codecs that turn bytes into numbers or text, and can do nothing else."""
_TYPES: Final = frozenset({
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
    "string", "fixed_length_utf32", "null_terminated_bytes", "variable_length_bytes",
})  # fmt: skip
"""Types of version 3 that are read; arrays of others are left out by name."""
_ITEM: Final = 8
"""Bytes taken for a value of a type without a size of its own, such as text."""


@dataclass(frozen=True)
class Inspected:
    """What was seen of a store.

    Parameters
    ----------
    root : str
        Where in the store the root group lies; "" for the top.
    unknown : tuple of str
        Places, below the root, of arrays whose types are not known here.
    """

    root: str
    unknown: tuple[str, ...]


def inspect_zarr(path: str | Path, limits: Limits) -> Inspected:
    """Look through a store, a folder or a zip archive.

    Raises
    ------
    ParseError
        A file that is a link, a name that leads out of the store, a description that is no JSON, a pickle.
    LimitError
        The store declares more than its bytes can hold.
    UnsupportedError
        An array is packed by a codec that is not known here.
    """
    if os.path.isdir(path):
        files = _FolderFiles(Path(path))
        return _inspect(files, limits)
    with zipfile.ZipFile(path) as archive:
        return _inspect(_ZipFiles(archive), limits)


class _FolderFiles:
    def __init__(self, root: Path) -> None:
        self._root = root

    def sizes(self) -> Iterator[tuple[str, int, int]]:
        """Yield name, bytes and packed bytes of each file."""
        for folder, folders, names in os.walk(self._root):
            for name in (*folders, *names):
                whole = Path(folder, name)
                if whole.is_symlink():
                    raise ParseError(
                        f"{whole.relative_to(self._root)} is a link; copy what it points to into the store"
                    )
            for name in names:
                whole = Path(folder, name)
                size = whole.stat().st_size
                yield whole.relative_to(self._root).as_posix(), size, size

    def read(self, name: str) -> bytes:
        return (self._root / name).read_bytes()


class _ZipFiles:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def sizes(self) -> Iterator[tuple[str, int, int]]:
        """Yield name, bytes and packed bytes of each file; of several with one name, the last counts."""
        for name in dict.fromkeys(self._archive.namelist()):
            entry = self._archive.getinfo(name)
            if name.startswith("/") or ".." in PurePosixPath(name).parts:
                raise ParseError(f"the archive holds {name!r}, which leads out of it")
            if not entry.is_dir():
                yield name, entry.file_size, entry.compress_size

    def read(self, name: str) -> bytes:
        return self._archive.read(name)


def _inspect(files: _FolderFiles | _ZipFiles, limits: Limits) -> Inspected:
    descriptions: dict[str, int] = {}
    unpacked = packed = count = 0
    for name, size, taken in files.sizes():
        count, unpacked, packed = count + 1, unpacked + size, packed + taken
        if count > _MOST_FILES:
            raise LimitError(f"more than {_MOST_FILES:,} files in one store; write it in larger chunks")
        if PurePosixPath(name).name in _DESCRIPTIONS:
            descriptions[name] = size
    limits.check_ratio(unpacked, packed)
    root = _root_of(descriptions)
    declared = Declared(limits, max(packed, 1))
    unknown = []
    for name, size in descriptions.items():
        found = _described(files, name, size)
        _inspect_description(name, found, declared)
        if found.get("shape") is not None and not _is_known(found.get("data_type", "int8")):
            unknown.append(str(PurePosixPath(name).parent.relative_to(root or ".")))
    return Inspected(root, tuple(sorted(unknown)))


def _is_known(kind: Any) -> bool:
    return (kind.get("name") if isinstance(kind, dict) else kind) in _TYPES


def _root_of(descriptions: Mapping[str, int]) -> str:
    roots = [str(PurePosixPath(name).parent) for name in descriptions if PurePosixPath(name).name in _GROUPS]
    if not roots:
        raise ParseError("holds no Zarr group: neither a .zgroup nor a zarr.json file; give a store that AnnData wrote")
    root = min(roots, key=lambda place: (place.count("/") if place != "." else -1, place))
    return "" if root == "." else root


def _described(files: _FolderFiles | _ZipFiles, name: str, size: int) -> dict[str, Any]:
    if size > _LARGEST_DESCRIPTION:
        raise ParseError(f"{name} has {size:,} bytes; a description has a few hundred: {REWRITE}")
    try:
        found = json.loads(files.read(name))
    except (ValueError, RecursionError, UnicodeDecodeError) as error:
        raise ParseError(f"{name} is not JSON: {error}; {REWRITE}") from error
    if not isinstance(found, dict):
        raise ParseError(f"{name} is not a JSON object; {REWRITE}")
    return found


def _inspect_description(name: str, found: Mapping[str, Any], declared: Declared) -> None:
    shape = found.get("shape")
    if shape is None:
        declared.part(name)
        return
    chunk = found.get("chunks")
    if chunk is None:
        grid = found.get("chunk_grid")
        settings = grid.get("configuration") if isinstance(grid, dict) else None
        chunk = settings.get("chunk_shape") if isinstance(settings, dict) else None
    if not _is_shape(shape) or not (chunk is None or _is_shape(chunk)):
        raise ParseError(f"{name} has the shape {str(shape)[:60]}, in chunks of {str(chunk)[:60]}; {REWRITE}")
    for codec in _codecs(found):
        if codec in _PICKLE:
            raise ParseError(
                f"{name} is packed as a pickle, which can run any program: pickles are not read; {REWRITE}"
            )
        if codec.removeprefix("numcodecs.") not in _PACKED:
            raise UnsupportedError(
                f"{name} is packed by {codec!r}, which is not known here; write it with zstd or gzip"
            )
    declared.array(name, tuple(shape), _item_bytes(found), None if chunk is None else tuple(chunk))


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, int) and one >= 0 for one in value)


def _codecs(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of all codecs of an array, those inside shards included."""
    waiting: list[Any] = [found.get("compressor"), found.get("filters"), found.get("codecs")]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            yield str(one.get("id", one.get("name"))).lower()
            settings = one.get("configuration")
            if isinstance(settings, dict):
                waiting += [settings.get("codecs"), settings.get("index_codecs")]


def _item_bytes(found: Mapping[str, Any]) -> int:
    import numpy as np

    kind = found.get("dtype", found.get("data_type"))
    try:
        return np.dtype(kind).itemsize or _ITEM
    except (TypeError, ValueError):
        return _ITEM
