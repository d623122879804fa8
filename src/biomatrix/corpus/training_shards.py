"""The training documents of one slice of records, as one shard.

A shard records a hash of everything the documents of each view depend on. Where a view joins the recipe, the documents
of all others are taken over from the existing shard, byte for byte, and only the new ones are drawn; the result is the
same as drawing everything anew. Documents stand in the order of their records, so all views share one shard.
"""

from __future__ import annotations

import heapq
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.corpus.build_records import write_rejects
from biomatrix.corpus.build_tokens import TokenisedSlice
from biomatrix.corpus.encoding import EncodedDocument, fitted_documents, within_vocabulary
from biomatrix.corpus.saved_vocabulary import SavedVocabulary
from biomatrix.corpus.shard_writing import ShardWriter, token_dtype
from biomatrix.corpus.shards import ShardReader
from biomatrix.corpus.slices import Slice, fingerprint, read_done
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.errors import BioMatrixError, ParseError
from biomatrix.tasks.documents import Document
from biomatrix.tasks.drawing import Draw, documents
from biomatrix.tasks.views import DocumentView

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

log = logging.getLogger(__name__)

ENCODED_TOGETHER: Final = 512
REJECTS: Final = "rejects.jsonl"


@dataclass(frozen=True)
class ShardSlice(Slice):
    """The documents of one slice of token records.

    Parameters
    ----------
    tokens : TokenisedSlice
        The records.
    vocabulary : SavedVocabulary
        The vocabulary that gives the ids.
    draws : tuple of Draw
        The draws from each record, in order.
    marks : mapping of str to str
        By view or task, everything its documents depend on, hashed.
    repeat : float
        A factor on the number of documents drawn from each record.
    seed, max_tokens : int
        As in the recipe.
    """

    tokens: TokenisedSlice
    vocabulary: SavedVocabulary
    draws: tuple[Draw, ...]
    marks: Mapping[str, str]
    repeat: float
    seed: int
    max_tokens: int


@dataclass(frozen=True)
class _Placed:
    """A document on its way to disk: the record it was drawn from, its view, its ids."""

    row: int
    view: str
    encoded: EncodedDocument


def cut_views(draws: Sequence[Draw]) -> frozenset[str]:
    """Return the names of views whose documents are cut where they are too long: those of prose."""
    definitions = [draw.definition for draw in draws]
    texts = ("text", "interleaved")
    return frozenset(one.name for one in definitions if isinstance(one, DocumentView) and one.layout in texts)


def write_train(item: ShardSlice, folder: Path) -> Mapping[str, Any]:
    """Write the training documents of one slice of records; return its notes for ``done.json``."""
    vocabulary = item.vocabulary.open()
    dtype = token_dtype(len(vocabulary))
    kept = _Kept.of(item, dtype)
    fresh = tuple(draw for draw in item.draws if draw.name not in kept.views)
    drawing = _Drawing(item, fresh, vocabulary)
    order = {draw.name: index for index, draw in enumerate(item.draws)}
    with ShardWriter(folder, list(order), dtype) as writer:
        streams = (kept.documents(order), drawing.documents())
        for placed in heapq.merge(*streams, key=lambda one: (one.row, order[one.view])):
            writer.add(placed.encoded, placed.view, placed.row)
    rejects = [*kept.rejects(of_records=not fresh), *drawing.rejects]
    rejects.sort(key=lambda line: (line["row"], order.get(line["view"], -1), line["reason"]))
    write_rejects(folder / REJECTS, rejects)
    return {
        "source": item.tokens.source,
        "marks": dict(item.marks),
        "records": item.tokens.records.name,
        "written": {name: folder.name for name, folder in item.tokens.tokens},
        "rejects": len(rejects),
        **writer.counts,
    }


