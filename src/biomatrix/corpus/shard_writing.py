"""Writing token shards: arrays on disk that grow document by document, and the manifest that lists them."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np

from biomatrix.corpus.encoding import EncodedDocument
from biomatrix.corpus.shards import (
    FORMAT,
    LENGTHS,
    MANIFEST,
    OFFSETS,
    ORIGINS,
    ROWS,
    TOKENS,
    VIEW_NAMES,
    VIEWS,
    WEIGHTS,
)
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.files.writing import write_atomically, write_whole
from biomatrix.errors import LimitError

MOST_VIEWS: Final = 256
"""The largest number of views and tasks in one shard: that of a document is stored in one byte."""


def token_dtype(vocabulary_size: int) -> np.dtype[Any]:
    """Return the smallest type that holds every id, little-endian: uint16 or uint32."""
    return np.dtype("<u2") if vocabulary_size <= 1 << 16 else np.dtype("<u4")


class ShardWriter:
    """Writes one shard's arrays; documents go straight to disk, only their offsets, views and rows stay in memory.

    Parameters
    ----------
    folder : Path
        An existing folder for the files.
    views : sequence of str
        The views a document may have, in the order of the corpus's list; the shard stores those it holds.
    dtype : dtype
        The type of the token ids.

    Raises
    ------
    LimitError
        If there are more than `MOST_VIEWS` views.
    """

    def __init__(self, folder: Path, views: Sequence[str], dtype: np.dtype[Any]) -> None:
        if len(views) > MOST_VIEWS:
            raise LimitError(f"{len(views)} views and tasks in one corpus: at most {MOST_VIEWS}")
        self.folder, self.dtype = folder, dtype
        self._number = {name: index for index, name in enumerate(views)}
        self._views, self._rows, self._ends = array("B"), array("Q"), array("Q", [0])
        self._files = ExitStack()
        self.documents: Counter[str] = Counter()
        self.tokens: Counter[str] = Counter()
        self.learned_tokens: Counter[str] = Counter()

    def __enter__(self) -> ShardWriter:
        self._tokens = self._files.enter_context((self.folder / TOKENS).open("wb"))
        self._weights = self._files.enter_context((self.folder / WEIGHTS).open("wb"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()
        if kind is None:
            self._write_places()

    def add(self, document: EncodedDocument, view: str, row: int = 0) -> None:
        """Write one document of a view; ``row`` is the number, among those read, of the record it was drawn from."""
        self._tokens.write(document.ids.astype(self.dtype).tobytes())
        self._weights.write(document.weights.astype("u1").tobytes())
        self._ends.append(self._ends[-1] + len(document))
        self._views.append(self._number[view])
        self._rows.append(row)
        self.documents[view] += 1
        self.tokens[view] += len(document)
        self.learned_tokens[view] += int((document.weights > 0).sum())

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Documents, tokens and learned tokens of each view that the shard holds."""
        return {
            "documents": dict(self.documents),
            "tokens": dict(self.tokens),
            "learned_tokens": dict(self.learned_tokens),
        }

    def _write_places(self) -> None:
        held = [name for name in self._number if self.documents[name]]
        place = np.zeros(MOST_VIEWS, dtype="u1")
        place[[self._number[name] for name in held]] = np.arange(len(held))
        place[np.asarray(self._views, dtype="u1")].tofile(self.folder / VIEWS)
        np.asarray(self._ends, dtype="<u8").tofile(self.folder / OFFSETS)
        np.asarray(self._rows, dtype="<u4").tofile(self.folder / ROWS)
        (self.folder / VIEW_NAMES).write_text(json.dumps(held), encoding="utf-8")


def write_shard(folder: Path, documents: Sequence[EncodedDocument], views: Sequence[str], dtype: np.dtype[Any]) -> None:
    """Write one shard's arrays into a folder.

    Parameters
    ----------
    folder : Path
        An existing folder for the files.
    documents : sequence of EncodedDocument
        In the order in which they are stored.
    views : sequence of str
        The view of each.
    dtype : dtype
        The type of the token ids.
    """
    with ShardWriter(folder, list(dict.fromkeys(views)), dtype) as writer:
        for row, (document, view) in enumerate(zip(documents, views, strict=True)):
            writer.add(document, view, row)


def write_origins(folder: Path, origins: Iterable[tuple[str, str]]) -> None:
    """Write the source and the record of each document of a shard that mixes sources, one JSON object a line."""
    lines = (json.dumps({"source": source, "id": record}, ensure_ascii=False) + "\n" for source, record in origins)
    with (folder / ORIGINS).open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(lines)


def write_lengths(folder: Path, shards: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Write the index of the documents of shards in order, one shard in memory at a time; return what it is.

    Parameters
    ----------
    folder : Path
        The corpus.
    shards : sequence of str
        Names of its finished shards.
    """
    path, digest, size = folder / LENGTHS, hashlib.sha256(), 0
    for part in _lengths(folder, shards):
        digest.update(part)
        size += len(part)
    if not path.is_file() or file_sha256(path) != digest.hexdigest():  # one that is the same stays as it is
        with write_atomically(path) as out:
            out.writelines(_lengths(folder, shards))
    return {path.name: {"sha256": digest.hexdigest(), "bytes": size}}


def _lengths(folder: Path, shards: Sequence[str]) -> Iterator[bytes]:
    for name in shards:
        yield np.diff(np.fromfile(folder / name / OFFSETS, dtype="<u8")).astype("<u4").tobytes()


def write_manifest(folder: Path, content: Mapping[str, Any]) -> None:
    """Write a corpus's manifest; it gets its name only when it is complete."""
    text = json.dumps({"format": FORMAT, **content}, indent=1, sort_keys=True)
    write_whole(folder / MANIFEST, text.encode("utf-8"))
