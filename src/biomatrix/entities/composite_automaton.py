"""The automaton of a composite: those of its parts, in the order and number that its layout allows.

Outside its parts it allows their start tokens, tokens of its own and its end token; inside a part it hands over to
that part's automaton, with the tokens that the rest of the composite does not need. So the budget is
kept exactly at every depth.

Legend: R rows, k numbers of a row's state (HEAD of its own, then those of the open part, then zeros), S places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Automaton, Bounds, Ranges, States
from biomatrix.entities.layout import OWN, Order
from biomatrix.entities.table_automaton import ascending, ranges_of
from biomatrix.errors import ConfigurationError

BUDGET, PLACE, OPEN, LEAST, MOST, HEAD = 0, 1, 2, 3, 4, 5
"""Columns of a state: tokens that remain; the state of the layout, behind the open part where one is open; the open
part's number; the least and the most of the requested length. HEAD is the number of these columns."""
NONE, DONE = -1, -1
"""NONE: no part open, or no length requested (both of its numbers). DONE: the place behind the end token."""
_ANY: Final = (NONE, NONE)
"""No length requested."""
_AMPLE: Final = 1 << 20
"""A budget that no shortest segment needs."""
_NEVER: Final = 1 << 40
"""The cost of what cannot be finished."""


class CompositeAutomaton:
    """Guides the inside of one span of a composite modality; see :class:`~biomatrix.entities.automaton.Automaton`.

    Parameters
    ----------
    start_id, end_id : int
        The composite's control pair.
    own_ids : sequence of int
        The tokens of its own.
    parts : mapping of str to Automaton
        The automata of the parts, by name.
    order : Order
        Its layout.
    measured_by : str, optional
        The part that a requested length is handed to.
    """

    def __init__(
        self,
        start_id: int,
        end_id: int,
        own_ids: Sequence[int],
        parts: Mapping[str, Automaton],
        order: Order,
        measured_by: str | None = None,
    ) -> None:
        self.start_id = start_id
        self.end_id = end_id
        self._own = np.unique(np.array(own_ids, dtype=np.int64))
        self._parts = [parts[item] for item in order.items if item != OWN]
        self._items = [item for item in order.items if item != OWN]
        self._order = order
        starts = [part.start_id for part in self._parts]
        inside = [self._own, *(part.ids for part in self._parts)]
        self.ids: NDArray[np.int64] = ascending([end_id], starts, *inside)
        """Every id that may ever be allowed, ascending."""
        self._measured = self._items.index(measured_by) if measured_by is not None else None
        self._costs: dict[tuple[int, int], tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
        self._offers: dict[tuple[int, ...], Ranges] = {}

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [k]``.

        Raises
        ------
        ConfigurationError
            No span fits the bounds, or a length is requested of a composite that none of its parts measures.
        """
        if bounds.length is not None and self._measured is None:
            raise ConfigurationError("no length can be asked of this composite: none of its parts measures it")
        length = bounds.range or _ANY
        least = int(self._cost(length)[1][0]) + 1
        if least > _NEVER:
            raise ConfigurationError(f"no span fits these bounds: {'; '.join(self._refusals(length))}")
        if bounds.budget < least:
            raise ConfigurationError(f"a span takes at least {least:,} tokens; {bounds.budget:,} are left for it")
        state = np.zeros(HEAD + self._width, dtype=np.result_type(np.int64, *self._dtypes))
        state[:HEAD] = bounds.budget, 0, NONE, *length
        return state

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none only for a finished row."""
        answers: list[Ranges] = [np.empty((0, 2), dtype=np.int64)] * len(states)
        for number, rows in self._open_rows(states):
            inner = self._parts[number].allowed(self._inner(states[rows], number))
            for row, ranges in zip(rows.tolist(), inner, strict=True):
                answers[row] = ranges
        for row in np.flatnonzero((states[:, OPEN] == NONE) & (states[:, PLACE] != DONE)).tolist():
            answers[row] = self._offer(states[row])
        return answers

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, k]``, after one allowed id per row; finished rows stay as they are."""
        following = states.copy()
        going = states[:, PLACE] != DONE
        following[going, BUDGET] -= 1
        for number, rows in self._open_rows(states):
            part = self._parts[number]
            inner = part.advance(self._inner(states[rows], number), ids[rows])
            following[rows, HEAD : HEAD + inner.shape[1]] = inner
            closed = rows[part.finished(inner)]
            following[closed, OPEN] = NONE
            following[closed, HEAD:] = 0
        for row in np.flatnonzero(going & (states[:, OPEN] == NONE)).tolist():
            self._step(following[row], int(ids[row]))
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        done: NDArray[np.bool_] = states[:, PLACE] == DONE
        return done

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens, the end token among them, that finish each row, ``int64 [R]``."""
        least = np.zeros(len(states), dtype=np.int64)
        for row in np.flatnonzero(~self.finished(states)).tolist():
            least[row] = 1 + self._rest(states[row])
        for number, rows in self._open_rows(states):
            least[rows] += self._parts[number].tokens_to_close(self._inner(states[rows], number))
        return least

    # Outside the parts

    def _offer(self, state: NDArray[np.int64]) -> Ranges:
        """Return what may come in a state outside all parts: the same object for the same set."""
        place = int(state[PLACE])
        costs, rests = self._cost(_length(state))
        room = int(state[BUDGET]) - 1  # for the composite's own end token
        following = self._order.transitions[place]
        fits = tuple(
            number
            for number, after in enumerate(following.tolist())
            if after >= 0 and costs[number] + rests[after] <= room
        )
        key = (int(self._order.accepting[place]), *fits)
        if key not in self._offers:
            pieces = [np.array([self.end_id])] if key[0] else []
            pieces += [self._first_ids(self._order.items[number]) for number in fits]
            self._offers[key] = ranges_of(ascending(np.empty(0), *pieces))
        return self._offers[key]

    def _first_ids(self, item: str) -> NDArray[np.int64]:
        return self._own if item == OWN else np.array([self._parts[self._items.index(item)].start_id])

    def _step(self, state: NDArray[np.int64], id_: int) -> None:
        """Move one row that is outside all parts, its budget already counted down."""
        place = int(state[PLACE])
        if id_ == self.end_id and self._order.accepting[place]:
            state[PLACE] = DONE
            return
        number = next((n for n, part in enumerate(self._parts) if part.start_id == id_), None)
        after = self._order.next(place, OWN if number is None else self._items[number])
        if after < 0 or (number is None and id_ not in self._own):
            raise ConfigurationError(f"id {id_} may not come here: {self._order.expected(place)} may")
        state[PLACE] = after
        if number is not None:
            inner = self._parts[number].start(
                Bounds(int(state[BUDGET]) - 1 - self._rest(state), self._length_of(number, _length(state)))
            )
            state[OPEN] = number
            state[HEAD : HEAD + len(inner)] = inner

    # Inside a part

    def _open_rows(self, states: States) -> list[tuple[int, NDArray[np.int64]]]:
        """Return the numbers of the parts that are open in some rows, each with those rows."""
        numbers = states[:, OPEN]
        return [(int(number), np.flatnonzero(numbers == number)) for number in np.unique(numbers[numbers != NONE])]

    def _inner(self, states: States, number: int) -> States:
        return states[:, HEAD : HEAD + self._widths[number]].astype(self._dtypes[number], copy=False)

    def _length_of(self, number: int, length: tuple[int, int]) -> tuple[int, int] | None:
        return length if number == self._measured and length != _ANY else None

    # What it costs to finish

    def _rest(self, state: NDArray[np.int64]) -> int:
        """Return the fewest tokens from a state's place to its end token, without it."""
        return int(self._cost(_length(state))[1][state[PLACE]])

    def _cost(self, length: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the fewest tokens of each item, and from each place to the end, for a range of lengths."""
        if length not in self._costs:
            costs = np.array([self._item_cost(item, length) for item in self._order.items], dtype=np.int64)
            self._costs[length] = costs, _rests(self._order, costs)
        return self._costs[length]

    def _item_cost(self, item: str, length: tuple[int, int]) -> int:
        if item == OWN:
            return 1 if len(self._own) else _NEVER
        number = self._items.index(item)
        state = self._open_state(number, length)
        if isinstance(state, ConfigurationError):
            return _NEVER
        return 1 + int(self._parts[number].tokens_to_close(state[None])[0])

    def _open_state(self, number: int, length: tuple[int, int]) -> NDArray[np.int64] | ConfigurationError:
        """Return the state of a part just opened with an ample budget, or why it cannot open: it has no tokens, say."""
        try:
            return self._parts[number].start(Bounds(_AMPLE, self._length_of(number, length)))
        except ConfigurationError as error:
            return error

    def _refusals(self, length: tuple[int, int]) -> list[str]:
        states = [self._open_state(number, length) for number in range(len(self._parts))]
        return [error.message for error in states if isinstance(error, ConfigurationError)]

    @cached_property
    def _first_states(self) -> list[NDArray[np.int64]]:
        """A state of each part, to tell its size and type; empty where it cannot open."""
        states = [self._open_state(number, _ANY) for number in range(len(self._parts))]
        return [np.empty(0, dtype=np.int64) if isinstance(one, ConfigurationError) else one for one in states]

    @cached_property
    def _widths(self) -> list[int]:
        return [len(state) for state in self._first_states]

    @cached_property
    def _dtypes(self) -> list[np.dtype[Any]]:
        return [state.dtype for state in self._first_states]

    @property
    def _width(self) -> int:
        return max(self._widths, default=0)


def _length(state: NDArray[np.int64]) -> tuple[int, int]:
    return int(state[LEAST]), int(state[MOST])


def _rests(order: Order, costs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the fewest tokens from each state to one that accepts: ``int64 [S]``."""
    rests = np.where(order.accepting, 0, _NEVER)
    for _ in range(len(rests)):
        over = np.where(order.transitions >= 0, costs + rests[order.transitions], _NEVER)
        shorter = np.minimum(rests, over.min(axis=1, initial=_NEVER))
        if (shorter == rests).all():
            break
        rests = shorter
    return rests
