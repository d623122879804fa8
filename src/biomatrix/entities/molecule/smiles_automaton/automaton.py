"""The automaton of SMILES over the pieces of a base tokenizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.molecule.smiles_automaton.closing import UNLIMITED, Room, fewest_tokens, plans_of
from biomatrix.entities.molecule.smiles_automaton.completions import Completions
from biomatrix.entities.molecule.smiles_automaton.core import Core
from biomatrix.entities.molecule.smiles_automaton.machine import Machine
from biomatrix.entities.molecule.smiles_automaton.menus import Menu, Menus
from biomatrix.entities.molecule.smiles_automaton.pieces import Pieces
from biomatrix.entities.molecule.smiles_automaton.plans import plan_of
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities.molecule.counts import MoleculeCounts
    from biomatrix.entities.molecule.smiles_automaton.counting.automaton import CountingSmilesAutomaton, Shared

_NOTHING: Final[Ranges] = np.empty((0, 2), dtype=np.int64)
_AMPLE_TOKENS: Final = 150
"""Tokens beyond the plan from which on it makes no difference how many there are."""
_SLACK: Final = 4
"""By how much the plan behind a piece may differ from what its menu, made for reduced states, says."""
_MARGIN: Final = 3
"""Tokens and atoms beyond a plan without which a way to carry it out is looked for."""
_ENOUGH: Final = 12
"""Pieces beyond doubt from which on those with doubtful numbers of tokens are not tried one by one."""
_LITTLE: Final = 4
"""Characters of a plan up to which pieces are tried one by one where tokens are short."""
_FEW: Final = 12
"""Tokens up to which every piece in doubt is tried all the same."""
_MOST_ROOMS: Final = 64
_MOST_AFTER: Final = 512
"""What a state keeps at most: answers by room, and states by piece."""


class SmilesAutomaton:
    """Guides a SMILES string that RDKit reads: syntax, ring bonds, valence, and aromatic systems with a Kekulé form.

    A row's state is (core or None once it has ended, tokens left to write, least and most atoms left to write, the text
    that finishes it where it is led to its end, else None). It is also
    :class:`~biomatrix.entities.automaton.Hastening`.

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
        self._shared: Shared | None = None
        self.ids: NDArray[np.int64] = np.union1d(list(self._pieces.by_id), [end_id]).astype(np.int64)

    def counting(self, counts: MoleculeCounts) -> CountingSmilesAutomaton:
        """Return the automaton that keeps counts of atoms, bonds and rings."""
        from biomatrix.entities.molecule.smiles_automaton.counting.automaton import CountingSmilesAutomaton, Shared

        if self._shared is None:
            self._shared = Shared(self._machine, self._menus, self._pieces.by_id)
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
            else self._allowed(core, Room(tokens, least, most))
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
            after, added = self._after(core, id_)
            following[row] = after, tokens - 1, max(least - added, 0), most - added, rest and rest[1:]
        return following

    def offered(self, states: States, allowed: Sequence[Ranges]) -> Sequence[Ranges]:
        """Return for each row the ids that are allowed, and the end token where only what is open forbids it."""
        return [
            self._menus.with_end(ranges) if self._owes_end(*state) else ranges
            for state, ranges in zip(states.tolist(), allowed, strict=True)
        ]

    def hastened(self, states: States, ids: NDArray[np.int64]) -> tuple[States, NDArray[np.int64], NDArray[np.bool_]]:
        """Return rows that drew an owed end as they are led to it; one for which no way is known ends, as a draft."""
        drew = np.array(
            [id_ == self.end_id and self._owes_end(*state) for state, id_ in zip(states.tolist(), ids, strict=True)]
        )
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

    def _after(self, core: Core, id_: int) -> tuple[Core, int]:
        """Return the state after a piece, and the atoms it writes."""
        known = core.after.get(id_)
        if known is None:
            if len(core.after) >= _MOST_AFTER:
                core.after.clear()
            known = core.after[id_] = self._read(core, id_)
        return known

    def _read(self, core: Core, id_: int) -> tuple[Core, int]:
        piece = self._pieces.by_id.get(id_)
        after = None if piece is None else self._machine.read(core, piece)
        if piece is None or after is None:
            raise ConfigurationError(f"id {id_} ({piece!r}) may not come here in a SMILES string")
        return after, self._machine.atoms_in(core, piece)

    def _allowed(self, core: Core, room: Room) -> Ranges:
        menu = self._menus.of(core)
        plan = plan_of(self._machine, core)
        if (
            plan is not None
            and len(menu.growing)
            and room.tokens >= plan.characters + room.least + menu.most_characters + _SLACK + 2
            and room.most >= plan.atoms + menu.most_atoms + _SLACK
            and (room.least == 0 or room.least > menu.most_added)
        ):
            return menu.growing if room.least else menu.free
        tokens = min(room.tokens, room.least + len(core.path) * 8 + _AMPLE_TOKENS * 2)
        key = (tokens, room.least, min(room.most, room.least + UNLIMITED // 2))
        found = core.rooms.get(key)
        if found is None:
            if len(core.rooms) >= _MOST_ROOMS:
                core.rooms.clear()
            found = core.rooms[key] = self._menus.ranges(self._fitting(core, menu, room))
        return found

    def _fitting(self, core: Core, menu: Menu, room: Room) -> NDArray[np.int64]:
        """Return the pieces of a menu that leave a string that can be finished in the room, ``int64 [n]``.

        The menu's own figures suffice for most. Pieces that they leave in doubt are tried where atoms are short, and
        where tokens are so short that little is left beyond doubt, unless much is owed: such a string has run to its
        budget. Where all are refused, the string is finished in the one way that is known to work; where none is known,
        it ends as it is, within its budget and as a draft that its reader refuses.
        """
        plan = plan_of(self._machine, core)
        ends = menu.ids == self.end_id
        sure = np.zeros(len(menu.ids), dtype=bool)
        doubtful = ~ends & (menu.added <= room.most)
        if plan is not None:
            atoms = menu.atoms + (plan.atoms + _SLACK)
            further = np.maximum(room.least - menu.added, 0)
            cost = menu.characters + further + (plan.characters + _SLACK + 2)
            cheap = cost <= room.tokens
            sure = cheap & (menu.added + atoms <= room.most) & (menu.grows | (further == 0)) & ~ends
            if plan.characters > _LITTLE or (sure.sum() >= _ENOUGH and room.tokens > _FEW):
                doubtful &= cheap & (menu.added + atoms > room.most)
        fits = sure | (ends & (room.least == 0))
        for place in np.flatnonzero(~fits & doubtful).tolist():
            fits[place] = self._holds(room, *self._after(core, int(menu.ids[place])))
        if fits.any():
            chosen: NDArray[np.int64] = menu.ids[fits]
            return chosen
        way = self._completions.find(core, room)
        return np.array([self._pieces.single[way[0]] if way else self.end_id], dtype=np.int64)

    def _holds(self, room: Room, after: Core, added: int) -> bool:
        """Return whether a string can be finished behind a piece; where the room is tight, by finding a way."""
        left = Room(room.tokens - 1, max(room.least - added, 0), room.most - added)
        ample = Room(left.tokens - _MARGIN, left.least, left.most - _MARGIN)
        plan = plan_of(self._machine, after)
        if plan is not None and ample.holds(plan):
            return True
        plans = plans_of(self._machine, after)
        if min((left.cost(plan) for plan in plans), default=UNLIMITED) > left.tokens:
            return False
        return any(ample.holds(plan) for plan in plans) or self._completions.find(after, left) is not None


def _row(core: Core, tokens: int, least: int, most: int) -> NDArray[Any]:
    row = np.empty(5, dtype=object)
    row[:] = core, tokens, least, most, None
    return row
