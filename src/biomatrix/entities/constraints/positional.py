"""The automaton of token-per-unit segments under constraints: unit k is one of these, and the whole is in a language.

It keeps a grammar, any number of languages, sets of ids at given positions and a range of lengths all at once, and
exactly: for every position and state it knows how many tokens are still needed to close, or that none will do.

Legend of shapes: R rows, N ids inside the segment, C columns (ids that nothing tells apart), S states, T positions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Automaton, Bounds, Ranges, States
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.constraints.distances import FAR, PositionTable
from biomatrix.entities.constraints.language import Language
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.entities.table_automaton import TableAutomaton, ranges_of
from biomatrix.errors import ConfigurationError

_DONE: Final = -1


@dataclass(frozen=True, eq=False)
class Wish:
    """What one constraint asks of a segment.

    Parameters
    ----------
    name : str
        The constraint, for messages.
    places : mapping of int to ndarray of int64
        By position, counted from 0 in counted tokens: the ids of which one must stand there. The segment is at least
        that long.
    length : (int, int), optional
        The least and the most counted tokens.
    languages : tuple of Language
        Over all ids of the automaton it is made for, in their order.
    of_length : tuple of callable
        Languages that depend on the length, such as shares: each is called with the longest length there may be.
    """

    name: str
    places: Mapping[int, NDArray[np.int64]] = field(default_factory=dict)
    length: tuple[int, int] | None = None
    languages: tuple[Language, ...] = ()
    of_length: tuple[Callable[[int], Language], ...] = ()


class PositionalAutomaton:
    """The automaton of a grammar whose counted tokens are one per position, under wishes.

    A row's state is (number of its table, position, state or -1 once it has ended, tokens left to write).

    Parameters
    ----------
    name : str
        The modality, for messages.
    start_id, end_id : int
        The control pair.
    inside : ndarray, shape=(N,), dtype=int64
        Every id that may stand inside the segment, ascending; languages have a column for each.
    grammar : Language
        Over the same ids.
    counted : ndarray, shape=(N,), dtype=bool
        Which of them fill a position.
    wishes : tuple of Wish
    """

    def __init__(
        self,
        name: str,
        start_id: int,
        end_id: int,
        inside: NDArray[np.int64],
        grammar: Language,
        counted: NDArray[np.bool_],
        wishes: tuple[Wish, ...] = (),
    ) -> None:
        self.start_id, self.end_id = start_id, end_id
        self.inside = inside
        self.ids: NDArray[np.int64] = np.union1d(inside, [end_id]).astype(np.int64)
        self._name, self._grammar, self._counted = name, grammar, counted
        self._wishes = wishes
        self._tables: list[PositionTable] = []
        self._numbers: dict[tuple[int, int | None], int] = {}
        self._ranges: dict[tuple[int, bytes], Ranges] = {}

    @classmethod
    def over(cls, automaton: Automaton, modality: Modality, ids: SegmentIds) -> PositionalAutomaton:
        """Return the same automaton as one that takes wishes.

        Raises
        ------
        ConfigurationError
            It is not that of a grammar over the modality's own tokens.
        """
        if isinstance(automaton, PositionalAutomaton):
            return automaton
        grammar = modality.grammar()
        is_of_units = grammar is not None and int(grammar.counted.max(initial=0)) <= 1
        if not isinstance(automaton, TableAutomaton) or grammar is None or not is_of_units or modality.spelled_as_text:
            raise ConfigurationError(
                f"{modality.name} is not written one token per position, so none can be kept there"
            )
        members = sorted((id_, token) for token, id_ in ids.tokens.items())
        classes = np.array([modality.token_class(token) for _, token in members], dtype=np.int64)
        language = Language(
            classes, grammar.transitions.astype(np.int32), np.atleast_2d(grammar.accepting), grammar.start
        )
        inside = np.array([id_ for id_, _ in members], dtype=np.int64)
        counted = grammar.counted[classes].astype(np.bool_)
        return cls(modality.name, ids.start_id, ids.end_id, inside, language, counted)

    def keeping(self, wish: Wish) -> PositionalAutomaton:
        """Return the automaton under one more wish.

        Raises
        ------
        ConfigurationError
            No segment, whatever its length, keeps all its wishes.
        """
        wishes = (*self._wishes, wish)
        narrowed = PositionalAutomaton(
            self._name, self.start_id, self.end_id, self.inside, self._grammar, self._counted, wishes
        )
        if not any(wish.of_length for wish in wishes):  # those need a length, which is not known yet
            narrowed._number(None)
        return narrowed

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [4]``; ConfigurationError where no segment fits bounds and wishes."""
        number = self._number(bounds.range)
        table = self._tables[number]
        needed = int(table.distance[0, table.start]) + 1
        if needed > bounds.budget:
            raise ConfigurationError(
                f"{self._name} needs at least {needed} tokens, but only {bounds.budget} may be written; ask for a "
                "shorter answer, or allow more (max_new_tokens)"
            )
        return np.array([number, 0, table.start, bounds.budget], dtype=np.int64)

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        answers: list[Ranges] = [np.empty((0, 2), dtype=np.int64)] * len(states)
        for number, rows in self._rows(states):
            table = self._tables[number]
            _, position, state, budget = states[rows].T
            fits, ends = table.options(position, state, budget)
            for row, options in zip(rows.tolist(), np.concatenate([fits, ends[:, None]], axis=1), strict=True):
                answers[row] = self._ranges_of(number, options)
        return answers

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, 4]``, after one allowed id per row, ``int64 [R]``."""
        following = states.copy()
        following[:, 3] -= 1
        following[ids == self.end_id, 2] = _DONE
        for number, rows in self._rows(following):
            places = np.searchsorted(self.inside, ids[rows])
            _, position, state, _ = following[rows].T
            following[rows, 1:3] = self._tables[number].step(position, state, places)
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        rows: NDArray[np.bool_] = states[:, 2] == _DONE
        return rows

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens, the end token among them, that finish each row, ``int64 [R]``."""
        tokens = np.zeros(len(states), dtype=np.int64)
        for number, rows in self._rows(states):
            tokens[rows] = self._tables[number].distance[states[rows, 1], states[rows, 2]] + 1
        return tokens

    def _rows(self, states: States) -> list[tuple[int, NDArray[np.int64]]]:
        """Return each table that running rows use, with those rows."""
        running = np.flatnonzero(states[:, 2] != _DONE)
        numbers = states[running, 0]
        return [(int(number), running[numbers == number]) for number in np.unique(numbers)]

    def _ranges_of(self, number: int, options: NDArray[np.bool_]) -> Ranges:
        """Return the ids of a set of columns, ``bool [C + 1]``, the end last: for equal sets the same object."""
        key = (number, options.tobytes())
        if key not in self._ranges:
            ids = self.inside[options[:-1][self._tables[number].columns]]
            self._ranges[key] = ranges_of(np.union1d(ids, [self.end_id]) if options[-1] else ids)
        return self._ranges[key]

    def _number(self, asked: tuple[int, int] | None) -> int:
        """Return the number of the table for a range of lengths; ConfigurationError where no segment is in it."""
        least, most = self._lengths(asked)
        if (least, most) not in self._numbers:
            table = PositionTable.build(self._language(most), self._counted, self._sets(), least, most)
            if table.distance[0, table.start] >= FAR:
                raise ConfigurationError(f"no {self._name}{_of_length(least, most)} keeps {self._named()}")
            self._numbers[least, most] = len(self._tables)
            self._tables.append(table)
        return self._numbers[least, most]

    def _lengths(self, asked: tuple[int, int] | None) -> tuple[int, int | None]:
        """Return the least and the most counted tokens that the wishes and a request leave."""
        spans = [wish.length for wish in self._wishes if wish.length is not None]
        spans += [] if asked is None else [asked]
        least = max([0, *(span[0] for span in spans)])
        most = min((span[1] for span in spans), default=None)
        for wish in self._wishes:
            end = max(wish.places, default=-1) + 1
            if most is not None and end > most:
                raise ConfigurationError(
                    f"{wish.name} asks for something at position {end}, but the length is at most {most}; ask for "
                    f"a length of at least {end}"
                )
            least = max(least, end)
        if most is not None and least > most:
            raise ConfigurationError(f"a length of at least {least} and at most {most} is asked for by {self._named()}")
        return least, most

    def _language(self, longest: int | None) -> Language:
        language = self._grammar
        for wish in self._wishes:
            if wish.of_length and longest is None:
                raise ConfigurationError(f"{wish.name} asks for a share, so a length must be asked for too")
            parts = (*wish.languages, *(part(longest or 0) for part in wish.of_length))
            for part in parts:
                language = language.within(part)
        return language

    def _sets(self) -> dict[int, NDArray[np.bool_]]:
        """Return which ids may stand at each position that a wish speaks of, ``bool [N]`` each."""
        sets: dict[int, NDArray[np.bool_]] = {}
        for wish in self._wishes:
            for position, ids in wish.places.items():
                members = np.isin(self.inside, ids)
                sets[position] = sets[position] & members if position in sets else members
        return sets

    def _named(self) -> str:
        return " and ".join(dict.fromkeys(wish.name for wish in self._wishes)) or "its grammar"


def _of_length(least: int, most: int | None) -> str:
    if most is None:
        return ""
    return f" of length {most}" if least == most else f" of length {least} to {most}"