class _Drawing:
    """Documents drawn from the records of a slice, and the refusals on the way."""

    def __init__(self, item: ShardSlice, draws: Sequence[Draw], vocabulary: Vocabulary) -> None:
        self.item, self.draws, self.vocabulary = item, draws, vocabulary
        self.rejects: list[dict[str, Any]] = []

    def documents(self) -> Iterator[_Placed]:
        """Yield the documents in the order of records and draws."""
        cut = cut_views(self.draws)
        stream = self._draw_documents()
        while batch := list(islice(stream, ENCODED_TOGETHER)):
            entries = [entry for _, entry in batch]
            results = fitted_documents(entries, self.vocabulary, self.item.max_tokens, cut)
            for (row, entry), encoded in zip(batch, results, strict=True):
                if isinstance(encoded, BioMatrixError):
                    self._refuse(row, entry.record, entry.view, encoded)
                else:
                    yield _Placed(row, entry.view, encoded)

    def _draw_documents(self) -> Iterator[tuple[int, Document]]:
        item = self.item
        if not self.draws:
            return
        for row, record in enumerate(item.tokens.read(("train",))):
            writable, refused = within_vocabulary(record, self.vocabulary)
            for name, error in refused:
                self._refuse(row, record.id, "", type(error)(f"{name}: {error.message}"))
            for entry in documents(
                writable, self.draws, repeat=item.repeat, seed=item.seed, max_tokens=item.max_tokens
            ):
                if isinstance(entry, Document):
                    yield row, entry
                else:
                    self._refuse(row, record.id, *entry)

    def _refuse(self, row: int, record: str, view: str, error: BioMatrixError) -> None:
        reason = f"{view}: {error.message}" if view else error.message
        source = self.item.tokens.source
        self.rejects.append({"source": source, "id": record, "view": view, "row": row, "reason": reason})


class _Kept:
    """The documents of an earlier shard of the same slice that would be drawn again unchanged.

    Parameters
    ----------
    reader : ShardReader or None
        The shard; None where there is none, or its files have changed since they were written.
    views : frozenset of str
        The views and tasks whose hash is the same as before.
    refused : list of dict
        The refusals of the earlier shard, of every view.
    """

    def __init__(self, reader: ShardReader | None, views: frozenset[str], refused: list[dict[str, Any]]) -> None:
        self.reader, self.views, self.refused = reader, views, refused

    @classmethod
    def of(cls, item: ShardSlice, dtype: np.dtype[Any]) -> _Kept:
        """Return the documents that can be taken over; every file is first compared with its hash."""
        record = read_done(item.folder) or {}
        marks = record.get("marks", {})
        views = frozenset(name for name, mark in item.marks.items() if marks.get(name) == mark)
        if not views:
            return cls(None, frozenset(), [])
        try:
            for name, file in record["files"].items():
                if file_sha256(item.folder / name) != file["sha256"]:
                    raise ParseError("changed since it was written", file=str(item.folder / name))
            return cls(ShardReader(item.folder, dtype), views, _rejects_by_view(item.folder / REJECTS))
        except (OSError, ParseError) as error:
            log.warning("%s is drawn anew: %s", item.folder.name, error)
            return cls(None, frozenset(), [])

    def documents(self, order: Mapping[str, int]) -> Iterator[_Placed]:
        """Yield the documents taken over, in the order of records and, within one, of the views in ``order``."""
        if self.reader is None:
            return
        places = np.array([order.get(name, -1) if name in self.views else -1 for name in self.reader.names], np.int64)
        view = places[self.reader.views] if len(places) else np.empty(0, np.int64)
        sequence = np.lexsort((view, self.reader.rows))  # stable: copies of one view stay in order
        for index in sequence[view[sequence] >= 0].tolist():
            ids, weights = self.reader.document(index)
            name = self.reader.names[int(self.reader.views[index])]
            yield _Placed(int(self.reader.rows[index]), name, EncodedDocument(ids.astype(np.int32), weights))

    def rejects(self, *, of_records: bool) -> list[dict[str, Any]]:
        """Return the refusals of these views, and with ``of_records`` those that concern whole records."""
        return [line for line in self.refused if line["view"] in self.views or (of_records and not line["view"])]


def _rejects_by_view(path: Path) -> list[dict[str, Any]]:
    """Read the refusals of a shard; ParseError where they do not say which view and row they concern."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if not all({"view", "row"} <= line.keys() for line in lines):
        raise ParseError("its refusals are not told by view", file=str(path))
    return lines


def shard_fingerprint(tokens: TokenisedSlice, marks: Mapping[str, str]) -> str:
    """Return the hash of everything a shard depends on: its records, and the views in their order."""
    return fingerprint(tokens.fingerprint, [list(pair) for pair in marks.items()])
