"""The documents of a corpus by view or by source: how many there are of each, and which the n-th of them is.

Documents stand in shards, and a shard says of each what it is. Only counts by shard and group are kept, so memory does
not grow with the documents; the shards asked about are read again.

Legend of shapes: S stretches (shards), G groups, D documents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.shards import TokenShards
from biomatrix.corpus.slices import DONE, read_done
from biomatrix.errors import ConfigurationError

GroupedBy = Literal["view", "source"]
Numbers = NDArray[np.int64]
Labels = Callable[[int], NDArray[Any]]


class DocumentGroups:
    """Documents by group.

    Parameters
    ----------
    names : sequence of str
        The groups.
    sizes : sequence of int
        The documents of each stretch, in order.
    labels : callable
        Gives the group of each document of a stretch, by the stretch's number, ``int [n]``.
    lengths : ndarray, shape=(D,), dtype=int
        Tokens of every document; they may be mapped from disk.

    Attributes
    ----------
    documents : ndarray, shape=(G,), dtype=int64
        The documents of each group.
    tokens : ndarray, shape=(G,), dtype=int64
        The tokens of each group that can be predicted: all of a document but its first.
    """

    def __init__(self, names: Sequence[str], sizes: Sequence[int], labels: Labels, lengths: NDArray[Any]) -> None:
        self.names, self._labels = tuple(names), labels
        self._first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        counts = np.zeros((len(sizes) + 1, len(self.names)), dtype=np.int64)
        self.tokens = np.zeros(len(self.names), dtype=np.int64)
        for number in range(len(sizes)):
            found = labels(number)
            predicted = np.maximum(lengths[self._first[number] : self._first[number + 1]].astype(np.int64) - 1, 0)
            counts[number + 1] = np.bincount(found, minlength=len(self.names))
            # float64 holds whole numbers up to 2**53 exactly, and a shard has fewer tokens than that.
            sums = np.bincount(found, weights=predicted, minlength=len(self.names))
            self.tokens += sums.astype(np.int64)
        self._before = np.cumsum(counts, axis=0)
        self.documents = self._before[-1]

    def numbers(self, group: int, places: Numbers) -> Numbers:
        """Return the number in the corpus of a group's documents, by their places among it, ``int64 [n]``.

        Parameters
        ----------
        group : int
            An index into ``names``.
        places : ndarray, shape=(n,), dtype=int64
            From 0 to the group's documents, in any order.
        """
        before = self._before[:, group]
        stretches = np.searchsorted(before, places, side="right") - 1
        found = np.empty(len(places), dtype=np.int64)
        for stretch in np.unique(stretches).tolist():
            asked = stretches == stretch
            members = np.flatnonzero(self._labels(stretch) == group)
            found[asked] = self._first[stretch] + members[places[asked] - before[stretch]]
        return found


def document_groups(corpus: TokenShards, by: GroupedBy) -> DocumentGroups:
    """Return the documents of a corpus by their view (or task), or by the source of their records.

    Parameters
    ----------
    corpus : TokenShards
    by : {"view", "source"}

    Raises
    ------
    ConfigurationError
        A shard does not say which source it is of.
    """
    sizes = [size for _, size in corpus.shard_sizes]
    if by == "view":
        return DocumentGroups(corpus.view_names, sizes, corpus.shard_views, corpus.lengths)
    sources = [_source(corpus.folder / name) for name, _ in corpus.shard_sizes]
    names = list(dict.fromkeys(sources))
    numbers = [names.index(source) for source in sources]

    def labels(stretch: int) -> NDArray[Any]:
        return np.full(sizes[stretch], numbers[stretch], dtype=np.int64)

    return DocumentGroups(names, sizes, labels, corpus.lengths)


def _source(shard: Path) -> str:
    source = (read_done(shard) or {}).get("source")
    if not isinstance(source, str):
        raise ConfigurationError(
            f'no {DONE} that names its source: mix by "view", or build the corpus again', file=str(shard)
        )
    return source
