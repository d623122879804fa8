"""Which ids may come next for each row of a batch: grammars, exact lengths, and a promise to end in time.

A guide is an automaton over rows. It forbids an id not only where the grammar does, but also where no way would be left
to reach the asked-for length and close the segment within the tokens that remain. So whatever the model's weights are,
a guided segment is complete.

Legend of shapes: R rows, N candidate ids, C token classes, S grammar states, L the largest length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError
from biomatrix.vocabulary.constraint import Constraint

States = NDArray[np.int64]
_FAR = 1 << 40
_DONE = -1


class Guide(Protocol):
    """What the decoding loop asks. States are ``int64 [R, k]``, one row of numbers a row of the batch."""

    ids: NDArray[np.int64]
    """The candidate ids, ascending: ``int64 [N]``; nothing else is ever chosen."""

    def allowed(self, states: States) -> NDArray[np.bool_]:
        """Return which candidates may come next, ``bool [R, N]``; never none for an unfinished row."""
        ...

    def advance(self, states: States, chosen: NDArray[np.int64]) -> States:
        """Return the states after the ids chosen, ``int64 [R]``."""
        ...

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows are complete, ``bool [R]``."""
        ...


class SegmentGuide:
    """Guides the inside of one modality's segment, after its start token, to its end token.

    A row's state is (grammar state, tokens still to count or -1, tokens left to write).

    Parameters
    ----------
    constraint : Constraint
        The modality's grammar over ids.
    longest : int, optional
        The largest exact length that will be asked for; None where lengths are free.
    """

    def __init__(self, constraint: Constraint, longest: int | None = None) -> None:
        self.constraint = constraint
        grammar = constraint.grammar
        self.ids = np.union1d(constraint.ids, [constraint.end_id])
        self._end_column = len(grammar.counted)
        self._columns = np.full(len(self.ids), self._end_column, dtype=np.int64)
        self._columns[np.searchsorted(self.ids, constraint.ids)] = constraint.classes
        present = np.bincount(constraint.classes, minlength=len(grammar.counted)) > 0
        self._transitions = np.where(present[None, :], grammar.transitions, -1).astype(np.int64)
        self._free = closing_distances(self._transitions, grammar.accepting, grammar.counted, None)
        self._exact = (
            None
            if longest is None
            else closing_distances(self._transitions, grammar.accepting, grammar.counted, longest)
        )

    def start(self, length: int | None, budget: int) -> States:
        """Return the state of one row, ``int64 [3]``.

        Parameters
        ----------
        length : int, optional
            The exact number of counted tokens.
        budget : int
            The most tokens that may be written, the end token among them.

        Raises
        ------
        ConfigurationError
            If no segment of that length exists, or none that short.
        """
        name, state = self.constraint.modality, self.constraint.start
        if length is not None and not self.constraint.grammar.counted.any():
            raise ConfigurationError(
                f"{name} has no exact length: it is spelled in pieces of text; leave length out, or ask for a "
                "modality that counts"
            )
        if length is not None and (length < 0 or self._exact is None or len(self._exact) <= length):
            raise ConfigurationError(f"length {length} is not a length {name} can have")
        distance = int((self._free if length is None else self._table[length])[state])
        if distance >= _FAR:
            raise ConfigurationError(f"no {name} segment has length {length}; ask for a length of at least 1")
        if distance + 1 > budget:
            raise ConfigurationError(
                f"{name} needs at least {distance + 1} tokens, but only {budget} may be written; raise "
                "max_new_tokens, or ask for a shorter answer"
            )
        return np.array([state, -1 if length is None else length, budget], dtype=np.int64)

    @property
    def _table(self) -> NDArray[np.int64]:
        assert self._exact is not None
        return self._exact

    def allowed(self, states: States) -> NDArray[np.bool_]:
        """Return which candidates may come next, ``bool [R, N]``."""
        state, remaining, budget = states.T
        following = self._transitions[state]
        cost = self._cost(following, remaining)
        fits = (following >= 0) & (cost + 2 <= budget[:, None])
        ends = self.constraint.grammar.accepting[state] & (remaining <= 0)
        rows: NDArray[np.bool_] = np.concatenate([fits, ends[:, None]], axis=1)[:, self._columns]
        return rows

    def _cost(self, following: NDArray[np.int64], remaining: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the fewest tokens from each next state to where the segment may end, ``int64 [R, C]``."""
        free = self._free[following]
        if self._exact is None:
            return free
        left = remaining[:, None] - self.constraint.grammar.counted
        exact = np.where(left >= 0, self._exact[np.maximum(left, 0), following], _FAR)
        return np.where(remaining[:, None] < 0, free, exact)

    def advance(self, states: States, chosen: NDArray[np.int64]) -> States:
        """Return the states after the ids chosen."""
        state, remaining, budget = states.T
        columns = self._columns[np.searchsorted(self.ids, chosen)]
        ended = columns == self._end_column
        classes = np.where(ended, 0, columns)
        following = np.where(ended, _DONE, self._transitions[state, classes])
        counts = self.constraint.grammar.counted[classes] & ~ended & (remaining > 0)
        return np.stack([following, remaining - counts, budget - 1], axis=1)

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token."""
        rows: NDArray[np.bool_] = states[:, 0] == _DONE
        return rows


class TextGuide:
    """Guides a free answer: text, with complete segments of any modality, up to a stop token.

    A row's state is (modality number or -1, then the state of that modality's guide), and (-2, ...) when finished.

    Parameters
    ----------
    constraints : mapping of str to Constraint
        Of every modality the model may write.
    tokens : ndarray, shape=(V,), dtype=bool
        Which embedding rows may stand in text; start tokens and stop tokens are added.
    stop_ids : sequence of int
        The tokens that end an answer.
    """

    def __init__(
        self, constraints: Mapping[str, Constraint], tokens: NDArray[np.bool_], stop_ids: Sequence[int]
    ) -> None:
        self.ids = np.arange(len(tokens), dtype=np.int64)
        self._guides = [SegmentGuide(constraint) for constraint in constraints.values()]
        self._starts = np.array([guide.constraint.start_id for guide in self._guides], dtype=np.int64)
        self._needs = np.array([_least(guide) for guide in self._guides], dtype=np.int64)
        self._stops = np.array(list(stop_ids), dtype=np.int64)
        self._text = tokens.copy()
        self._text[self._starts] = True
        self._text[self._stops] = True

    def start(self, budget: int) -> States:
        """Return the state of one row that may write ``budget`` tokens: ``int64 [4]``."""
        return np.array([-1, 0, -1, budget], dtype=np.int64)

    def allowed(self, states: States) -> NDArray[np.bool_]:
        """Return which ids may come next, ``bool [R, V]``."""
        rows = np.zeros((len(states), len(self.ids)), dtype=bool)
        in_text = states[:, 0] < 0
        rows[in_text] = self._text
        closable = states[:, 3, None] >= self._needs + 1
        rows[np.ix_(in_text, self._starts)] &= closable[in_text]
        for number in np.unique(states[~in_text, 0]):
            guide, at = self._guides[number], np.flatnonzero(states[:, 0] == number)
            rows[np.ix_(at, guide.ids)] = guide.allowed(states[at, 1:])
        return rows

    def advance(self, states: States, chosen: NDArray[np.int64]) -> States:
        """Return the states after the ids chosen."""
        following = states.copy()
        following[:, 3] -= 1
        in_text = states[:, 0] < 0
        following[in_text & np.isin(chosen, self._stops), 0] = -2
        for number, guide in enumerate(self._guides):
            opened = in_text & (chosen == self._starts[number])
            following[opened, 0] = number
            following[opened, 1] = guide.constraint.start
            inside = np.flatnonzero(states[:, 0] == number)
            if len(inside):
                following[inside, 1:] = guide.advance(states[inside, 1:], chosen[inside])
                following[inside[guide.finished(following[inside, 1:])], 0] = -1
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written a stop token."""
        rows: NDArray[np.bool_] = states[:, 0] == -2
        return rows


def closing_distances(
    transitions: NDArray[np.int64],
    accepting: NDArray[np.bool_],
    counted: NDArray[np.bool_],
    longest: int | None,
) -> NDArray[np.int64]:
    """Return the fewest tokens from each state to one where the segment may end.

    Parameters
    ----------
    transitions : ndarray, shape=(S, C), dtype=int64
        The next state, -1 where there is none.
    accepting : ndarray, shape=(S,), dtype=bool
        Where the segment may end.
    counted : ndarray, shape=(C,), dtype=bool
        Classes that count towards a length.
    longest : int, optional
        With it, distances for every number of tokens still to count; without, counting is left aside.

    Returns
    -------
    ndarray, shape=(L + 1, S) or (S,), dtype=int64
        Tokens before the end token; a huge number where there is no way.
    """
    if longest is None:
        return _relax(transitions, np.where(accepting, 0, _FAR))
    plain = np.where(counted[None, :], -1, transitions)
    counting = np.where(counted[None, :], transitions, -1)
    table = np.empty((longest + 1, len(accepting)), dtype=np.int64)
    table[0] = _relax(plain, np.where(accepting, 0, _FAR))
    for remaining in range(1, longest + 1):
        table[remaining] = _relax(plain, _step(counting, table[remaining - 1]))
    return table


def _relax(transitions: NDArray[np.int64], distance: NDArray[np.int64]) -> NDArray[np.int64]:
    while True:
        better = np.minimum(distance, _step(transitions, distance))
        if np.array_equal(better, distance):
            return distance
        distance = better


def _step(transitions: NDArray[np.int64], distance: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return one token more than the nearest next state, ``int64 [S]``."""
    reached = np.where(transitions >= 0, distance[transitions], _FAR)
    nearest: NDArray[np.int64] = np.minimum(reached.min(axis=1) + 1, _FAR)
    return nearest


def _least(guide: SegmentGuide) -> int:
    """Return the fewest tokens of a whole segment, its control pair included."""
    return int(guide._free[guide.constraint.start]) + 2
