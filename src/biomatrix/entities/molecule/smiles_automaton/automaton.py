"""The automaton of SMILES over the pieces of a base tokenizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.molecule.smiles_automaton.closing import UNLIMITED, Room, fewest_tokens
from biomatrix.entities.molecule.smiles_automaton.completions import Completions
from biomatrix.entities.molecule.smiles_automaton.core import Core
from biomatrix.entities.molecule.smiles_automaton.fitting import Fitting
from biomatrix.entities.molecule.smiles_automaton.machine import Machine
from biomatrix.entities.molecule.smiles_automaton.menus import Menus
from biomatrix.entities.molecule.smiles_automaton.pieces import Pieces
from biomatrix.entities.table_automaton import inside, ranges_of
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities.molecule.counts import MoleculeCounts
    from biomatrix.entities.molecule.smiles_automaton.counting.automaton import CountingSmilesAutomaton, Shared

_NOTHING: Final[Ranges] = np.empty((0, 2), dtype=np.int64)
_MOST_JUDGED: Final = 64
"""Pieces that are judged one by one before the menu is asked."""


class SmilesAutomaton:
    """Guides a SMILES string that RDKit reads: syntax, ring bonds, valence, and aromatic systems with a Kekulé form.

    A row's state is (core or None once it has ended, tokens left to write, least and most atoms left to write, the text
    that finishes it where it is led to its end, else None). It is also
    :class:`~biomatrix.entities.automaton.Hastening` and :class:`~biomatrix.entities.automaton.Admitting`.

    Parameters
    ----------
    start_id, end_id : int
        The control pair.
    spelling : mapping of int to str
        The text of the base tokenizer's pieces, by id.
    """

    def __init__(self, start_id: int, end_id: int, spelling: Mapping[int, str]) -> None:
        self.start_id, self.end_id = start_id, end_id
        self._pieces = Pieces(spelling)
        self._machine = Machine()
        self._completions = Completions(self._machine)
        self._menus = Menus(self._machine, self._pieces, end_id)
        self._fitting = Fitting(self._machine, self._pieces, self._menus, self._completions, end_id)
        self._shared: Shared | None = None
        self.ids: NDArray[np.int64] = np.union1d(list(self._pieces.by_id), [end_id]).astype(np.int64)
        self._every = ranges_of(self.ids)

    def counting(self, counts: MoleculeCounts) -> CountingSmilesAutomaton:
        """Return the automaton that keeps counts of atoms, bonds and rings."""
        from biomatrix.entities.molecule.smiles_automaton.counting.automaton import CountingSmilesAutomaton, Shared

        if self._shared is None:
            self._shared = Shared(self._machine, self._menus, self._fitting.judge, self._pieces.by_id)
        return CountingSmilesAutomaton(self.start_id, self.end_id, self.ids, self._shared, counts)

    def start(self, bounds: Bounds) -> NDArray[Any]:
        """Return the state of one row, ``object [5]``.

        Raises
        ------
        ConfigurationError
            No string fits the bounds, or the tokenizer lacks pieces of single characters.
        """
        if self._pieces.missing:
            missing = " ".join(self._pieces.missing)
            raise ConfigurationError(
                f"SMILES cannot be spelled safely: the base tokenizer has no piece for {missing}; take a byte-level one"
            )
        least, most = bounds.range or (0, UNLIMITED)
        if most < 1 or least > most:
            raise ConfigurationError(f"no molecule_smiles segment has length {bounds.length}; ask for at least 1")
        room = Room(bounds.budget, max(least, 0), most)
        needed = fewest_tokens(self._machine, self._machine.start, room)
        if needed > bounds.budget:
            raise ConfigurationError(
                f"molecule_smiles needs at least {needed} tokens, but only {bounds.budget} may be written; ask for a "
                "shorter answer, or allow more (max_new_tokens)"
            )
        return _row(self._machine.start, *room)

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        return [
            _NOTHING
            if core is None
            else self._fitting.allowed(core, Room(tokens, least, most))
            if rest is None
            else self._only(rest)
            for core, tokens, least, most, rest in states.tolist()
        ]

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``object [R, 5]``, after one allowed id per row, ``int64 [R]``."""
        following = np.empty_like(states)
        for row, (state, id_) in enumerate(zip(states.tolist(), ids.tolist(), strict=True)):
            core, tokens, least, most, rest = state
            if core is None or id_ == self.end_id:
                following[row] = None, tokens - 1, least, most, rest
                continue
            after, added = self._fitting.after(core, id_)
            following[row] = after, tokens - 1, max(least - added, 0), most - added, rest and rest[1:]
        return following

    def candidates(self, states: States) -> Sequence[Ranges]:
        """Return for each row every piece and the end token; where a text finishes the string, what comes next."""
        return [
            _NOTHING if core is None else self._every if rest is None else self._only(rest)
            for core, _, _, _, rest in states.tolist()
        ]

    def first_admitted(self, states: States, orders: NDArray[np.int64], *, owed: bool) -> NDArray[np.int64]:
        """Return the place of the first id of each row's that may come, ``int64 [R]``; -1 where it is not known."""
        rows = zip(states.tolist(), orders, orders[:, :_MOST_JUDGED].tolist(), strict=True)
        return np.array([self._first(*row, owed) for row in rows], dtype=np.int64)

    def _first(self, state: list[Any], order: NDArray[np.int64], ids: list[int], owed: bool) -> int:
        """Return the place of the first piece that may come: judged one by one, or where that does not tell, listed.

        Parameters
        ----------
        order, ids :
            All pieces, and the first of them.
        """
        core, tokens, least, most, rest = state
        if core is None:
            return -1
        if rest is None:
            room = Room(tokens, least, most)
            for place, id_ in enumerate(ids):
                found = self._fitting.admits(core, room, id_)
                if not found and owed and id_ == self.end_id and self._owes_end(*state):
                    found = True if self._fitting.is_ample(core, room) else None
                if found:
                    return place
                if found is None:
                    break
            else:
                if len(order) == 1:
                    return -1
            ranges = self._fitting.allowed(core, room)
            if owed and self._owes_end(*state):
                ranges = self._menus.with_end(ranges)
        else:
            ranges = self._only(rest)
        places = inside(ranges, order)
        return int(places.argmax()) if places.any() else -1

    def offered(self, states: States, allowed: Sequence[Ranges]) -> Sequence[Ranges]:
        """Return for each row the ids that are allowed, and the end token where only what is open forbids it."""
        return [
            self._menus.with_end(ranges) if self._owes_end(*state) else ranges
            for state, ranges in zip(states.tolist(), allowed, strict=True)
        ]

    def hastened(self, states: States, ids: NDArray[np.int64]) -> tuple[States, NDArray[np.int64], NDArray[np.bool_]]:
        """Return rows that drew an owed end as they are led to it; one for which no way is known ends, as a draft."""
        drew = ids == self.end_id
        for row in np.flatnonzero(drew).tolist():
            drew[row] = self._owes_end(*states[row])
        if drew.any():
            states, ids = states.copy(), ids.copy()
            for row in np.flatnonzero(drew).tolist():
                core, tokens, _, most, _ = states[row]
                rest = self._completions.shortest(core, Room(tokens, 0, most)) or ""
                states[row, 4] = rest
                ids[row] = self._pieces.single[rest[0]] if rest else self.end_id
        return states, ids, drew

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        return np.array([core is None for core in states[:, 0]], dtype=bool)

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the tokens, the end token among them, that surely finish each row, ``int64 [R]``."""
        rows = [
            0
            if core is None
            else fewest_tokens(self._machine, core, Room(tokens, least, most))
            if rest is None
            else len(rest) + 1
            for core, tokens, least, most, rest in states.tolist()
        ]
        return np.array(rows, dtype=np.int64)

    def _owes_end(self, core: Core | None, tokens: int, least: int, most: int, rest: str | None) -> bool:
        """Return whether something is written, and nothing but what is open forbids the end."""
        if core is None or rest is not None or least > 0:
            return False
        return core is not self._machine.start and not self._machine.ends(core)

    def _only(self, rest: str) -> Ranges:
        """Return the one id that may come where a text finishes the string."""
        id_ = self._pieces.single[rest[0]] if rest else self.end_id
        return self._menus.ranges(np.array([id_], dtype=np.int64))


def _row(core: Core, tokens: int, least: int, most: int) -> NDArray[Any]:
    row = np.empty(5, dtype=object)
    row[:] = core, tokens, least, most, None
    return row
