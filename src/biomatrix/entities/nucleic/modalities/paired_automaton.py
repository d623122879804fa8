"""Balanced brackets over known bases: only those that can pair, each with a base reserved to close it.

Whether all brackets of several levels can still be closed is hard to know, so each one that opens is given a base
behind it to close it: the last that can pair with it, is nobody else's, and lies before that of the bracket around it.
What remains reserved can always be written, so no choice leads nowhere; of one level nothing is forbidden that could be
closed.

Legend of shapes: R rows, L bases, K levels, A = 2 K + 1 tokens, n ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.nucleic.bases import LETTERS
from biomatrix.entities.nucleic.modalities.pairs_automaton import PairsAutomaton
from biomatrix.entities.nucleic.pairing import pairing_table
from biomatrix.errors import ConfigurationError

_DONE: Final = -1


_Open: TypeAlias = tuple[int, int, Any]
"""An open bracket: its place, the base reserved for its partner, and the bracket around it at its level, or None."""
_Row: TypeAlias = tuple[int, tuple[_Open | None, ...], int]
"""A row: bases written (-1 once it has ended), the last open bracket of each level, reserved bases as bits."""


class PairedAutomaton:
    """Guides a segment of base pairs beside a sequence. A state is ``object [1]``.

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
        self._number = {id_: number for number, id_ in enumerate(free.tokens.tolist())}
        codes = np.array([LETTERS["rna"].index(letter) for letter in sequence], dtype=np.int64)
        fits = pairing_table()[:, codes]
        places = np.where(fits, np.arange(self._length), -1)
        last = np.maximum.accumulate(places, axis=1)
        # Of each letter, by place: the last base before it that the letter may pair with.
        self._before = np.pad(last, ((0, 0), (1, 0)), constant_values=-1).tolist()
        self._fits = fits.tolist()
        self._codes = codes.tolist()
        self._opens = [1 << 1 + level for level in range(self._levels)]
        self._closes = [1 << 1 + self._levels + level for level in range(self._levels)]
        self._known: dict[int, Ranges] = {}
        """Ranges by bits: of the A tokens, and last of the end."""
        self._end = 1 << len(free.tokens)

    def start(self, bounds: Bounds) -> States:
        """Return the state of one row, ``object [1]``; ConfigurationError where bounds do not fit the sequence."""
        if bounds.range is not None and not bounds.range[0] <= self._length <= bounds.range[1]:
            raise ConfigurationError(f"base pairs of {self._length:,} bases have that length; ask for no other")
        if self._length + 1 > bounds.budget:
            raise ConfigurationError(
                f"base pairs of {self._length:,} bases need {self._length + 1:,} tokens, but only {bounds.budget:,} "
                "may be written; allow more (max_new_tokens)"
            )
        state = np.empty(1, dtype=object)
        state[0] = 0, (None,) * self._levels, 0
        return state

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        return [self._of_row(row) for row in states[:, 0].tolist()]

    def _of_row(self, row: _Row) -> Ranges:
        place, levels, reserved = row
        if place >= self._length:
            return self._ranges(self._end)
        if place < 0:
            return np.empty((0, 2), dtype=np.int64)
        if reserved >> place & 1:
            due = [top is not None and top[1] == place for top in levels].index(True)
            return self._ranges(self._closes[due])
        before, fits, first = self._before[self._codes[place]], self._fits[self._codes[place]], place + self._loop
        bits, can_open = 1, self._partner(place, None, reserved) > 0
        for top, opens, closes in zip(levels, self._opens, self._closes, strict=True):
            if top is None:
                bits |= opens if can_open else 0
                continue
            at, until, _ = top
            partner = before[until]
            if partner > first and (not reserved >> partner & 1 or self._partner(place, top, reserved) > 0):
                bits |= opens
            if fits[at] and place - at > self._loop:
                bits |= closes
        return self._ranges(bits)

    def _ranges(self, bits: int) -> Ranges:
        found = self._known.get(bits)
        if found is None:
            may_come = np.array([[bits >> number & 1 for number in range(len(self._free.tokens) + 1)]], dtype=np.bool_)
            (found,) = self._free.ranges(may_come)
            self._known[bits] = found
        return found

    def _partner(self, place: int, around: _Open | None, reserved: int) -> int:
        """Return the base that may be reserved for a bracket that opens here inside another; -1 where there is none."""
        before = self._before[self._codes[place]]
        found: int = before[self._length if around is None else around[1]]
        while found > place + self._loop and reserved >> found & 1:
            found = before[found]
        return found if found > place + self._loop else -1

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``object [R, 1]``, after one allowed id per row, ``int64 [R]``."""
        following = np.empty_like(states)
        for number, (row, id_) in enumerate(zip(states[:, 0].tolist(), ids.tolist(), strict=True)):
            following[number, 0] = self._after(row, id_)
        return following

    def _after(self, row: _Row, id_: int) -> _Row:
        if id_ == self.end_id:
            return _DONE, (), 0
        number, (place, levels, reserved) = self._number[id_], row
        if number == 0:
            return place + 1, levels, reserved
        level = (number - 1) % self._levels
        top = levels[level]
        if number <= self._levels:
            partner = self._partner(place, top, reserved)
            new: _Open | None = place, partner, top
            reserved |= 1 << partner
        else:
            assert top is not None  # what was allowed closes one
            new = top[2]
            reserved ^= 1 << top[1]
        return place + 1, (*levels[:level], new, *levels[level + 1 :]), reserved

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        return np.array([row[0] < 0 for row in states[:, 0].tolist()], dtype=np.bool_)

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the tokens, the end token among them, that finish each row, ``int64 [R]``: all bases are written."""
        left = [0 if row[0] < 0 else self._length - row[0] + 1 for row in states[:, 0].tolist()]
        return np.array(left, dtype=np.int64)
