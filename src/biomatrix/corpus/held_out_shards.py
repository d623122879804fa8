"""The held-out documents of each view and task: at most one per record, records in the order of their hash.

One pass over the held-out records serves all views that are to be drawn; only the documents of each that will be
written are kept in memory.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.build_records import write_rejects
from biomatrix.corpus.build_tokens import TokenisedSlice
from biomatrix.corpus.encoding import fitted_documents, within_vocabulary
from biomatrix.corpus.holdout import bucket
from biomatrix.corpus.records import TokenRecord
from biomatrix.corpus.saved_vocabulary import SavedVocabulary
from biomatrix.corpus.shard_writing import ShardWriter, token_dtype, write_origins
from biomatrix.corpus.slices import Slice
from biomatrix.corpus.training_shards import ENCODED_TOGETHER, REJECTS, cut_views
from biomatrix.errors import BioMatrixError, LimitError
from biomatrix.tasks.documents import Document
from biomatrix.tasks.drawing import Draw, document, has_view

VERSION: Final = 1
"""Raised when the same documents would be written otherwise; 1 names the record of each."""
_MANY: Final = 1 << 62
_SPLITS: Final = ("held_out", "held_out_label")


@dataclass(frozen=True)
class HeldOutPass:
    """One reading of all held-out records, for every view that is to be drawn.

    Parameters
    ----------
    mark : str
        Everything its result depends on, hashed; two passes of one mark are the same.
    draws : tuple of Draw
        The views and tasks.
    tokens : tuple of TokenisedSlice
        The records.
    vocabulary : SavedVocabulary
        The vocabulary that gives the ids.
    count : int
        The largest number of documents of each view.
    seed, max_tokens : int
        As in the recipe.
    """

    mark: str
    draws: tuple[Draw, ...] = field(compare=False)
    tokens: tuple[TokenisedSlice, ...] = field(compare=False)
    vocabulary: SavedVocabulary = field(compare=False)
    count: int = field(compare=False)
    seed: int = field(compare=False)
    max_tokens: int = field(compare=False)


@dataclass(frozen=True)
class HeldOutSlice(Slice):
    """The held-out documents of one view or task, from every source."""

    draw: Draw
    reading: HeldOutPass


class _First:
    """The first documents of one view in the order of their records' hash, and the refusals before the last of them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._heap: list[tuple[int, int, Document]] = []
        self._refused: list[tuple[int, int, dict[str, str]]] = []
        self._seen = 0

    def wants(self, place: int) -> bool:
        """Return whether a document at this place would be among the first."""
        return len(self._heap) < self.count or (self.count > 0 and place < -self._heap[0][0])

    def add(self, place: int, found: Document) -> None:
        self._seen += 1
        entry = (-place, -self._seen, found)
        if len(self._heap) < self.count:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heapreplace(self._heap, entry)

    def refuse(self, place: int, record: TokenRecord, view: str, error: BioMatrixError) -> None:
        self._seen += 1
        reason = f"{view}: {error.message}"
        self._refused.append((place, self._seen, {"source": record.source, "id": record.id, "reason": reason}))

    def documents(self) -> list[Document]:
        """Return them in order."""
        return [found for _, _, found in sorted(self._heap, key=lambda entry: (-entry[0], -entry[1]))]

    def rejects(self) -> list[dict[str, str]]:
        """Return the refusals in order, without those after the last document: they were not needed."""
        last = -self._heap[0][0] if self.count and len(self._heap) == self.count else _MANY
        return [line for place, _, line in sorted(self._refused, key=lambda entry: entry[:2]) if place < last]


@lru_cache(maxsize=1)
def _first_documents(reading: HeldOutPass) -> dict[str, _First]:
    """Read all held-out records once; return the first documents of each view."""
    vocabulary = reading.vocabulary.open()
    first = {draw.name: _First(reading.count) for draw in reading.draws}
    for tokens in reading.tokens:
        for record in tokens.read(_SPLITS):
            places = {draw.name: _place(record, draw) for draw in reading.draws if _gives(record, draw)}
            places = {name: place for name, place in places.items() if first[name].wants(place)}
            if not places:
                continue
            writable, refused = within_vocabulary(record, vocabulary)
            for draw in reading.draws:
                if draw.name not in places:
                    continue
                place = places[draw.name]
                for name, error in refused:
                    first[draw.name].refuse(place, record, name, error)
                _draw(first[draw.name], writable, draw, place, reading)
    return first


def _gives(record: TokenRecord, draw: Draw) -> bool:
    return record.split in draw.definition.splits and has_view(record, draw.definition)


def _place(record: TokenRecord, draw: Draw) -> int:
    return bucket(f"{draw.name}|{record.source}|{record.id}", _MANY)


def _draw(first: _First, record: TokenRecord, draw: Draw, place: int, reading: HeldOutPass) -> None:
    try:
        result = document(record, draw.definition, seed=reading.seed, copy=0, max_tokens=reading.max_tokens)
    except LimitError as error:
        first.refuse(place, record, draw.name, error)
        return
    if result is not None:
        first.add(place, result)


def write_held_out(item: HeldOutSlice, folder: Path) -> Mapping[str, Any]:
    """Write the held-out documents of one view, and the record that each was drawn from."""
    reading = item.reading
    vocabulary = reading.vocabulary.open()
    first = _first_documents(reading)[item.draw.name]
    rejects = first.rejects()
    cut = cut_views([item.draw])
    entries = iter(first.documents())
    origins: list[tuple[str, str]] = []
    tokens: Counter[str] = Counter()
    with ShardWriter(folder, [item.draw.name], token_dtype(len(vocabulary))) as writer:
        while batch := list(islice(entries, ENCODED_TOGETHER)):
            results = fitted_documents(batch, vocabulary, reading.max_tokens, cut)
            for entry, encoded in zip(batch, results, strict=True):
                if isinstance(encoded, BioMatrixError):
                    reason = f"{entry.view}: {encoded.message}"
                    rejects.append({"source": entry.source, "id": entry.record, "reason": reason})
                else:
                    writer.add(encoded, entry.view, len(origins))
                    origins.append((entry.source, entry.record))
                    tokens[entry.source] += len(encoded)
    write_rejects(folder / REJECTS, rejects)
    write_origins(folder, origins)
    documents = Counter(source for source, _ in origins)
    sources = [{"name": name, "documents": documents[name], "tokens": tokens[name]} for name in sorted(documents)]
    return {"rejects": len(rejects), "sources": sources, **writer.counts}
