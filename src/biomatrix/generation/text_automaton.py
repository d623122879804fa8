"""The automaton of a free answer: text, with complete segments of any modality, up to a token that ends it.

Legend of shapes: R rows, k values of the state of an open segment, n ranges.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Automaton, Bounds, Ranges, States
from biomatrix.entities.table_automaton import ascending, ranges_of
from biomatrix.errors import ConfigurationError
from biomatrix.vocabulary.vocabulary import Vocabulary

_TEXT: Final = -1
_DONE: Final = -2
_AMPLE: Final = 1 << 40
"""More tokens than any segment needs."""
_MOST_STATES: Final = 65_536
"""The most first states of segments that are remembered."""
_NOTHING: Final[Ranges] = np.empty((0, 2), dtype=np.int64)
Row: TypeAlias = tuple[int, int, tuple[Any, ...]]
"""The number of the modality that is open, or -1 in text, or -2 when finished; tokens left to write; the state of the
open segment's automaton, ``k`` values."""


class TextAutomaton:
    """Guides an answer in text; the segments it opens are guided by the automata of their modalities.

    A segment is opened only where it can still be closed and the answer ended. A row's state is one :data:`Row`: those
    of different segments are as wide as their automata like, and those of rows in text cost next to nothing.

    Parameters
    ----------
    automata : mapping of str to Automaton
        By name, for every modality that may be written.
    text_ids : ndarray, shape=(n,), dtype=int64
        The ids that may stand in text.
    stop_ids : sequence of int
        The tokens that end an answer.
    """

    def __init__(self, automata: Mapping[str, Automaton], text_ids: NDArray[np.int64], stop_ids: Sequence[int]) -> None:
        opened = _openable(automata)
        self._automata = [automaton for automaton, _, _ in opened]
        self._widths = [len(state) for _, state, _ in opened]
        self._dtypes = [state.dtype for _, state, _ in opened]
        self._needs = sorted(need for _, _, need in opened)
        text = ascending(text_ids, list(stop_ids))
        starts = np.array([automaton.start_id for automaton in self._automata], dtype=np.int64)
        self.ids: NDArray[np.int64] = ascending(text, starts, *(automaton.ids for automaton in self._automata))
        self._role = np.full(int(self.ids[-1]) + 1, _TEXT, dtype=np.int64)
        self._role[list(stop_ids)] = _DONE
        self._role[starts] = np.arange(len(starts))
        by_need = starts[np.argsort([need for _, _, need in opened], kind="stable")]
        self._first_states: dict[tuple[int, int], tuple[Any, ...]] = {}
        self._offers = [ranges_of(ascending(text, by_need[:count])) for count in range(len(starts) + 1)]

    @classmethod
    def from_vocabulary(cls, vocabulary: Vocabulary) -> TextAutomaton:
        """Return the automaton over a vocabulary: its modalities, and all text tokens but the base's special ones."""
        special = [id_ for id_, token in vocabulary.backend.get_added_tokens_decoder().items() if token.special]
        stands = vocabulary.mask()
        stands[vocabulary.new_ids] = stands[special] = False
        automata = {name: vocabulary.automaton(name) for name in vocabulary.modalities}
        return cls(automata, np.flatnonzero(stands), vocabulary.ending_ids)

    def start(self, bounds: Bounds) -> NDArray[Any]:
        """Return the state of one row, ``object [1]``; ConfigurationError where a length is asked for."""
        if bounds.length is not None:
            raise ConfigurationError("text has no exact length; ask for a modality that counts")
        state: NDArray[Any] = _column([(_TEXT, bounds.budget, ())])[0]
        return state

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ranges of ids that may come next, ``int64 [n, 2]``; none once it has ended."""
        drafts: list[Row] = states[:, 0].tolist()
        # A modality may be opened where its segment and the end of the answer fit: those that need least come first.
        offers, needs = self._offers, self._needs
        rows = [
            offers[bisect_right(needs, budget - 1)] if number == _TEXT else _NOTHING for number, budget, _ in drafts
        ]
        for number, at in _open(drafts):
            allowed = self._automata[number].allowed(self._inner(number, [drafts[row] for row in at]))
            for row, ranges in zip(at, allowed, strict=True):
                rows[row] = ranges
        return rows

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states ``object [R, 1]`` after one allowed id each, ``int64 [R]``."""
        drafts: list[Row] = states[:, 0].tolist()
        written: list[int] = ids.tolist()
        following = list(map(self._outside, drafts, self._role[ids].tolist()))
        for number, at in _open(drafts):
            automaton, chosen = self._automata[number], [written[row] for row in at]
            inner = self._inner(number, [drafts[row] for row in at])
            inner = automaton.advance(inner, np.array(chosen, dtype=np.int64))
            for row, id_, state in zip(at, chosen, inner.tolist(), strict=True):
                ends = id_ == automaton.end_id
                following[row] = (_TEXT, following[row][1], ()) if ends else (number, following[row][1], tuple(state))
        return _column(following)

    def _outside(self, draft: Row, role: int) -> Row:
        """Return a row after a token outside all segments, or one that opens a segment."""
        number, budget, _ = draft
        if role < 0 or number != _TEXT:
            return (number if number != _TEXT else role, budget - 1, ())
        if (role, budget) not in self._first_states:
            if len(self._first_states) >= _MOST_STATES:
                self._first_states.clear()
            # one token is for the start of the segment, one for the end of the answer
            self._first_states[role, budget] = tuple(self._automata[role].start(Bounds(budget - 2)).tolist())
        return (role, budget - 1, self._first_states[role, budget])

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written a token that ends the answer, ``bool [R]``."""
        return np.array([number == _DONE for number, _, _ in states[:, 0].tolist()], dtype=np.bool_)

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens that finish each row, including the one that ends the answer, ``int64 [R]``."""
        drafts: list[Row] = states[:, 0].tolist()
        tokens = np.array([int(number != _DONE) for number, _, _ in drafts], dtype=np.int64)
        for number, at in _open(drafts):
            tokens[at] += self._automata[number].tokens_to_close(self._inner(number, [drafts[row] for row in at]))
        return tokens

    def _inner(self, number: int, drafts: Sequence[Row]) -> States:
        """Return the states of the open segments of some rows, as their automaton has them."""
        width, values = self._widths[number], chain.from_iterable([state for _, _, state in drafts])
        return np.fromiter(values, self._dtypes[number], width * len(drafts)).reshape(-1, width)


def _column(drafts: Sequence[Row]) -> States:
    """Return rows as states, ``object [R, 1]``."""
    return np.fromiter(drafts, np.dtype(object), len(drafts))[:, None]


def _open(drafts: Sequence[Row]) -> list[tuple[int, list[int]]]:
    """Return, for each modality with an open segment, its number and the rows."""
    found: dict[int, list[int]] = {}
    for row, (number, _, _) in enumerate(drafts):
        if number >= 0:
            found.setdefault(number, []).append(row)
    return sorted(found.items())


def _openable(automata: Mapping[str, Automaton]) -> list[tuple[Automaton, NDArray[np.int64], int]]:
    """Return the automata that can write a whole segment, each with a first state and what a segment needs.

    A segment needs its fewest tokens, control pair included.
    """
    usable: list[tuple[Automaton, NDArray[np.int64], int]] = []
    for automaton in automata.values():
        try:
            state = automaton.start(Bounds(_AMPLE))
        except ConfigurationError:  # the vocabulary holds too few tokens of the modality to ever open it
            continue
        usable.append((automaton, state, int(automaton.tokens_to_close(state[None])[0]) + 1))
    return usable
