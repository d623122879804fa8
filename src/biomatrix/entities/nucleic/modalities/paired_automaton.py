"""Balanced brackets over known bases: only those that can pair, each with a base reserved to close it.

Whether all brackets of several levels can still be closed is hard to know, so each one that opens is given a base
behind it to close it: the last that can pair with it, is nobody else's, and lies before that of the bracket around it.
What remains reserved can always be written, so no choice leads nowhere; of one level nothing is forbidden that could be
closed.

Legend of shapes: R rows, L bases, K levels, A = 2 K + 1 tokens (the dot, opening brackets, closing brackets), n ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.nucleic.bases import LETTERS
from biomatrix.entities.nucleic.modalities.pairing import pairing_table
from biomatrix.entities.nucleic.modalities.pairs_automaton import PairsAutomaton
from biomatrix.errors import ConfigurationError

_DONE, _NONE = -1, -1
_FREE, _RESERVED = 0, -1
_BITS: Final = 32
"""A base that an open bracket stands at holds the base reserved for its partner and, in the lower bits, one more than
the place of the bracket around it."""


class PairedAutomaton:
    """Guides a segment of base pairs beside a sequence.

    A row's state is (bases written or -1 once it has ended; of each level the place of the last open bracket or -1; of
    each base whether it is free, reserved, or what the bracket there holds).

    Parameters
    ----------
    free : PairsAutomaton
        The same brackets without a sequence.
    sequence : str
        The bases, letters of RNA.
    """

    def __init__(self, free: PairsAutomaton, sequence: str) -> None:
        self.start_id, self.end_id, self.ids = free.start_id, free.end_id, free.ids
        self._free, self._length = free, len(sequence)
        self._loop, self._levels = free.loop, len(free.brackets)
        self._tops, self._slots = slice(1, 1 + self._levels), slice(1 + self._levels, None)
        self._codes = np.array([LETTERS["rna"].index(letter) for letter in sequence], dtype=np.int64)
        self._fits = pairing_table()[:, self._codes]
        places = np.where(self._fits, np.arange(self._length), _NONE)
        # Of each letter, by place: the last base before it that the letter may pair with.
        self._before = np.pad(np.maximum.accumulate(places, axis=1), ((0, 0), (1, 0)), constant_values=_NONE)

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [1 + K + L]``; ConfigurationError where bounds do not fit the bases."""
        if bounds.range is not None and not bounds.range[0] <= self._length <= bounds.range[1]:
            raise ConfigurationError(f"base pairs of {self._length:,} bases have that length; ask for no other")
        if self._length + 1 > bounds.budget:
            raise ConfigurationError(
                f"base pairs of {self._length:,} bases need {self._length + 1:,} tokens, but only {bounds.budget:,} "
                "may be written; allow more (max_new_tokens)"
            )
        state = np.full(1 + self._levels + self._length, _FREE, dtype=np.int64)
        state[self._tops] = _NONE
        return state

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        place, tops, slots = states[:, :1], states[:, self._tops], states[:, self._slots]
        rows = np.arange(len(states))[:, None]
        codes = self._codes[np.clip(place, 0, self._length - 1)]
        is_open = tops != _NONE
        until = np.where(is_open, slots[rows, tops] >> _BITS, self._length)
        due = until == place
        may_come = np.ones((len(states), 2 * self._levels + 2), dtype=np.bool_)
        opening, closing = may_come[:, 1 : 1 + self._levels], may_come[:, 1 + self._levels : -1]
        np.greater(self._partners(slots, rows, place, codes, until), _NONE, out=opening)
        np.logical_and(is_open & self._fits[codes, tops], tops < place - self._loop, out=closing)
        is_due = due.any(axis=1)
        may_come[is_due] = False
        closing[is_due] = due[is_due]
        may_come[:, -1] = place[:, 0] == self._length
        may_come[(place[:, 0] < 0) | may_come[:, -1], :-1] = False
        return self._free.ranges(may_come)

    def _partners(
        self,
        slots: NDArray[np.int64],
        rows: NDArray[np.int64],
        place: NDArray[np.int64],
        codes: NDArray[np.int64],
        until: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """Return the base to reserve for a bracket that opens at a place, before another that is; -1 where none is."""
        found = self._before[codes, until]
        while True:
            is_near = found <= place + self._loop
            taken = (slots[rows, found] == _RESERVED) & ~is_near
            if not taken.any():
                return np.where(is_near, _NONE, found)
            found = np.where(taken, self._before[codes, found], found)

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, 1 + K + L]``, after one allowed id per row, ``int64 [R]``."""
        following: States = states.copy()
        tops, slots = following[:, self._tops], following[:, self._slots]
        following[:, 0] = np.where(ids == self.end_id, _DONE, states[:, 0] + 1)
        steps, levels = self._free.steps(ids)
        rows = np.flatnonzero(steps > 0)
        place, level = states[rows, 0], levels[rows]
        around = tops[rows, level]
        until = np.where(around == _NONE, self._length, slots[rows, around] >> _BITS)
        partner = self._partners(slots, rows, place, self._codes[place], until)
        slots[rows, partner] = _RESERVED
        slots[rows, place] = (partner << _BITS) + around + 1
        tops[rows, level] = place
        rows = np.flatnonzero(steps < 0)
        level = levels[rows]
        closed = tops[rows, level]
        held = slots[rows, closed]
        slots[rows, held >> _BITS] = slots[rows, closed] = _FREE
        tops[rows, level] = (held & ((1 << _BITS) - 1)) - 1
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        rows: NDArray[np.bool_] = states[:, 0] == _DONE
        return rows

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the tokens, the end token among them, that finish each row, ``int64 [R]``: all bases are written."""
        return np.where(states[:, 0] == _DONE, 0, self._length - states[:, 0] + 1)
