"""The automaton of a segment that is given: each of its tokens in turn, and no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.errors import ConfigurationError

_NOTHING: Final[Ranges] = np.empty((0, 2), dtype=np.int64)


class FixedSegment:
    """Forces a segment token by token. A row's state is the number of tokens it has written.

    Parameters
    ----------
    ids : sequence of int
        The whole segment, control pair included.
    """

    def __init__(self, ids: Sequence[int]) -> None:
        self.start_id, *inside = ids
        self.end_id = inside[-1]
        self.ids: NDArray[np.int64] = np.unique(np.array(inside, dtype=np.int64))
        self._length = len(inside)
        single = {id_: np.array([[id_, id_ + 1]], dtype=np.int64) for id_ in inside}  # equal sets are one object
        self._ranges = [*(single[id_] for id_ in inside), _NOTHING]

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [1]``; ConfigurationError where the budget is too small."""
        if bounds.budget < self._length:
            raise ConfigurationError(
                f"the segment that is kept has {self._length:,} tokens, but only {bounds.budget:,} may be written; "
                "allow more (max_new_tokens)"
            )
        return np.zeros(1, dtype=np.int64)

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the one id that comes next; none once it has ended."""
        return [self._ranges[place] for place in states[:, 0].tolist()]

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, 1]``, after one id per row."""
        following: States = np.minimum(states + 1, self._length)
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        rows: NDArray[np.bool_] = states[:, 0] >= self._length
        return rows

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the tokens that remain, the end token among them, ``int64 [R]``."""
        tokens: NDArray[np.int64] = self._length - states[:, 0]
        return tokens
