"""Documents of a corpus as text with typed segments and loss weights, and records of a source before any build."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.records import Record
from biomatrix.corpus.shards import ShardReader
from biomatrix.corpus.sources import Source
from biomatrix.corpus.work_folder import WorkFolder
from biomatrix.entities.near_matches import choices
from biomatrix.errors import BioMatrixError, ConfigurationError

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True)
class Piece:
    """A stretch of a document of one modality and one loss weight.

    Parameters
    ----------
    modality : str, optional
        None for text.
    text : str
        As the tokens spell it, control pairs included.
    tokens : int
    weight : float
        The weight of predicting its tokens, in [0, 1].
    """

    modality: str | None
    text: str
    tokens: int
    weight: float


@dataclass(frozen=True)
class Shown:
    """A document of a corpus.

    Parameters
    ----------
    number : int
        Its number in the corpus.
    view : str
    source : str
        "" for held-out documents of corpora that did not keep it.
    record : str
        The name of the record it was drawn from, or its number among those read where the records are gone.
    pieces : tuple of Piece
    """

    number: int
    view: str
    source: str
    record: str
    pieces: tuple[Piece, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def chosen_documents(
    built: WorkFolder, view: str | None = None, source: str | None = None, count: int = 3, seed: int = 0
) -> list[int]:
    """Return the numbers of documents of a view and a source, drawn by the seed, in order.

    Raises
    ------
    ConfigurationError
        The corpus has no such view or source.
    """
    corpus = built.corpus
    wanted = np.ones(len(corpus), dtype=np.bool_)
    if view is not None:
        if view not in corpus.view_names:
            raise ConfigurationError(f"no view or task {view!r} in the corpus; {choices(view, corpus.view_names)}")
        wanted &= corpus.views == corpus.view_names.index(view)
    if source is not None:
        names = _source_names(built)
        if source not in names:
            raise ConfigurationError(f"no source {source!r} in the corpus; {choices(source, sorted(set(names)))}")
        wanted &= np.array([name == source for name in names])
    numbers = np.flatnonzero(wanted)
    drawn = np.random.default_rng(seed).choice(numbers, min(count, len(numbers)), replace=False)
    return [int(number) for number in np.sort(drawn)]


def shown_document(built: WorkFolder, number: int, vocabulary: Vocabulary) -> Shown:
    """Return a document of a corpus as text."""
    corpus = built.corpus
    ids, weights = corpus.document(number)
    reader, index = corpus.place(number)
    view = reader.names[int(reader.views[index])]
    return Shown(number, view, *_origin(built, reader, index), tuple(_pieces(ids, weights, vocabulary)))


def _origin(built: WorkFolder, reader: ShardReader, index: int) -> tuple[str, str]:
    """Return the source and the record of a document of a shard."""
    if reader.origins:
        return reader.origins[index]
    source = _source_of(reader.folder.name)
    if not source:
        return "", ""
    names, row = _record_ids(built, reader.folder.name), int(reader.rows[index])
    return source, f"row {row}" if names is None or row >= len(names) else names[row]


def _source_names(built: WorkFolder) -> list[str]:
    """Return the source of each document."""
    names: list[str] = []
    for reader in built.corpus.readers:
        named = [source for source, _ in reader.origins]
        names += named or [_source_of(reader.folder.name)] * len(reader.views)
    return names


def _source_of(shard: str) -> str:
    return shard.rpartition("-")[0]


@lru_cache(maxsize=8)
def _record_ids(built: WorkFolder, shard: str) -> list[str] | None:
    return built.record_ids(shard)


def _pieces(ids: NDArray[np.int64], weights: NDArray[np.float32], vocabulary: Vocabulary) -> Iterator[Piece]:
    for segment in vocabulary.segments(ids):
        edges = np.flatnonzero(np.diff(weights[segment.start : segment.stop])) + 1 + segment.start
        bounds = [segment.start, *edges.tolist(), segment.stop]
        for first, stop in pairwise(bounds):
            if first < stop:
                text = vocabulary.text(ids[first:stop])
                yield Piece(segment.modality, text, stop - first, float(weights[first]))


def source_records(source: Source, count: int) -> Iterator[tuple[str, Record | BioMatrixError]]:
    """Yield the names of the first rows of a source, each with its record or the error that refuses it."""
    from rdkit.rdBase import BlockLogs

    for identifier, row in islice(source.rows(), count):
        try:
            with BlockLogs():
                yield identifier, source.record(identifier, row)
        except BioMatrixError as error:
            yield identifier, error


def described_record(record: Record) -> dict[str, Any]:
    """Return a record as JSON values: its fields, and each entity in a line."""
    entities = {record.kind: record.entity, **record.parts}
    return {
        "id": record.id,
        "kind": record.kind,
        "split": record.split,
        "fields": dict(record.fields),
        "entities": {role: repr(entity) for role, entity in entities.items() if entity is not None},
    }
