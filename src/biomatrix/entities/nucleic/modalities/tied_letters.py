"""The automaton of RNA whose base pairs are known: letters that are paired must be able to pair.

Every letter of a whole alphabet has a partner, so that no choice at the 5' base of a pair leads nowhere. A row keeps
the letters of the pairs that are open, each in a register that is free again once the pair is closed.

Legend of shapes: R rows, P registers, C classes of letters, n ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.nucleic.pairing import pairing_table
from biomatrix.entities.table_automaton import TableAutomaton, ranges_of
from biomatrix.errors import ConfigurationError

_INNER: Final = 4
_PLACE, _REGISTERS = _INNER, _INNER + 1
"""Columns of a state: the table's, the number of bases written, and a letter's class in each register."""
_NONE: Final = -1


class TiedLetters:
    """A table over letters of RNA, with base pairs between places.

    Parameters
    ----------
    table : TableAutomaton
        One class a letter, in the order of ``LETTERS["rna"]``.
    pairs : sequence of (int, int)
        The smaller index first, sorted.
    length : int
        The number of bases.
    """

    def __init__(self, table: TableAutomaton, pairs: Sequence[tuple[int, int]], length: int) -> None:
        self.start_id, self.end_id, self.ids = table.start_id, table.end_id, table.ids
        self._table, self._length = table, length
        letters = self.ids[self.ids != self.end_id]
        classes = table.classes_of(letters)
        fits: NDArray[np.bool_] = pairing_table()
        held = np.isin(np.arange(len(fits)), classes)
        has_partner = np.asarray(fits[:, held].any(axis=1))
        if not has_partner[classes].any():
            raise ConfigurationError("the vocabulary holds no two letters of RNA that pair")
        self._beside = [ranges_of(letters[row[classes]]) for row in fits]
        self._any = ranges_of(letters[has_partner[classes]])
        self._opens, self._closes = (np.full(length + 1, _NONE) for _ in range(2))
        self._registers = 0
        free: list[int] = []
        starts, ends = dict(pairs), {second: first for first, second in pairs}
        for place in range(length):
            if place in starts:
                self._opens[place] = free.pop() if free else self._registers
                self._registers = max(self._registers, int(self._opens[place]) + 1)
            elif place in ends:
                self._closes[place] = self._opens[ends[place]]
                free.append(int(self._closes[place]))

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [5 + P]``; ConfigurationError for a length that is not the pairs'."""
        if bounds.range is not None and not bounds.range[0] <= self._length <= bounds.range[1]:
            raise ConfigurationError(f"the base pairs are those of {self._length:,} bases; ask for that length")
        state = np.full(_REGISTERS + self._registers, _NONE, dtype=np.int64)
        state[:_INNER] = self._table.start(Bounds(bounds.budget, self._length))
        state[_PLACE] = 0
        return state

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        ranges = list(self._table.allowed(states[:, :_INNER]))
        places = states[:, _PLACE]
        for row in np.flatnonzero(self._opens[places] != _NONE).tolist():
            ranges[row] = self._any
        for row in np.flatnonzero(self._closes[places] != _NONE).tolist():
            ranges[row] = self._beside[states[row, _REGISTERS + self._closes[places[row]]]]
        return ranges

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, 5 + P]``, after one allowed id per row, ``int64 [R]``."""
        following: States = states.copy()
        following[:, :_INNER] = self._table.advance(states[:, :_INNER], ids)
        places = states[:, _PLACE]
        opened = np.flatnonzero(self._opens[places] != _NONE)
        following[opened, _REGISTERS + self._opens[places[opened]]] = self._table.classes_of(ids[opened])
        following[:, _PLACE] = np.minimum(places + 1, self._length)
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        return self._table.finished(states[:, :_INNER])

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens, the end token among them, that finish each row, ``int64 [R]``."""
        return self._table.tokens_to_close(states[:, :_INNER])
