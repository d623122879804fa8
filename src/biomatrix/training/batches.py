"""Documents to batches, in an order that is a function of a seed and a counter.

The only state between batches is the position, so resuming is a seek: the same seed and position give the same batches
whatever happened before. The order is computed a window of documents at a time and stored nowhere, so that memory does
not grow with the corpus.

Legend of shapes: D documents, W documents of a window, R pieces (a document or a part of a long one), B rows of a
batch, T tokens of a row.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.order import WindowedOrder
from biomatrix.corpus.packing import pack, packing_window
from biomatrix.errors import ConfigurationError
from biomatrix.training.config import BatchSection

Ids = NDArray[np.int64]
Rows = list[list[int]]
"""The rows of a batch, each the numbers of the pieces it holds, in order."""


class Documents(Protocol):
    """What training reads: documents of token ids with a loss weight for each token, by number."""

    @property
    def lengths(self) -> NDArray[Any]:
        """Tokens of each document, ``int [D]``."""
        ...

    def document(self, index: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return a document's ids ``int [n]`` and loss weights ``float32 [n]``, one per predicted token.

        Ids below 0 are read by networks whose embedding knows them; they are never predicted, whatever their weight.
        """
        ...


class DocumentOrder(Protocol):
    """Which documents stand together, a window at a time: a function of the position, with nothing kept between."""

    @property
    def windows(self) -> int:
        """Windows of one epoch."""
        ...

    def members(self, epoch: int, window: int) -> Ids:
        """Return the documents of one window, ``int64``."""
        ...

    def shuffled(self, epoch: int, window: int, count: int) -> Ids:
        """Return an order of ``count`` things that are made of a window, such as its batches, ``int64 [count]``."""
        ...


@dataclass(frozen=True)
class Batch:
    """One forward pass.

    Parameters
    ----------
    input_ids, labels, position_ids : ndarray, shape=(B, T), dtype=int64
        Tokens, the tokens that follow them, and positions counted from the start of each document.
    weights : ndarray, shape=(B, T), dtype=float32
        The weight of each label's loss; 0 on padding.
    packed : bool
        Whether rows hold several documents, so that attention needs the positions to keep them apart.
    """

    input_ids: Ids
    labels: Ids
    position_ids: Ids
    weights: NDArray[np.float32]
    packed: bool

    @property
    def num_tokens(self) -> int:
        """Labels that count."""
        return int(np.count_nonzero(self.weights))


@dataclass(frozen=True)
class Work:
    """What batches hold besides padding: tokens read, labels that count, and pairs of tokens that attend."""

    inputs: int = 0
    labels: int = 0
    pairs: int = 0

    def __add__(self, other: Work) -> Work:
        return Work(self.inputs + other.inputs, self.labels + other.labels, self.pairs + other.pairs)

    def __sub__(self, other: Work) -> Work:
        return Work(self.inputs - other.inputs, self.labels - other.labels, self.pairs - other.pairs)


@dataclass(frozen=True)
class Position:
    """Where in the order a stream stands: the next batch is number ``batch`` of window ``window``."""

    epoch: int = 0
    window: int = 0
    batch: int = 0


