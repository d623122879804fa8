"""Which pieces of a state leave a string that can still be finished in what is left: all of them, or one alone."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Ranges
from biomatrix.entities.molecule.smiles_automaton.closing import UNLIMITED, Room, plans_of
from biomatrix.entities.molecule.smiles_automaton.completions import Completions
from biomatrix.entities.molecule.smiles_automaton.core import Core
from biomatrix.entities.molecule.smiles_automaton.judging import Judge
from biomatrix.entities.molecule.smiles_automaton.machine import ATOMS, Machine
from biomatrix.entities.molecule.smiles_automaton.menus import Menu, Menus
from biomatrix.entities.molecule.smiles_automaton.pieces import Pieces
from biomatrix.entities.molecule.smiles_automaton.plans import plan_of
from biomatrix.errors import ConfigurationError

_AMPLE_TOKENS: Final = 150
"""Tokens beyond the plan from which on it makes no difference how many there are."""
_SLACK: Final = 4
"""By how much the plan behind a piece may differ from what its menu, made for reduced states, says."""
_AMPLE: Final = 4 * _SLACK
"""Tokens and atoms beyond a plan with which its first piece is beyond doubt, whatever it is."""
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


class Fitting:
    """Says which pieces may come in a state and a room, and which state is behind a piece.

    Parameters
    ----------
    machine : Machine
    pieces : Pieces
    menus : Menus
    completions : Completions
    end_id : int
        The id that ends the string.
    """

    def __init__(self, machine: Machine, pieces: Pieces, menus: Menus, completions: Completions, end_id: int) -> None:
        self._machine, self._pieces, self._menus, self._completions = machine, pieces, menus, completions
        self.judge = Judge(machine, pieces)
        self._end_id = end_id

    def after(self, core: Core, id_: int) -> tuple[Core, int]:
        """Return the state after a piece, and the atoms it writes; ConfigurationError where it may not come."""
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
        return after, self._machine.atoms_in(core, piece) if ATOMS.intersection(piece) else 0

    def admits(self, core: Core, room: Room, id_: int) -> bool | None:
        """Return whether one piece, or the end, is among :meth:`allowed`; None where only all of them together tell.

        False is also said of the one piece that may come where all others are refused.
        """
        if id_ == self._end_id:
            return room.least == 0 and self._machine.ends(core)
        figures = self.judge.figures(core, id_)
        if figures is None or figures.added > room.most:
            return False
        plan = plan_of(self._machine, core)
        if plan is not None:
            further = max(room.least - figures.added, 0)
            cheap = figures.characters + further + (plan.characters + _SLACK + 2) <= room.tokens
            holds = figures.added + figures.atoms + (plan.atoms + _SLACK) <= room.most
            if cheap and holds and (figures.grows or further == 0):
                return True
            if plan.characters <= _LITTLE:
                return None
            if holds or not cheap:
                return False
        return self._holds(room, *self.after(core, id_))

    def is_ample(self, core: Core, room: Room) -> bool:
        """Return whether some piece surely fits where no atoms are owed: the first of the general plan."""
        plan = plan_of(self._machine, core)
        return plan is not None and room.holds(
            plan._replace(characters=plan.characters + _AMPLE, atoms=plan.atoms + _AMPLE)
        )

    def allowed(self, core: Core, room: Room) -> Ranges:
        """Return the pieces that may come, and the end."""
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
        ends = menu.ids == self._end_id
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
            fits[place] = self._holds(room, *self.after(core, int(menu.ids[place])))
        if fits.any():
            chosen: NDArray[np.int64] = menu.ids[fits]
            return chosen
        way = self._completions.find(core, room)
        return np.array([self._pieces.single[way[0]] if way else self._end_id], dtype=np.int64)

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
