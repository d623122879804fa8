"""Balanced brackets of several levels: which may come next so that all are closed, far enough apart, and in time.

A bracket is closed by the last one open of its level, so that of each level two numbers are enough: how many are open,
and how many bases must still be written before the last of them may be closed. Those below it have waited longer.

Legend of shapes: R rows, K levels, A = 2 K + 1 tokens (the dot, opening brackets, closing brackets), n ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.table_automaton import ascending, in_words, ranges_of
from biomatrix.errors import ConfigurationError

_STATUS, _LEAST, _MOST, _BUDGET, _HEAD = range(5)
"""Columns of a state: whether anything is written, or all; the least and the most bases to come, -1 for any number;
tokens left to write. Behind them, for each level, how many brackets are open and how long the last one must wait."""
_EMPTY, _WRITING, _DONE = 0, 1, -1
_NAME: Final = "rna_pairs"


class PairsAutomaton:
    """Guides a segment of base pairs; a length is exact, and a segment always closes within its budget.

    Parameters
    ----------
    start_id, end_id : int
        The control pair.
    dot_id : int
        An unpaired base.
    brackets : ndarray, shape=(K, 2), dtype=int64
        Of each level, the ids that open and close.
    loop : int
        The fewest bases between two that pair.
    """

    def __init__(self, start_id: int, end_id: int, dot_id: int, brackets: NDArray[np.int64], loop: int) -> None:
        self.start_id, self.end_id = start_id, end_id
        self.brackets, self.loop = brackets, loop
        self.tokens: NDArray[np.int64] = np.concatenate([[dot_id], brackets[:, 0], brackets[:, 1]]).astype(np.int64)
        """The ids of the A tokens: the dot, then what opens, then what closes, by level."""
        self.ids: NDArray[np.int64] = ascending(self.tokens, [end_id])
        self._levels = levels = len(brackets)
        self._first = int(self.ids[0])
        self._number = np.full(int(self.ids[-1]) + 1 - self._first, len(self.tokens), dtype=np.int64)
        self._number[self.tokens - self._first] = np.arange(len(self.tokens))
        self._change = np.zeros((len(self.tokens) + 1, levels), dtype=np.int64)
        """What each token, and the end, adds to the open brackets of each level."""
        self._change[1 : levels + 1] = np.eye(levels, dtype=np.int64)
        self._change[levels + 1 : -1] = -np.eye(levels, dtype=np.int64)
        self._opens = self._change > 0
        self._opening, self._closing = slice(1, 1 + levels), slice(1 + levels, 1 + 2 * levels)
        self._known: dict[bytes, Ranges] = {}

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [4 + 2 K]``; ConfigurationError where no segment fits the bounds."""
        least, most = (0, -1) if bounds.range is None else bounds.range
        if bounds.range is not None and most < max(least, 1):
            raise ConfigurationError(
                f"no {_NAME} segment has length {in_words(bounds)}; ask for a length of at least 1"
            )
        needed = max(least, 1) + 1
        if needed > bounds.budget:
            raise ConfigurationError(
                f"{_NAME} needs at least {needed} tokens, but only {bounds.budget} may be written; ask for a shorter "
                "answer, or allow more (max_new_tokens)"
            )
        state = np.zeros(_HEAD + 2 * self._levels, dtype=np.int64)
        state[:_HEAD] = _EMPTY, max(least, 0), -1 if most >= bounds.budget else most, bounds.budget
        return state

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        opened, waits = self._stacks(states)
        room = np.where(states[:, _STATUS] == _DONE, -1, self._room(states) - 1)
        total = opened.sum(axis=1)
        if (room > total + self.loop).all():  # for one bracket more, however long the last ones must wait
            fits = np.ones((len(states), len(self.tokens) + 1), dtype=np.bool_)
        else:
            fits = self._fitting(opened, waits, room)
        fits[:, self._closing] &= (opened > 0) & (waits == 0)
        fits[:, -1] = (total + states[:, _LEAST] == 0) & (states[:, _STATUS] == _WRITING)
        packed = np.packbits(fits, axis=1)
        keys: list[bytes] = packed.view(f"V{packed.shape[1]}")[:, 0].tolist()
        return [self._known[key] if key in self._known else self._ranges_of(key) for key in keys]

    def _fitting(
        self, opened: NDArray[np.int64], waits: NDArray[np.int64], room: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Return which tokens leave no more to be closed than there is room for behind them, ``bool [R, A + 1]``."""
        now = self._by_wait(opened, waits)
        later = [now[0] + now[1], *now[2:], np.zeros_like(now[0])] if self.loop else list(now)
        fits = np.zeros((len(opened), len(self.tokens) + 1), dtype=np.bool_)
        fits[:, 0] = _bases_to_close(later) <= room
        moved = np.maximum(waits - 1, 0)
        each = [count[:, None] - np.where(moved == wait, opened, 0) for wait, count in enumerate(later)]
        each[-1] += opened + 1
        fits[:, self._opening] = _bases_to_close(each) <= room[:, None]
        closes = _bases_to_close([later[0] - 1, *later[1:]]) <= room
        fits[:, self._closing] = closes[:, None]
        return fits

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, 4 + 2 K]``, after one allowed id per row, ``int64 [R]``."""
        numbers = self._number[ids - self._first]
        following: States = states.copy()
        opened, waits = self._stacks(following)
        opened += self._change[numbers]
        waits[:] = np.where(self._opens[numbers], self.loop, np.maximum(waits - 1, 0))
        following[:, _LEAST] = np.maximum(following[:, _LEAST] - 1, 0)
        following[:, _MOST] = np.where(following[:, _MOST] > 0, following[:, _MOST] - 1, following[:, _MOST])
        following[:, _BUDGET] -= 1
        following[:, _STATUS] = np.where(ids == self.end_id, _DONE, _WRITING)
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        rows: NDArray[np.bool_] = states[:, _STATUS] == _DONE
        return rows

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens, the end token among them, that finish each row, ``int64 [R]``."""
        needed = np.maximum(_bases_to_close(self._by_wait(*self._stacks(states))), states[:, _LEAST])
        needed = np.maximum(needed, states[:, _STATUS] == _EMPTY)
        return np.where(states[:, _STATUS] == _DONE, 0, needed + 1)

    def ranges(self, may_come: Sequence[bool]) -> Ranges:
        """Return the ids of some of the A tokens, and last of the end: for equal sets the same object."""
        key = np.packbits(np.array(may_come, dtype=np.bool_)).tobytes()
        return self._known[key] if key in self._known else self._ranges_of(key)

    def _stacks(self, states: States) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return views of the open brackets and of what their last ones must wait, ``int64 [R, K]`` each."""
        return states[:, _HEAD : _HEAD + self._levels], states[:, _HEAD + self._levels :]

    def _room(self, states: States) -> NDArray[np.int64]:
        """Return the most bases that may come, ``int64 [R]``."""
        budget, most = states[:, _BUDGET] - 1, states[:, _MOST]
        return np.where(most < 0, budget, np.minimum(budget, most))

    def _by_wait(self, opened: NDArray[np.int64], waits: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Return how many open brackets may be closed at once, after one base, two, ...: ``int64 [R]`` each."""
        rows, classes = len(opened), self.loop + 1
        places = waits + classes * np.arange(rows)[:, None]
        counts = np.bincount(places.ravel(), opened.ravel(), rows * classes).astype(np.int64)
        return list(counts.reshape(rows, classes).T)

    def _ranges_of(self, key: bytes) -> Ranges:
        members = np.unpackbits(np.frombuffer(key, dtype=np.uint8), count=len(self.tokens) + 1).astype(bool)
        ids = self.tokens[members[:-1]]
        self._known[key] = ranges_of(ascending(ids, [self.end_id] if members[-1] else []))
        return self._known[key]


def _bases_to_close(by_wait: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the fewest bases that close all brackets, by how long those of each part must wait: ``int64 [...]``.

    One bracket closes at a base. Those that may be closed at once come first, and what still has to wait may have
    waited enough by then.
    """
    needed = by_wait[0]
    for wait, more in enumerate(by_wait[1:], start=1):
        needed = np.where(more > 0, np.maximum(needed, wait) + more, needed)
    return needed
