"""The automaton of a free answer: text, with complete segments of any modality, up to a token that ends it.

Legend of shapes: R rows, k numbers of a state, M modalities, n ranges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Automaton, Bounds, Ranges, States
from biomatrix.entities.table_automaton import ranges_of
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
        self._automata, self._dtypes, self._widths, needs = _openable(automata)
        self._starts = np.array([automaton.start_id for automaton in self._automata], dtype=np.int64)
        self._needs = np.array(needs, dtype=np.int64)
        self._width = 2 + max(self._widths, default=0)
        self._stops = np.array(list(stop_ids), dtype=np.int64)
        self._text = np.union1d(text_ids, self._stops).astype(np.int64)
        self.ids: NDArray[np.int64] = np.unique(
            np.concatenate([self._text, self._starts, *(automaton.ids for automaton in self._automata)])
        )
        self._ranges: dict[bytes, Ranges] = {}

    @classmethod
    def from_vocabulary(cls, vocabulary: Vocabulary) -> TextAutomaton:
        """Return the automaton over a vocabulary: its modalities, and all text tokens but the base's special ones."""
        special = [id_ for id_, token in vocabulary.backend.get_added_tokens_decoder().items() if token.special]
        tokens = np.flatnonzero(vocabulary.mask())
        text = np.setdiff1d(tokens, np.union1d(vocabulary.new_ids, np.array(special, dtype=np.int64)))
        automata = {name: vocabulary.automaton(name) for name in vocabulary.modalities}
        return cls(automata, text, vocabulary.ending_ids)

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [k]``; ConfigurationError where a length is asked for."""
        if bounds.length is not None:
            raise ConfigurationError("text has no exact length; ask for a modality that counts")
        state = np.zeros(self._width, dtype=object if object in self._dtypes else np.int64)
        state[:2] = _TEXT, bounds.budget
        return state

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ranges of ids that may come next, ``int64 [n, 2]``; none once it has ended."""
        rows: list[Ranges] = [_NOTHING] * len(states)
        closable = states[:, 1, None] >= self._needs + 1
        for row in np.flatnonzero(states[:, 0] == _TEXT):
            rows[row] = self._text_ranges(closable[row])
        for number, at in self._open(states):
            for row, ranges in zip(at, self._automata[number].allowed(self._inner(states, at, number)), strict=True):
                rows[row] = ranges
        return rows

    def _text_ranges(self, closable: NDArray[np.bool_]) -> Ranges:
        """Return what may stand in text where the modalities ``bool [M]`` may be opened."""
        key = closable.tobytes()
        ranges = self._ranges.get(key)
        if ranges is None:
            ranges = self._ranges[key] = ranges_of(np.union1d(self._text, self._starts[closable]))
        return ranges

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states ``int64 [R, k]`` after one allowed id each, ``int64 [R]``."""
        following = states.copy()
        following[:, 1] -= 1
        in_text = states[:, 0] == _TEXT
        following[in_text & np.isin(ids, self._stops), 0] = _DONE
        for row in np.flatnonzero(in_text & np.isin(ids, self._starts)):
            number = int(np.flatnonzero(self._starts == ids[row])[0])
            # one token stays for the end of the answer
            inner = self._automata[number].start(Bounds(int(following[row, 1]) - 1))
            following[row, 0] = number
            following[row, 2 : 2 + len(inner)] = inner
        for number, at in self._open(states):
            automaton = self._automata[number]
            inner_states = automaton.advance(self._inner(states, at, number), ids[at])
            following[at, 2 : 2 + inner_states.shape[1]] = inner_states
            following[at[automaton.finished(inner_states)], 0] = _TEXT
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written a token that ends the answer, ``bool [R]``."""
        rows: NDArray[np.bool_] = states[:, 0] == _DONE
        return rows

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens that finish each row, including the one that ends the answer, ``int64 [R]``."""
        tokens = np.where(states[:, 0] == _DONE, 0, 1).astype(np.int64)
        for number, at in self._open(states):
            tokens[at] += self._automata[number].tokens_to_close(self._inner(states, at, number))
        return tokens

    def _open(self, states: States) -> list[tuple[int, NDArray[np.int64]]]:
        """Return, for each modality with an open segment, its number and the rows."""
        numbers = states[:, 0]
        return [(int(number), np.flatnonzero(numbers == number)) for number in np.unique(numbers[numbers >= 0])]

    def _inner(self, states: States, at: NDArray[np.int64], number: int) -> States:
        return states[at, 2 : 2 + self._widths[number]].astype(self._dtypes[number], copy=False)


def _openable(
    automata: Mapping[str, Automaton],
) -> tuple[list[Automaton], list[np.dtype[Any]], list[int], list[int]]:
    """Return the automata that can write a whole segment, the types and numbers of their states, and what one needs.

    A segment needs its fewest tokens, control pair included.
    """
    usable: list[Automaton] = []
    dtypes: list[np.dtype[Any]] = []
    widths: list[int] = []
    needs: list[int] = []
    for automaton in automata.values():
        try:
            state = automaton.start(Bounds(_AMPLE))
        except ConfigurationError:  # the vocabulary holds too few tokens of the modality to ever open it
            continue
        usable.append(automaton)
        dtypes.append(state.dtype)
        widths.append(len(state))
        needs.append(int(automaton.tokens_to_close(state[None])[0]) + 1)
    return usable, dtypes, widths, needs