class Pieces:
    """Documents cut into rows of at most ``max_length`` inputs; neighbouring pieces share one token.

    A piece of n + 1 tokens trains n predictions, and the cuts lose none. A document that fits is one piece.

    Parameters
    ----------
    documents : ndarray, shape=(W,), dtype=int64
        The documents' numbers.
    lengths : ndarray, shape=(W,), dtype=int
        Tokens of each.
    max_length : int
        The most inputs of a piece.

    Attributes
    ----------
    document, start, length : ndarray, shape=(R,), dtype=int64
        The document of each piece, its first input and its number of inputs.
    """

    def __init__(self, documents: Ids, lengths: NDArray[Any], max_length: int) -> None:
        predictions = np.maximum(np.asarray(lengths, dtype=np.int64) - 1, 0)
        counts = -(-predictions // max_length)
        self.document = np.repeat(documents, counts)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        self.start = (np.arange(len(self.document)) - first) * max_length
        self.length = np.minimum(np.repeat(predictions, counts) - self.start, max_length)

    def __len__(self) -> int:
        return len(self.document)


class BatchStream:
    """An endless stream of batches over documents, sharded over processes.

    Parameters
    ----------
    documents : Documents
        What to read.
    settings : BatchSection
        Layout and sizes.
    seed : int
        Decides the order.
    pad_id : int
        Fills rows; never counts.
    rank, world : int
        The number of this process and how many there are: each takes every ``world``-th batch.
    order : DocumentOrder, optional
        Which documents are drawn; all of them once an epoch if not given.

    Raises
    ------
    ConfigurationError
        No document has two or more tokens.

    Attributes
    ----------
    work : Work
        What the batches given out so far hold, since the stream was made.
    """

    def __init__(
        self,
        documents: Documents,
        settings: BatchSection,
        *,
        seed: int,
        pad_id: int,
        rank: int = 0,
        world: int = 1,
        order: DocumentOrder | None = None,
    ) -> None:
        self.documents, self.settings, self.seed, self.pad_id = documents, settings, seed, pad_id
        self.rank, self.world = rank, world
        if not has_predictions(documents):
            raise ConfigurationError("the corpus holds no document of two or more tokens; nothing to train on")
        self.order = order or WindowedOrder(len(documents.lengths), window_size(documents.lengths, settings), seed)
        self.position = Position()
        self.work = Work()
        self._plan: tuple[int, int, Pieces, list[Rows]] | None = None

    def seek(self, position: Position) -> None:
        """Go to a position returned by ``position`` earlier, at the same seed, settings and documents."""
        self.position = position

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        """Return this process's next batch; all processes advance together."""
        shares = [self._take() for _ in range(self.world)]
        pieces, rows = shares[self.rank]
        batch = self._build(pieces, rows)
        lengths = [int(pieces.length[piece]) for row in rows for piece in row]
        self.work += Work(sum(lengths), batch.num_tokens, sum(n * (n + 1) // 2 for n in lengths))
        return batch

    def _take(self) -> tuple[Pieces, Rows]:
        pieces, plan = self._window_plan(self.position.epoch, self.position.window)
        while self.position.batch >= len(plan):
            epoch, window = self.position.epoch, self.position.window + 1
            if window >= self.order.windows:
                epoch, window = epoch + 1, 0
            self.position = Position(epoch, window, 0)
            pieces, plan = self._window_plan(epoch, window)
        rows = plan[self.position.batch]
        self.position = Position(self.position.epoch, self.position.window, self.position.batch + 1)
        return pieces, rows

    def _window_plan(self, epoch: int, window: int) -> tuple[Pieces, list[Rows]]:
        if self._plan is None or self._plan[:2] != (epoch, window):
            members = self.order.members(epoch, window)
            pieces = Pieces(members, self.documents.lengths[members], self.settings.max_length)
            plan = plan_batches(pieces.length, self.settings)
            order = self.order.shuffled(epoch, window, len(plan))
            self._plan = (epoch, window, pieces, [plan[i] for i in order])
        return self._plan[2:]

    def _build(self, pieces: Pieces, rows: Rows) -> Batch:
        longest = max(int(pieces.length[row].sum()) for row in rows)
        packed = self.settings.layout == "packed"
        width = self.settings.max_length if packed else _fit(longest, self.settings.row_lengths)
        shape = (len(rows), width)
        inputs = np.full(shape, self.pad_id, dtype=np.int64)
        labels = np.full(shape, self.pad_id, dtype=np.int64)
        positions = np.zeros(shape, dtype=np.int64)
        weights = np.zeros(shape, dtype=np.float32)
        for r, row in enumerate(rows):
            at = 0
            for piece in row:
                n, start = int(pieces.length[piece]), int(pieces.start[piece])
                ids, loss_weights = self.documents.document(int(pieces.document[piece]))
                inputs[r, at : at + n] = ids[start : start + n]
                following = ids[start + 1 : start + n + 1]
                labels[r, at : at + n] = np.where(following < 0, self.pad_id, following)
                weights[r, at : at + n] = loss_weights[start + 1 : start + n + 1] * (following >= 0)
                positions[r, at : at + n] = np.arange(n)
                at += n
            # Padding counts on from the last document, so that it never looks like many documents of one token.
            last = positions[r, at - 1] + 1
            positions[r, at:] = last + np.arange(width - at)
        return Batch(inputs, labels, positions, weights, packed)


def has_predictions(documents: Documents) -> bool:
    """Return whether a document has two or more tokens."""
    return len(documents.lengths) > 0 and int(documents.lengths.max()) >= 2


def window_size(lengths: NDArray[Any], settings: BatchSection) -> int:
    """Return how many documents are laid out together: more where they are packed and would fill few rows."""
    if settings.layout != "packed":
        return settings.window
    return packing_window(lengths, settings.max_length, settings.window)


def plan_batches(lengths: Ids, settings: BatchSection) -> list[Rows]:
    """Lay pieces out in batches of at most ``settings.tokens`` tokens, padding included.

    Parameters
    ----------
    lengths : ndarray, shape=(R,), dtype=int64
        Tokens of each piece.
    settings : BatchSection
        Layout and sizes.

    Returns
    -------
    list of list of list of int
        Batches of rows of pieces, by number; every piece is in exactly one row.
    """
    if settings.layout == "packed":
        return _chunks(pack(lengths, settings.max_length), settings.tokens // settings.max_length)
    bucket = np.searchsorted(np.asarray(settings.row_lengths), lengths)
    batches: list[Rows] = []
    waiting: Rows = []
    for b, length in enumerate(settings.row_lengths):
        # Rows that do not fill a batch move up to the next bucket, so that few odd shapes are left over.
        waiting += [[piece] for piece in np.flatnonzero(bucket == b).tolist()]
        size = settings.tokens // length
        full = len(waiting) // size * size
        batches += _chunks(waiting[:full], size)
        waiting = waiting[full:]
    return [*batches, waiting] if waiting else batches


def _chunks(rows: Rows, size: int) -> list[Rows]:
    return [rows[i : i + size] for i in range(0, len(rows), size)]


def _fit(length: int, row_lengths: Sequence[int]) -> int:
    return row_lengths[bisect_left(row_lengths, length)]
