"""The guide of an answer in several modalities: their segments one after another, of one entity.

A segment may bind those that follow: a structure has as many residues as the sequence just written. What follows is
paid for in advance: a segment is opened with the tokens that those behind it do not need.

Legend of shapes: R rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Automaton, Bounds, Ranges, States
from biomatrix.entities.table_automaton import ascending
from biomatrix.errors import ConfigurationError

Bound: TypeAlias = tuple[Automaton, int | tuple[int, int] | None]
"""The automaton of a segment and its length, as another segment binds them."""

PLACE, BUDGET, WRITTEN, INSIDE, AUTOMATON, INNER, WIDTH = range(7)
"""Columns of a state, ``object [R, WIDTH]``: the number of the segment, or of the one that opens next; tokens that
remain; the ids inside each finished segment; those inside the open one; its automaton, None between segments; the state
of that. WIDTH is the number of these columns."""
_NOTHING: Final[Ranges] = np.empty((0, 2), dtype=np.int64)
_AMPLE: Final = 1 << 20
"""A budget that no shortest segment needs."""
_SLACK: Final = 4


@dataclass(frozen=True, eq=False)
class Place:
    """One segment of the answer.

    Parameters
    ----------
    automaton : Automaton
    length : int or (int, int), optional
        Of its counted tokens.
    binder : int, optional
        The number of the earlier segment that binds it; None where none does.
    bind : callable, optional
        Returns from the ids inside that segment which automaton and length this one has.
    share : int
        The most tokens it takes for each token of the segment that binds it.
    """

    automaton: Automaton
    length: int | tuple[int, int] | None = None
    binder: int | None = None
    bind: Callable[[tuple[int, ...]], Bound] | None = None
    share: int = 1

    def bound(self, written: Sequence[tuple[int, ...]]) -> Bound:
        """Return the automaton and the length, given the ids inside the segments before it."""
        if self.bind is None or self.binder is None or self.binder >= len(written):
            return self.automaton, self.length
        return self.bind(written[self.binder])


class SegmentsAutomaton:
    """Guides an answer of several segments, after the start token of the first, up to the end token of the last.

    Parameters
    ----------
    places : sequence of Place
        At least one.
    """

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = tuple(places)
        self._starts = [
            np.array([[one.automaton.start_id, one.automaton.start_id + 1]], dtype=np.int64) for one in self._places
        ]
        starts = [one.automaton.start_id for one in self._places]
        self.ids: NDArray[np.int64] = ascending(starts, *(one.automaton.ids for one in self._places))

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``object [WIDTH]``; a length is that of the first segment.

        Raises
        ------
        ConfigurationError
            The segments do not fit the bounds.
        """
        state = np.empty(WIDTH, dtype=object)
        state[PLACE], state[BUDGET], state[WRITTEN] = 0, bounds.budget, ()
        self._open(state, bounds.length)
        return state

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        rows: list[Ranges] = [
            _NOTHING if place == len(self._places) else self._starts[place] for place in states[:, PLACE].tolist()
        ]
        for automaton, at in _by_automaton(states):
            for row, ranges in zip(at, automaton.allowed(_inner(states, at)), strict=True):
                rows[row] = ranges
        return rows

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``object [R, WIDTH]``, after one allowed id per row; finished rows stay as they are."""
        following = states.copy()
        for row, place in enumerate(states[:, PLACE].tolist()):
            if place < len(self._places):
                following[row, BUDGET] -= 1
                if states[row, AUTOMATON] is None:
                    self._open(following[row], None)
        for automaton, at in _by_automaton(states):
            inner = automaton.advance(_inner(states, at), ids[at])
            for row, state, ended in zip(at, inner, automaton.finished(inner).tolist(), strict=True):
                following[row, INNER] = state
                if ended:
                    self._close(following[row])
                    self._end_where_none_follows(following[row])
                else:
                    following[row, INSIDE] = (*following[row, INSIDE], int(ids[row]))
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written the end token of their last segment, ``bool [R]``."""
        return np.array([place == len(self._places) for place in states[:, PLACE].tolist()], dtype=np.bool_)

    def unbound(self, ids: Sequence[int], budget: int) -> tuple[int, str] | None:
        """Return the first segment of an answer that could not be bound by those before it: its number, and why.

        Such an answer ends before it. None where each is bound.

        Parameters
        ----------
        ids : sequence of int
            What was written, from behind the first start token.
        budget : int
            The most tokens that might be written.
        """
        state = np.empty(WIDTH, dtype=object)
        state[PLACE], state[BUDGET], state[WRITTEN], state[INSIDE] = 0, budget, (), ()
        for id_ in ids:
            place = self._places[state[PLACE]]
            state[BUDGET] -= 1
            if id_ == place.automaton.end_id:
                self._close(state)
                if state[PLACE] == len(self._places):
                    break
                state[INSIDE] = ()
                try:
                    self._bound(state, state[BUDGET] - 1, None)
                except ConfigurationError as error:
                    return int(state[PLACE]), error.message
            elif state[INSIDE] or id_ != place.automaton.start_id:
                state[INSIDE] = (*state[INSIDE], id_)
        return None

    def _open(self, state: NDArray[np.object_], length: int | tuple[int, int] | None) -> None:
        """Open the segment that a row is at: after its start token, which is already counted.

        Raises
        ------
        ConfigurationError
            No segment fits.
        """
        automaton, inner = self._bound(state, state[BUDGET], length)
        state[AUTOMATON], state[INNER], state[INSIDE] = automaton, inner, ()

    def _end_where_none_follows(self, state: NDArray[np.object_]) -> None:
        """End a row whose next segment cannot be of the same entity as what was written; :meth:`unbound` says why.

        What was written may bind it to more than is left, to tokens that there are none of, or to what the constraints
        on it forbid.
        """
        if state[PLACE] < len(self._places):
            try:
                self._bound(state, state[BUDGET] - 1, None)
            except ConfigurationError:
                state[PLACE] = len(self._places)

    def _bound(
        self, state: NDArray[np.object_], budget: int, length: int | tuple[int, int] | None
    ) -> tuple[Automaton, NDArray[np.int64]]:
        """Return the automaton of the segment that opens next, and its first state, as those before it bind it."""
        automaton, own = self._places[state[PLACE]].bound(state[WRITTEN])
        return automaton, automaton.start(Bounds(self._room(state, budget), own if length is None else length))

    @staticmethod
    def _close(state: NDArray[np.object_]) -> None:
        state[WRITTEN] = (*state[WRITTEN], state[INSIDE])
        state[PLACE] += 1
        state[AUTOMATON] = state[INNER] = None

    def _room(self, state: NDArray[np.object_], budget: int) -> int:
        """Return the most tokens, the end token among them, that the segment about to open may take.

        Those behind it that others bind need a known number; those that it binds itself need ``share`` tokens for each
        of its own, beside their control pair.
        """
        number, written = state[PLACE], state[WRITTEN]
        known, shares, fixed = 0, 0, 0
        for place in self._places[number + 1 :]:
            if place.binder == number and place.bind is not None:
                shares += place.share
                fixed += 2 + (_SLACK if place.share > 1 else 0)
            else:
                known += 1 + _fewest(*place.bound(written))
        return int((budget - known - fixed + shares) // (1 + shares))


def _fewest(automaton: Automaton, length: int | tuple[int, int] | None) -> int:
    """Return the fewest tokens, the end token among them, of a segment of a length."""
    return int(automaton.tokens_to_close(automaton.start(Bounds(_AMPLE, length))[None])[0])


def _by_automaton(states: States) -> list[tuple[Automaton, list[int]]]:
    """Return the automata of the open segments, each with its rows."""
    rows: dict[int, tuple[Automaton, list[int]]] = {}
    for row, automaton in enumerate(states[:, AUTOMATON].tolist()):
        if automaton is not None:
            rows.setdefault(id(automaton), (automaton, []))[1].append(row)
    return list(rows.values())


def _inner(states: States, at: Sequence[int]) -> States:
    return np.stack([states[row, INNER] for row in at])
