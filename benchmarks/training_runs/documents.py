"""Chosen documents of a corpus: drawn without reading the rest, measured on, and written again in other tokens."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.encoding import FULL_WEIGHT, EncodedDocument
from biomatrix.corpus.groups import document_groups
from biomatrix.corpus.shard_writing import token_dtype, write_lengths, write_manifest, write_shard
from biomatrix.corpus.shards import MANIFEST, TokenShards
from biomatrix.corpus.slices import fingerprint
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.errors import ConfigurationError
from training_runs.settings import RunCorpus

Ids = NDArray[np.int64]
_SHARD = "rewritten-00000"


@dataclass(frozen=True)
class ListedDocuments:
    """Documents held in memory, all of whose tokens count.

    Parameters
    ----------
    ids : sequence of ndarray, shape=(n,), dtype=int64
    """

    ids: Sequence[Ids]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each document, ``int64 [D]``."""
        return np.array([len(one) for one in self.ids], dtype=np.int64)

    def document(self, index: int) -> tuple[Ids, NDArray[np.float32]]:
        """Return a document's ids and loss weights of 1."""
        return self.ids[index], np.ones(len(self.ids[index]), dtype=np.float32)


def by_record(documents: TokenShards) -> dict[tuple[str, str], Ids]:
    """Return held-out documents by the source and the id of their record, in order.

    Raises
    ------
    ConfigurationError
        The shards do not say which records they are of.
    """
    found: dict[tuple[str, str], Ids] = {}
    for number in range(len(documents)):
        shard, place = documents.place(number)
        if not shard.origins:
            raise ConfigurationError(
                "these held-out shards do not name their records; build the corpus again", file=str(documents.folder)
            )
        found.setdefault(shard.origins[place], shard.document(place)[0].astype(np.int64))
    return found


def drawn(corpus: RunCorpus, view: str, most: int, seed: int) -> list[Ids]:
    """Return at most so many training documents of a view, drawn without replacement; only these are read.

    Raises
    ------
    ConfigurationError
        The corpus has no documents of the view.
    """
    groups = document_groups(corpus.shards, "view")
    held = int(groups.documents[groups.names.index(view)]) if view in groups.names else 0
    if not held:
        raise ConfigurationError(f"no documents of the view {view}; add it to the recipe", file=str(corpus.folder))
    places = np.random.default_rng([seed, held]).choice(held, size=min(most, held), replace=False)
    numbers = groups.numbers(groups.names.index(view), np.sort(places))
    return [corpus.shards.document(int(number))[0] for number in numbers]


def written_corpus(
    folder: Path, corpus: RunCorpus, view: str, train: Sequence[Ids], held_out: Sequence[Ids], rows: int
) -> RunCorpus:
    """Write documents as a corpus of one view with the vocabulary of another corpus, unless they stand there already.

    Parameters
    ----------
    folder : Path
        Named by what the documents depend on; one without a finished corpus is emptied.
    corpus : RunCorpus
        Whose vocabulary the ids below its size are of.
    view : str
    train, held_out : sequence of ndarray, shape=(n,), dtype=int64
    rows : int
        One more than the largest id there may be.
    """
    if not (folder / "train" / MANIFEST).is_file():
        shutil.rmtree(folder, ignore_errors=True)
        dtype = token_dtype(rows)
        # The manifest of the training part comes last: it says that all is there.
        _write(folder / f"heldout_{view}", view, held_out, dtype)
        _write(folder / "train", view, train, dtype)
    return RunCorpus(folder / "train", corpus.vocabulary_folder)


def _write(folder: Path, view: str, documents: Sequence[Ids], dtype: np.dtype[Any]) -> None:
    shard = folder / _SHARD
    shard.mkdir(parents=True)
    encoded = [
        EncodedDocument(ids.astype(np.int32), np.full(len(ids), FULL_WEIGHT, dtype=np.uint8)) for ids in documents
    ]
    write_shard(shard, encoded, [view] * len(encoded), dtype)
    files = {path.name: {"sha256": file_sha256(path)} for path in sorted(shard.iterdir())}
    index = write_lengths(folder, [_SHARD])
    # No size of the vocabulary: ids past its end are entries of the benchmark's own.
    shards = [{"name": _SHARD, "files": files}]
    write_manifest(folder, {"dtype": dtype.str, "views": [view], "shards": shards, "index": index})


def content_mark(*parts: object) -> str:
    """Return the beginning of a hash of what documents depend on."""
    return fingerprint(*parts)[:8]
