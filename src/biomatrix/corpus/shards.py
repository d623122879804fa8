"""Token shards: arrays on disk that are read in place, and the manifest that lists them.

A corpus folder holds ``manifest.json`` and one folder per shard with

- ``tokens.bin``: the ids of all documents, one after another, uint16 or uint32 (the manifest says which);
- ``weights.bin``: the weight of predicting each token, uint8, in 255ths;
- ``offsets.bin``: where each document starts, and the end of the last, uint64;
- ``views.bin``: the view or task of each document, uint8, an index into
- ``views.json``: the names of the views and tasks that this shard holds;
- ``rows.bin``: the record each document was drawn from, uint32, its number among those read; in held-out shards, which
  mix sources, the line of
- ``origins.jsonl``: the source and the id of a record, a JSON object a line.

Beside the manifest, ``lengths.bin`` holds the tokens of every document of the corpus, uint32, in order: the index by
which documents are ordered and packed without opening their shards.

All little-endian. Corpora of format 1 have neither of the last two files; there ``views.bin`` is an index into the
manifest's list.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.encoding import FULL_WEIGHT
from biomatrix.corpus.slices import fingerprint
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.errors import ParseError

FORMAT = 2
MANIFEST = "manifest.json"
TOKENS, WEIGHTS, OFFSETS, VIEWS, ROWS = "tokens.bin", "weights.bin", "offsets.bin", "views.bin", "rows.bin"
VIEW_NAMES = "views.json"
ORIGINS = "origins.jsonl"
LENGTHS = "lengths.bin"
_READ = (1, FORMAT)
_LENGTH = np.dtype("<u4")
_TYPES = ("<u2", "<u4")
_ANY_SIZE = 1 << 32
_OPEN_SHARDS = 256
"""Shards of a corpus whose arrays are held at a time; each is opened again when it is read again."""
_AGAIN = "build the corpus again, which writes what is missing or damaged"


class ShardReader:
    """One shard's arrays, mapped when first read.

    Parameters
    ----------
    folder : Path
        The shard.
    dtype : dtype
        The type of the token ids.
    names : tuple of str, optional
        The views that ``views.bin`` is an index into; the shard's own list when not given.

    Raises
    ------
    ParseError
        If the files do not fit each other.
    """

    def __init__(self, folder: Path, dtype: np.dtype[Any], names: tuple[str, ...] | None = None) -> None:
        self.folder, self.dtype = folder, dtype
        self.names = names if names is not None else _view_names(folder / VIEW_NAMES)
        self.offsets = _numbers(folder / OFFSETS, "<u8").astype(np.int64)
        self.views = _numbers(folder / VIEWS, "u1")
        if not len(self.offsets) or self.offsets[0] or (np.diff(self.offsets) < 0).any():
            raise ParseError(f"not the beginnings of documents; {_AGAIN}", file=str(folder / OFFSETS))
        if len(self.views) != len(self.offsets) - 1:
            raise ParseError(
                f"{len(self.views)} views for {len(self.offsets) - 1} documents; {_AGAIN}", file=str(folder)
            )
        if len(self.views) and int(self.views.max()) >= len(self.names):
            raise ParseError("a document of a view without a name", file=str(folder / VIEWS))
        for name, width in ((TOKENS, dtype.itemsize), (WEIGHTS, 1)):
            if _size(folder / name) != int(self.offsets[-1]) * width:
                raise ParseError(
                    f"{name} does not fill the documents: the shard is cut short; {_AGAIN}", file=str(folder)
                )

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """The record each document was drawn from, ``int64 [D]``."""
        return np.fromfile(self.folder / ROWS, dtype="<u4").astype(np.int64)

    @cached_property
    def origins(self) -> list[tuple[str, str]]:
        """The source and the record of each document, of a shard that mixes sources; empty for others."""
        path = self.folder / ORIGINS
        if not path.is_file():
            return []
        try:
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
            named = [(str(line["source"]), str(line["id"])) for line in lines]
            return [named[row] for row in self.rows.tolist()]
        except (ValueError, LookupError, TypeError) as error:
            raise ParseError(f"not the records of the documents: {error}; {_AGAIN}", file=str(path)) from error

    @cached_property
    def tokens(self) -> NDArray[Any]:
        """The ids of all documents, one after another, ``dtype [tokens]``."""
        if not self.offsets[-1]:
            return np.empty(0, dtype=self.dtype)
        return np.memmap(self.folder / TOKENS, dtype=self.dtype, mode="r")

    @cached_property
    def weights(self) -> NDArray[np.uint8]:
        """The weight of predicting each token, in 255ths, ``uint8 [tokens]``."""
        if not self.offsets[-1]:
            return np.empty(0, dtype=np.uint8)
        return np.memmap(self.folder / WEIGHTS, dtype=np.uint8, mode="r")

    def document(self, index: int) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        """Return a document's ids and weights as they are stored."""
        start, stop = int(self.offsets[index]), int(self.offsets[index + 1])
        return self.tokens[start:stop], self.weights[start:stop]

    def numbered(self, names: tuple[str, ...]) -> NDArray[np.uint16]:
        """Return each document's view as an index into a corpus's names, ``uint16 [D]``."""
        missing = [name for name in self.names if name not in names]
        if missing:
            raise ParseError(f"the manifest does not list the view {missing[0]!r}", file=str(self.folder))
        places = np.array([names.index(name) for name in self.names], dtype=np.uint16)
        return places[self.views] if len(places) else np.empty(0, dtype=np.uint16)


