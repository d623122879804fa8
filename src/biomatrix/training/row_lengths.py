"""Whether the rows of a training run hold the entities of its corpus whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.corpus.shards import TokenShards
    from biomatrix.vocabulary import Vocabulary

_TOGETHER: Final = 1 << 22
"""Lengths that are looked at together; they may be mapped from disk."""


def check_rows(corpus: TokenShards, vocabulary: Vocabulary, longest_row: int) -> None:
    """Raise ConfigurationError where documents with entities are longer than a row, which would cut the entities.

    Text may be cut into several rows; an entity is learned whole or not at all. Documents that fit are not read.

    Parameters
    ----------
    corpus : TokenShards
        The documents.
    vocabulary : Vocabulary
        Which tokens open an entity.
    longest_row : int
        The most inputs of a row; a document of one token more fits, since its last token is only predicted.
    """
    openers = [vocabulary.start_id(name) for name in vocabulary.modalities]
    cut: Counter[str] = Counter()
    longest = 0
    for index in _longer(corpus, longest_row + 1):
        shard, number = corpus.place(index)
        ids, _ = shard.document(number)
        if np.isin(ids, openers).any():
            cut[shard.names[int(shard.views[number])]] += 1
            longest = max(longest, len(ids))
    if cut:
        views = ", ".join(f"{name} {count:,}" for name, count in sorted(cut.items()))
        raise ConfigurationError(
            f"{cut.total():,} documents with molecules or proteins are longer than a row of {longest_row} and would be "
            f"cut inside them ({views}): set batches.max_length to at least {longest - 1}, or build the corpus with "
            f"max_tokens = {longest_row}",
            file=str(corpus.folder),
        )


def _longer(corpus: TokenShards, tokens: int) -> Iterator[int]:
    """Yield the numbers of the documents of more tokens."""
    for first in range(0, len(corpus), _TOGETHER):
        yield from (first + np.flatnonzero(corpus.lengths[first : first + _TOGETHER] > tokens)).tolist()
