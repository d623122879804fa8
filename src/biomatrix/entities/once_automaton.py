"""The automaton of a grammar whose counted tokens come once: the table, and what each row has spent.

What is spent is kept as bits, one for each id that may come once, so that a state is numbers like any other. That the
supply runs out is told to the table as a bound on the tokens still to be counted: exact, since what comes once is what
counts.

Legend of shapes: R rows, N ids that come once, W words of 64 bits, n ranges or pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.closing import FAR
from biomatrix.entities.table_automaton import TableAutomaton, in_words
from biomatrix.errors import ConfigurationError

_LEAST, _MOST, _BUDGET, _UNSPENT, _WORDS = 1, 2, 3, 4, 5
"""Columns of a state: the first four are the table's; then the ids that are not spent yet, and the bits."""
_BITS: Final = 64
_FREE: Final = -1
_ONE: Final = np.uint64(1)


class OnceAutomaton:
    """A table whose counted ids come at most once in a segment.

    A row's state is that of the table, the number of ids not spent, and W words of bits.

    Parameters
    ----------
    table : TableAutomaton
        Of a grammar that says ``once``.
    once : ndarray, shape=(N,), dtype=int64
        The ids that come once: all that the table counts, ascending.
    """

    def __init__(self, table: TableAutomaton, once: NDArray[np.int64]) -> None:
        self.start_id, self.end_id, self.ids = table.start_id, table.end_id, table.ids
        self._table = table
        self._once = once
        self._first = int(table.ids[0])
        self._bit_of = np.full(int(table.ids[-1]) + 1 - self._first, -1, dtype=np.int64)
        self._bit_of[once - self._first] = np.arange(len(once))
        self._words = -(-len(once) // _BITS)
        # The shortest way to an end counts no more than is asked for and one for each state that it passes.
        self._slack = table.num_states
        self._may_follow = table.may_follow(once)

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [5 + W]``; ConfigurationError where no segment fits the bounds."""
        name, supply = self._table.name, len(self._once)
        if bounds.range is not None and bounds.range[0] > supply:
            raise ConfigurationError(
                f"{name} of length {in_words(bounds)} needs as many different tokens; the vocabulary holds {supply:,}"
            )
        state = np.zeros(_WORDS + self._words, dtype=np.int64)
        state[:_UNSPENT] = self._table.start(bounds)
        state[_UNSPENT] = supply
        needed = int(self.tokens_to_close(state[None])[0])
        if needed > FAR:
            raise ConfigurationError(f"the vocabulary holds too few tokens of {name} for a whole segment")
        if needed > bounds.budget:
            raise ConfigurationError(
                f"{name} needs at least {needed} tokens, but only {bounds.budget} may be written; ask for a shorter "
                "answer, or allow more (max_new_tokens)"
            )
        return state

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        ranges = list(self.unless_spent(states))
        rows, ids = self.spent(states)
        order = np.lexsort((ids, rows))
        edges = np.searchsorted(rows[order], np.arange(len(states) + 1))
        for row in np.flatnonzero(np.diff(edges)).tolist():
            ranges[row] = without(ranges[row], ids[order[edges[row] : edges[row + 1]]])
        return ranges

    def unless_spent(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come unless it has spent them; equal sets are one object."""
        return self._table.allowed(self._supplied(states))

    def spent(self, states: States) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return rows and ids, ``int64 [n]`` each, that are spent where one that comes once may come."""
        at = np.flatnonzero(self._may_follow[states[:, 0]])
        words = states[:, _WORDS:] if len(at) == len(states) else states[at, _WORDS:]
        is_held = words != 0
        held_at = np.flatnonzero(is_held)  # far quicker than nonzero of two axes
        rows = np.repeat(np.arange(len(at)), np.count_nonzero(is_held, axis=1))
        columns = held_at - rows * self._words
        held = words[rows, columns].view(np.uint64)
        places, firsts = at[rows], columns * _BITS
        found: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        while len(held):  # one bit of each word at a time: few words have several
            rest = held & (held - _ONE)
            found.append((places, self._once[firsts + np.bitwise_count((held ^ rest) - _ONE)]))
            more = np.flatnonzero(rest)
            held, places, firsts = rest[more], places[more], firsts[more]
        if not found:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        every_row, ids = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return every_row, ids

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, 5 + W]``, after one allowed id per row, ``int64 [R]``."""
        following: States = states.copy()
        following[:, :_UNSPENT] = self._table.advance(states[:, :_UNSPENT], ids)
        bits = self._bit_of[ids - self._first]
        rows = np.flatnonzero(bits >= 0)
        bits = bits[rows]
        following[rows, _WORDS + bits // _BITS] |= np.left_shift(np.int64(1), bits % _BITS)
        following[rows, _UNSPENT] -= 1
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        return self._table.finished(states)

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens, the end token among them, that finish each row, ``int64 [R]``."""
        return self._table.tokens_to_close(self._supplied(states))

    def _supplied(self, states: States) -> States:
        """Return the states of the table, ``int64 [R, 4]``, bounded by what is left to write where that matters."""
        inner = states[:, :_UNSPENT]
        least, most, unspent = states[:, _LEAST], states[:, _MOST], states[:, _UNSPENT]
        scarce = unspent < np.maximum(least + self._slack, most)
        if scarce.any():
            inner = inner.copy()
            inner[scarce, _MOST] = np.where(most == _FREE, unspent, np.minimum(most, unspent))[scarce]
        return inner


def without(ranges: Ranges, ids: NDArray[np.int64]) -> Ranges:
    """Return ascending ranges, ``int64 [n, 2]``, without some of the ids inside them, ``int64 [n]``, ascending.

    Examples
    --------
    >>> without(np.array([[3, 6], [9, 10]]), np.array([4, 9])).tolist()
    [[3, 4], [5, 6]]
    """
    starts = np.sort(np.concatenate([ranges[:, 0], ids + 1]))
    stops = np.sort(np.concatenate([ranges[:, 1], ids]))
    left = starts < stops
    return np.stack([starts[left], stops[left]], axis=1)
