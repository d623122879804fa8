"""The automaton of a free answer: text, with complete segments of any modality, up to a token that ends it.

Legend of shapes: R rows, k numbers of a state, M modalities, n ranges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

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
_NOTHING: Final[Ranges] = np.empty((0, 2), dtype=np.int64)


class TextAutomaton:
    """Guides an answer in text; the segments it opens are guided by the automata of their modalities.

    A segment is opened only where it can still be closed and the answer ended. A row's state is (modality number, or
    -1 in text, or -2 when finished; tokens left to write; the state of the open segment's automaton).

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
        self._needs = np.sort(np.array([need for _, _, need in opened], dtype=np.int64))
        self._first = np.zeros(2 + max(self._widths, default=0), dtype=np.result_type(np.int64, *self._dtypes))
        text = ascending(text_ids, list(stop_ids))
        starts = np.array([automaton.start_id for automaton in self._automata], dtype=np.int64)
        self.ids: NDArray[np.int64] = ascending(text, starts, *(automaton.ids for automaton in self._automata))
        self._role = np.full(int(self.ids[-1]) + 1, _TEXT, dtype=np.int64)
        self._role[list(stop_ids)] = _DONE
        self._role[starts] = np.arange(len(starts))
        by_need = starts[np.argsort([need for _, _, need in opened], kind="stable")]
        self._first_states: dict[tuple[int, int], NDArray[np.int64]] = {}
        self._offers = [ranges_of(ascending(text, by_need[:count])) for count in range(len(starts) + 1)]

    @classmethod
    def from_vocabulary(cls, vocabulary: Vocabulary) -> TextAutomaton:
        """Return the automaton over a vocabulary: its modalities, and all text tokens but the base's special ones."""
        special = [id_ for id_, token in vocabulary.backend.get_added_tokens_decoder().items() if token.special]
        stands = vocabulary.mask()
        stands[vocabulary.new_ids] = stands[special] = False
        automata = {name: vocabulary.automaton(name) for name in vocabulary.modalities}
        return cls(automata, np.flatnonzero(stands), vocabulary.ending_ids)

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [k]``; ConfigurationError where a length is asked for."""
        if bounds.length is not None:
            raise ConfigurationError("text has no exact length; ask for a modality that counts")
        state = self._first.copy()
        state[:2] = _TEXT, bounds.budget
        return state

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ranges of ids that may come next, ``int64 [n, 2]``; none once it has ended."""
        numbers, budgets = states[:, 0].tolist(), states[:, 1].astype(np.int64)
        # A modality may be opened where its segment and the end of the answer fit: those that need least come first.
        openable = np.searchsorted(self._needs, budgets - 1, side="right").tolist()
        offers = zip(openable, numbers, strict=True)
        rows = [self._offers[count] if number == _TEXT else _NOTHING for count, number in offers]
        for number, at in _open(numbers):
            allowed = self._automata[number].allowed(self._inner(states, at, number))
            for row, ranges in zip(at.tolist(), allowed, strict=True):
                rows[row] = ranges
        return rows

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states ``int64 [R, k]`` after one allowed id each, ``int64 [R]``."""
        following = states.copy()
        following[:, 1] -= 1
        numbers = states[:, 0].tolist()
        for row, (number, role) in enumerate(zip(numbers, self._role[ids].tolist(), strict=True)):
            if number == _TEXT and role != _TEXT:
                following[row, 0] = role
                if role >= 0:
                    # one token stays for the end of the answer
                    inner = self._opened(role, int(following[row, 1]) - 1)
                    following[row, 2 : 2 + len(inner)] = inner
        for number, at in _open(numbers):
            automaton = self._automata[number]
            inner_states = automaton.advance(self._inner(states, at, number), ids[at])
            following[at, 2 : 2 + inner_states.shape[1]] = inner_states
            finished = automaton.finished(inner_states)
            if finished.any():
                following[at[finished], 0] = _TEXT
        return following

    def _opened(self, number: int, budget: int) -> NDArray[np.int64]:
        """Return the state of a segment just opened."""
        if (number, budget) not in self._first_states:
            self._first_states[number, budget] = self._automata[number].start(Bounds(budget))
        return self._first_states[number, budget]

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written a token that ends the answer, ``bool [R]``."""
        rows: NDArray[np.bool_] = np.asarray(states[:, 0] == _DONE, dtype=np.bool_)
        return rows

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens that finish each row, including the one that ends the answer, ``int64 [R]``."""
        numbers = states[:, 0].tolist()
        tokens = np.array([int(number != _DONE) for number in numbers], dtype=np.int64)
        for number, at in _open(numbers):
            tokens[at] += self._automata[number].tokens_to_close(self._inner(states, at, number))
        return tokens

    def _inner(self, states: States, at: NDArray[np.int64], number: int) -> States:
        return states[at, 2 : 2 + self._widths[number]].astype(self._dtypes[number], copy=False)


def _open(numbers: Sequence[int]) -> list[tuple[int, NDArray[np.int64]]]:
    """Return, for each modality with an open segment, its number and the rows."""
    found: dict[int, list[int]] = {}
    for row, number in enumerate(numbers):
        if number >= 0:
            found.setdefault(number, []).append(row)
    return [(number, np.array(found[number], dtype=np.int64)) for number in sorted(found)]


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
