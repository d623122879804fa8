"""The default automaton: the table of a grammar, laid over the ids of a vocabulary.

Legend of shapes: R rows, N ids inside the segment, C token classes, S grammar states, L the largest length, n ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.closing import FAR, DistanceTable
from biomatrix.entities.grammar import Grammar
from biomatrix.errors import ConfigurationError

_DONE: Final = -1


class TableAutomaton:
    """The automaton of a grammar.

    A row's state is (grammar state or -1 once it has ended, tokens still to count or -1, tokens left to write).

    Parameters
    ----------
    name : str
        The modality, for messages.
    start_id, end_id : int
        The control pair.
    ids : ndarray, shape=(N,), dtype=int64
        Every id that may stand inside the segment, ascending.
    classes : ndarray, shape=(N,), dtype=integer
        The column of ``grammar.transitions`` each id belongs to.
    grammar : Grammar
        States, transitions, and which classes count towards a length.
    """

    def __init__(
        self,
        name: str,
        start_id: int,
        end_id: int,
        ids: NDArray[np.int64],
        classes: NDArray[np.integer],
        grammar: Grammar,
    ) -> None:
        self.start_id, self.end_id = start_id, end_id
        self.ids: NDArray[np.int64] = np.union1d(ids, [end_id]).astype(np.int64)
        self._name = name
        self._grammar = grammar
        self._end_class = len(grammar.counted)
        self._classes = np.full(len(self.ids), self._end_class, dtype=np.int64)
        self._classes[np.searchsorted(self.ids, ids)] = classes
        present = np.bincount(classes, minlength=self._end_class) > 0
        self._transitions = np.where(present[None, :], grammar.transitions, -1).astype(np.int64)
        self._distances = DistanceTable(self._transitions, grammar.accepting, grammar.counted)
        self._ranges: dict[bytes, Ranges] = {}

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [3]``; ConfigurationError where no segment fits the bounds."""
        name, length = self._name, exact_length(bounds)
        if length is not None and not self._grammar.counted.any():
            raise ConfigurationError(
                f"{name} has no exact length: it is spelled in pieces of text; leave length out, or ask for a "
                "modality that counts"
            )
        if length is not None and length < 0:
            raise ConfigurationError(f"length {length} is not a length {name} can have")
        distances = self._distances.free if length is None else self._distances.exact(length)[length]
        distance = int(distances[self._grammar.start])
        if distance >= FAR and length is None:
            raise ConfigurationError(f"the vocabulary holds too few tokens of {name} for a whole segment")
        if distance >= FAR:
            raise ConfigurationError(f"no {name} segment has length {length}; ask for a length of at least 1")
        if distance + 1 > bounds.budget:
            raise ConfigurationError(
                f"{name} needs at least {distance + 1} tokens, but only {bounds.budget} may be written; ask "
                "for a shorter answer, or allow more (max_new_tokens)"
            )
        return np.array([self._grammar.start, -1 if length is None else length, bounds.budget], dtype=np.int64)

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        state, remaining, budget = states.T
        running = state != _DONE
        following = self._transitions[state]
        left = np.where(remaining[:, None] < 0, -1, remaining[:, None] - self._grammar.counted)
        overshot = (remaining[:, None] >= 0) & (left < 0)
        cost = np.where(overshot, FAR, self._distances.at(following, left))
        fits = (following >= 0) & (cost + 2 <= budget[:, None])
        ends = self._grammar.accepting[state] & (remaining <= 0)
        rows = np.concatenate([fits, ends[:, None]], axis=1) & running[:, None]
        return [self._ranges_of(row) for row in rows]

    def _ranges_of(self, classes: NDArray[np.bool_]) -> Ranges:
        """Return the ids of a set of classes, ``bool [C + 1]``: for equal sets the same object."""
        key = classes.tobytes()
        ranges = self._ranges.get(key)
        if ranges is None:
            ranges = self._ranges[key] = ranges_of(self.ids[classes[self._classes]])
        return ranges

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, 3]``, after one allowed id per row, ``int64 [R]``."""
        state, remaining, budget = states.T
        columns = self._classes[np.searchsorted(self.ids, ids)]
        ended = columns == self._end_class
        classes = np.where(ended, 0, columns)
        following = np.where(ended, _DONE, self._transitions[state, classes])
        counts = self._grammar.counted[classes] & ~ended & (remaining > 0)
        return np.stack([following, remaining - counts, budget - 1], axis=1)

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        rows: NDArray[np.bool_] = states[:, 0] == _DONE
        return rows

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens, the end token among them, that finish each row, ``int64 [R]``."""
        state, remaining, _ = states.T
        distance = self._distances.at(state[:, None], remaining[:, None])[:, 0]
        return np.where(state == _DONE, 0, distance + 1)


def exact_length(bounds: Bounds) -> int | None:
    """Return the one length the bounds allow; ConfigurationError where they leave a choice."""
    if bounds.range is None:
        return None
    least, most = bounds.range
    if least != most:
        raise ConfigurationError(f"a length is one number here, not {least} to {most}")
    return least


def ranges_of(ids: NDArray[np.int64]) -> Ranges:
    """Return ascending ids as half-open ranges, ``int64 [n, 2]``.

    Examples
    --------
    >>> ranges_of(np.array([3, 4, 5, 9])).tolist()
    [[3, 6], [9, 10]]
    """
    breaks = np.flatnonzero(np.diff(ids) > 1)
    starts = ids[np.concatenate([[0], breaks + 1])] if len(ids) else ids
    stops = ids[np.concatenate([breaks, [-1]])] + 1 if len(ids) else ids
    return np.stack([starts, stops], axis=1).astype(np.int64)
