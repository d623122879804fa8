"""The automaton of one given string of symbols, of which only the structure codes are left to choose.

Legend of shapes: R rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.molecule.selfies_automaton.alphabet import Spelt
from biomatrix.entities.table_automaton import ranges_of
from biomatrix.errors import ConfigurationError


class FixedAutomaton:
    """Allows at each place the ids of one symbol, then the end token.

    A row's state is the number of tokens written.

    Parameters
    ----------
    inner : Spelt
        The automaton that is narrowed; what is fixed must be in its language.
    choices : sequence of sequence of int
        The ids of each place, ascending.
    what : str
        What is fixed, for messages.
    """

    def __init__(self, inner: Spelt, choices: Sequence[Sequence[int]], what: str) -> None:
        self.start_id, self.end_id, self.ids = inner.start_id, inner.end_id, inner.ids
        self.alphabet = inner.alphabet
        self._inner, self._what = inner, what
        self._firsts = [ids[0] for ids in choices] + [inner.end_id]
        sets: dict[tuple[int, ...], Ranges] = {}
        for ids in [*map(tuple, choices), (inner.end_id,), ()]:
            sets.setdefault(ids, ranges_of(np.array(ids, dtype=np.int64)))
        self._ranges = [sets[ids] for ids in [*map(tuple, choices), (inner.end_id,), ()]]

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [1]``.

        Raises
        ------
        ConfigurationError
            The string has another length, more tokens than may be written, or breaks another constraint.
        """
        if len(self._firsts) > bounds.budget:
            raise ConfigurationError(
                f"{self._what} takes {len(self._firsts)} tokens, but only {bounds.budget} may be written; allow more "
                "(max_new_tokens)"
            )
        states = self._inner.start(bounds)[None]
        for place, id_ in enumerate(self._firsts):
            if not any(start <= id_ < stop for start, stop in self._inner.allowed(states)[0]):
                asked = "" if bounds.length is None else f" or the length asked for, {bounds.length}"
                raise ConfigurationError(
                    f"{self._what} breaks another constraint{asked}: its token {place + 1} of {len(self._firsts)} "
                    "may not come there"
                )
            states = self._inner.advance(states, np.array([id_], dtype=np.int64))
        return np.zeros(1, dtype=np.int64)

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids of its next symbol; none once it has ended."""
        return [self._ranges[place] for place in states[:, 0].tolist()]

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, 1]``, after one allowed id per row, ``int64 [R]``."""
        following: States = np.minimum(states + 1, len(self._firsts))
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        done: NDArray[np.bool_] = states[:, 0] == len(self._firsts)
        return done

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the tokens that remain, the end token among them, ``int64 [R]``."""
        left: NDArray[np.int64] = len(self._firsts) - states[:, 0]
        return left
