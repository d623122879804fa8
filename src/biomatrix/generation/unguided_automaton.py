"""The guide that guides nothing: every token of the vocabulary may come, up to one that ends the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.table_automaton import ranges_of
from biomatrix.vocabulary.vocabulary import Vocabulary

_NOTHING: Final[Ranges] = np.empty((0, 2), dtype=np.int64)


class UnguidedAutomaton:
    """Allows every token until one of those that end the answer. A row's state is 1 once it has ended, else 0.

    Parameters
    ----------
    ids : ndarray, shape=(n,), dtype=int64
        Every id that is a token, ascending; rows of the embedding without a token are not among them.
    stop_ids : sequence of int
        The tokens that end an answer.
    """

    def __init__(self, ids: NDArray[np.int64], stop_ids: Sequence[int]) -> None:
        self.ids = ids
        self._ranges = ranges_of(ids)
        self._stops = np.array(list(stop_ids), dtype=np.int64)

    @classmethod
    def from_vocabulary(cls, vocabulary: Vocabulary, outputs: Sequence[str]) -> UnguidedAutomaton:
        """Return the guide of answers in some modalities, which end with the last one's end token, or as text does."""
        ends = [vocabulary.end_id(outputs[-1])] if outputs else []
        return cls(np.flatnonzero(vocabulary.mask()), [*ends, *vocabulary.ending_ids])

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [1]``; a length is not kept."""
        return np.zeros(1, dtype=np.int64)

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next: all, or none once it has ended."""
        return [_NOTHING if ended else self._ranges for ended in states[:, 0].tolist()]

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, 1]``, after one id per row, ``int64 [R]``."""
        return np.maximum(states, np.isin(ids, self._stops)[:, None].astype(np.int64))

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written a token that ends the answer, ``bool [R]``."""
        rows: NDArray[np.bool_] = states[:, 0] == 1
        return rows