def _numbers(path: Path, dtype: str) -> NDArray[Any]:
    """Return the whole numbers of a file; ParseError where there is none, or it is cut inside a number."""
    if _size(path) % np.dtype(dtype).itemsize:
        raise ParseError(f"cut short; {_AGAIN}", file=str(path))
    return np.fromfile(path, dtype=dtype)


def _size(path: Path) -> int:
    """Return the size of a file in bytes; ParseError where there is none."""
    if not path.is_file():
        raise ParseError(f"missing; {_AGAIN}", file=str(path))
    return path.stat().st_size


def _view_names(path: Path) -> tuple[str, ...]:
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ParseError(f"no list of views: {error}", file=str(path)) from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ParseError("not a list of names", file=str(path))
    return tuple(names)


class TokenShards:
    """The documents of a corpus folder, by number.

    Parameters
    ----------
    folder : str or Path
        Holds ``manifest.json`` and the shards it lists, or a folder ``train`` that does, as a build writes it.

    Raises
    ------
    ParseError
        If there is no manifest of a format that this version reads, or a shard is broken.

    Examples
    --------
    ``TokenShards(folder).document(0)`` gives the first document's ids and loss weights.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not (self.folder / MANIFEST).is_file() and (self.folder / "train" / MANIFEST).is_file():
            self.folder = self.folder / "train"
        path = self.folder / MANIFEST
        if not path.is_file():
            raise ParseError(f"no {MANIFEST}: not a finished corpus folder", file=str(folder))
        self.manifest = read_manifest(path)
        form = self.manifest["format"]
        dtype = np.dtype(self.manifest["dtype"])
        names = self.view_names if form == 1 else None
        folders = [self.folder / shard["name"] for shard in self.manifest["shards"]]

        def shard(number: int) -> ShardReader:
            return ShardReader(folders[number], dtype, names)

        self._shard = lru_cache(maxsize=_OPEN_SHARDS)(shard)
        counts = [len(shard(number).views) for number in range(len(folders))]  # each is looked at once, and not kept
        self._first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    def __len__(self) -> int:
        """Return the number of documents."""
        return int(self._first[-1])

    @cached_property
    def lengths(self) -> NDArray[Any]:
        """The number of tokens of each document, ``int [D]``: of the index, mapped, or gathered where there is none."""
        path = self.folder / LENGTHS
        if LENGTHS not in self.manifest.get("index", {}) or not len(self):
            return gathered_lengths(self.readers)
        if _size(path) != len(self) * _LENGTH.itemsize:
            raise ParseError(f"not the lengths of {len(self)} documents; {_AGAIN}", file=str(path))
        return np.memmap(path, dtype=_LENGTH, mode="r")

    @cached_property
    def views(self) -> NDArray[np.uint16]:
        """The view of each document, ``uint16 [D]``, an index into `view_names`."""
        parts = [shard.numbered(self.view_names) for shard in self.readers]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint16)

    @property
    def view_names(self) -> tuple[str, ...]:
        """The names of all views and tasks that the shards hold."""
        return tuple(self.manifest["views"])

    @property
    def num_tokens(self) -> int:
        """The number of tokens of all documents together."""
        return int(self.lengths.sum(dtype=np.int64))

    @property
    def readers(self) -> Iterator[ShardReader]:
        """The shards, in order, a few of them open at a time."""
        return map(self._shard, range(len(self._first) - 1))

    @property
    def shard_sizes(self) -> list[tuple[str, int]]:
        """The name of each shard and the number of its documents, in order."""
        sizes = np.diff(self._first).tolist()
        return [(shard["name"], size) for shard, size in zip(self.manifest["shards"], sizes, strict=True)]

    def shard_views(self, number: int) -> NDArray[np.uint16]:
        """Return the view of each document of one shard, by its number, ``uint16 [d]``, an index into `view_names`."""
        return self._shard(number).numbered(self.view_names)

    def place(self, index: int) -> tuple[ShardReader, int]:
        """Return the shard of a document and its number there; IndexError where there is no such document."""
        if not 0 <= index < len(self):
            raise IndexError(f"document {index} of a corpus of {len(self)}")
        number = int(np.searchsorted(self._first, index, side="right")) - 1
        return self._shard(number), index - int(self._first[number])

    def document(self, index: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return a document's ids, ``int64 [n]``, and the weight of predicting each, ``float32 [n]``, in [0, 1]."""
        shard, number = self.place(index)
        ids, weights = shard.document(number)
        if len(ids) and int(ids.max()) >= self.manifest.get("vocabulary_size", _ANY_SIZE):
            raise ParseError(f"document {index} holds an id outside the vocabulary; {_AGAIN}", file=str(shard.folder))
        return ids.astype(np.int64), weights.astype(np.float32) / np.float32(FULL_WEIGHT)

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256, in hexadecimal, over the shards' names, their files' hashes and the names of views."""
        shards = [
            (shard["name"], sorted((name, file.get("sha256")) for name, file in shard.get("files", {}).items()))
            for shard in self.manifest["shards"]
        ]
        return fingerprint(self.manifest["dtype"], list(self.view_names), shards)

    def verify(self) -> None:
        """Raise ParseError where a file is missing, or its SHA-256 is not that of the manifest."""
        for shard in self.manifest["shards"]:
            for name, file in shard["files"].items():
                path = self.folder / shard["name"] / name
                _check_content(path, file["sha256"])
        for name, file in self.manifest.get("index", {}).items():
            _check_content(self.folder / name, file["sha256"])


def gathered_lengths(shards: Iterable[ShardReader]) -> NDArray[Any]:
    """Return the number of tokens of each document of shards in order, ``uint32 [D]``."""
    parts = [np.diff(shard.offsets).astype(_LENGTH) for shard in shards]
    return np.concatenate(parts) if parts else np.empty(0, dtype=_LENGTH)


def _check_content(path: Path, sha256: str) -> None:
    if not path.is_file() or file_sha256(path) != sha256:
        raise ParseError("missing or changed since it was written; build it again", file=str(path))


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest of a corpus folder; ParseError where it is none that this version reads."""
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ParseError(f"cannot be read: {error.strerror or error}", file=str(path)) from error
    except ValueError as error:
        raise ParseError(f"not JSON ({error}); {_AGAIN}", file=str(path)) from error
    if not isinstance(manifest, dict):
        raise ParseError(f"not a manifest; {_AGAIN}", file=str(path))
    form = manifest.get("format")
    if form not in _READ:
        raise ParseError(f"format {form!r}: this version reads {' and '.join(map(str, _READ))}", file=str(path))
    names = manifest.get("views"), manifest.get("shards")
    listed = all(isinstance(one, list) for one in names) and all(
        isinstance(shard, dict) and isinstance(shard.get("name"), str) for shard in manifest["shards"]
    )
    if not listed or manifest.get("dtype") not in _TYPES:
        raise ParseError(f"the manifest lacks its views, shards or type of ids; {_AGAIN}", file=str(path))
    return manifest


def held_out_folders(folder: str | Path) -> dict[str, Path]:
    """Return the held-out corpora, by view: the folders named ``heldout_<view>``.

    Parameters
    ----------
    folder : str or Path
        A training corpus, beside which they stand, or the folder that holds both.
    """
    folder = Path(folder)
    beside = folder.resolve().parent if (folder / MANIFEST).is_file() else folder
    manifests = sorted(beside.glob(f"heldout_*/{MANIFEST}"))
    return {path.parent.name.removeprefix("heldout_"): path.parent for path in manifests}
