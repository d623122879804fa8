"""Token shards: arrays on disk that are read in place, and the manifest that lists them.

A corpus folder holds ``manifest.json`` and one folder a shard with

- ``tokens.bin``: the ids of all documents, one after another, uint16 or uint32 (the manifest says which);
- ``weights.bin``: the weight of predicting each token, uint8, in 255ths;
- ``offsets.bin``: where each document starts, and the end, uint64;
- ``views.bin``: the kind of each document, uint8, an index into the manifest's list.

All little-endian.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.encoding import FULL_WEIGHT, EncodedDocument
from biomatrix.corpus.slices import file_sha256
from biomatrix.entities.files import write_whole
from biomatrix.errors import ParseError

FORMAT = 1
MANIFEST = "manifest.json"
TOKENS, WEIGHTS, OFFSETS, VIEWS = "tokens.bin", "weights.bin", "offsets.bin", "views.bin"


def token_dtype(vocabulary_size: int) -> np.dtype[Any]:
    """Return the smallest unsigned type that holds every id."""
    return np.dtype("<u2") if vocabulary_size <= 1 << 16 else np.dtype("<u4")


def write_shard(folder: Path, documents: Sequence[EncodedDocument], views: Sequence[int], dtype: np.dtype[Any]) -> None:
    """Write one shard's arrays into a folder.

    Parameters
    ----------
    documents : sequence of EncodedDocument
        In the order they are stored.
    views : sequence of int
        The view of each, an index into the corpus's list of views.
    dtype : dtype
        Of the token ids.
    """
    offsets = np.zeros(len(documents) + 1, dtype="<u8")
    np.cumsum([len(item) for item in documents], out=offsets[1:])
    ids = [item.ids for item in documents] or [np.empty(0, np.int32)]
    weights = [item.weights for item in documents] or [np.empty(0, np.uint8)]
    np.concatenate(ids).astype(dtype).tofile(folder / TOKENS)
    np.concatenate(weights).astype("u1").tofile(folder / WEIGHTS)
    offsets.tofile(folder / OFFSETS)
    np.asarray(views, dtype="u1").tofile(folder / VIEWS)


def write_manifest(folder: Path, content: Mapping[str, Any]) -> None:
    """Write a corpus's manifest, in place only when whole."""
    text = json.dumps({"format": FORMAT, **content}, indent=1, sort_keys=True)
    write_whole(folder / MANIFEST, text.encode())


class _Shard:
    """One shard's arrays, mapped when first read."""

    def __init__(self, folder: Path, dtype: np.dtype[Any]) -> None:
        self.folder, self.dtype = folder, dtype
        self.offsets = np.fromfile(folder / OFFSETS, dtype="<u8").astype(np.int64)
        self.views = np.fromfile(folder / VIEWS, dtype="u1")
        if (folder / TOKENS).stat().st_size != int(self.offsets[-1]) * dtype.itemsize:
            raise ParseError("the tokens do not fill the documents; the shard is cut short", file=str(folder))

    @cached_property
    def tokens(self) -> NDArray[Any]:
        if not self.offsets[-1]:
            return np.empty(0, dtype=self.dtype)
        return np.memmap(self.folder / TOKENS, dtype=self.dtype, mode="r")

    @cached_property
    def weights(self) -> NDArray[np.uint8]:
        if not self.offsets[-1]:
            return np.empty(0, dtype=np.uint8)
        return np.memmap(self.folder / WEIGHTS, dtype=np.uint8, mode="r")


class TokenShards:
    """The documents of a corpus folder, by number.

    Parameters
    ----------
    folder : str or Path
        Holds ``manifest.json`` and the shards it lists; or a folder ``train`` that does, as a build leaves it.

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
        self.manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if self.manifest.get("format") != FORMAT:
            found = self.manifest.get("format")
            raise ParseError(f"format {found!r}: this version reads {FORMAT}", file=str(path))
        dtype = np.dtype(self.manifest["dtype"])
        self._shards = [_Shard(self.folder / shard["name"], dtype) for shard in self.manifest["shards"]]
        counts = [len(shard.views) for shard in self._shards]
        self._first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    def __len__(self) -> int:
        """Return the number of documents."""
        return int(self._first[-1])

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each document, ``int64 [D]``."""
        parts = [np.diff(shard.offsets) for shard in self._shards]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

    @cached_property
    def views(self) -> NDArray[np.uint8]:
        """The view of each document, ``uint8 [D]``, an index into `view_names`."""
        parts = [shard.views for shard in self._shards]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint8)

    @property
    def view_names(self) -> tuple[str, ...]:
        """The names of the views."""
        return tuple(self.manifest["views"])

    @property
    def num_tokens(self) -> int:
        """Tokens of all documents."""
        return int(self.lengths.sum())

    def document(self, index: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return a document's ids ``int64 [n]`` and the weight of predicting each, ``float32 [n]``."""
        if not 0 <= index < len(self):
            raise IndexError(f"document {index} of a corpus of {len(self)}")
        number = int(np.searchsorted(self._first, index, side="right")) - 1
        shard = self._shards[number]
        within = index - int(self._first[number])
        start, stop = int(shard.offsets[within]), int(shard.offsets[within + 1])
        weights = shard.weights[start:stop].astype(np.float32) / np.float32(FULL_WEIGHT)
        return shard.tokens[start:stop].astype(np.int64), weights

    def verify(self) -> None:
        """Raise ParseError where a file is not, byte for byte, what the manifest says."""
        for shard in self.manifest["shards"]:
            for name, file in shard["files"].items():
                path = self.folder / shard["name"] / name
                if not path.is_file() or file_sha256(path) != file["sha256"]:
                    raise ParseError("missing or changed since it was written; build it again", file=str(path))


def held_out_folders(folder: str | Path) -> dict[str, Path]:
    """Return the held-out corpora, by view: the folders named ``heldout_<view>``.

    Parameters
    ----------
    folder : str or Path
        A training corpus, beside which they stand, or the folder that holds both.
    """
    folder = Path(folder)
    beside = folder.resolve().parent if (folder / MANIFEST).is_file() else folder
    found = sorted(beside.glob(f"heldout_*/{MANIFEST}"))
    return {path.parent.name.removeprefix("heldout_"): path.parent for path in found}
