"""Which pieces may come in a state, and what each leaves to be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Ranges
from biomatrix.entities.molecule.smiles_automaton.core import Core, Mode
from biomatrix.entities.molecule.smiles_automaton.machine import ATOMS, Machine
from biomatrix.entities.molecule.smiles_automaton.pieces import MOST_RETURNS, Node, Pieces
from biomatrix.entities.molecule.smiles_automaton.plans import plan_of
from biomatrix.entities.molecule.smiles_automaton.reducing import reduced
from biomatrix.entities.table_automaton import ranges_of

Row = tuple[int, int, int, int, bool]
"""A piece: its id, the atoms it writes, and the characters, atoms and growth of the plan behind it."""
_LETTERED: Final = (Mode.BRACKET, Mode.PERCENT)


@dataclass(frozen=True, eq=False)
class Menu:
    """The pieces that may come where nothing is short, ascending by id.

    Legend: n pieces.

    Parameters
    ----------
    ids : ndarray, shape=(n,), dtype=int64
    added : ndarray, shape=(n,), dtype=int64
        The atoms that each writes.
    characters, atoms : ndarray, shape=(n,), dtype=int64
        What the plan behind each writes, less what the plan of the state itself writes.
    grows : ndarray, shape=(n,), dtype=bool
        Whether more atoms can be written behind it.
    free, growing : Ranges
        The ids of all, and of those behind which more atoms can be written.
    """

    ids: NDArray[np.int64]
    added: NDArray[np.int64]
    characters: NDArray[np.int64]
    atoms: NDArray[np.int64]
    grows: NDArray[np.bool_]
    free: Ranges
    growing: Ranges


class Menus:
    """Menus by state, remembered by the little of a state that decides them.

    Parameters
    ----------
    machine : Machine
    pieces : Pieces
    end_id : int
        The id that ends the string.
    """

    def __init__(self, machine: Machine, pieces: Pieces, end_id: int) -> None:
        self._machine = machine
        self._pieces = pieces
        self._end_id = end_id
        self._ranges: dict[bytes, Ranges] = {}

    def of(self, core: Core) -> Menu:
        """Return the menu of a state."""
        try:
            return core.notes["menu"]  # type: ignore[no-any-return]
        except KeyError:
            pass
        machine = self._machine
        whole = reduced(machine, core, MOST_RETURNS, rings=True)
        if "menu" not in whole.notes:
            rows = self._rows(whole, self._pieces.returning, "returning")
            rows = rows + self._rows(reduced(machine, core, 0, rings=True), self._pieces.numbered, "numbered")
            rows = rows + self._rows(reduced(machine, core, 0, rings=False), self._pieces.growing, "growing")
            whole.notes["menu"] = self._menu(rows, machine.ends(whole))
        menu = core.notes["menu"] = whole.notes["menu"]
        return menu  # type: ignore[no-any-return]

    def _rows(self, core: Core, trie: Node, name: str) -> tuple[Row, ...]:
        """Return the pieces of a trie that may come in a reduced state, each with what its plan adds to the state's."""
        if name not in core.notes:
            before = plan_of(self._machine, core)
            found: list[Row] = []
            self._walk(core, trie, 0, found)
            least = (before.characters, before.atoms) if before is not None else (0, 0)
            core.notes[name] = tuple(
                (id_, added, characters - least[0], atoms - least[1], grows)
                for id_, added, characters, atoms, grows in found
            )
        return core.notes[name]  # type: ignore[no-any-return]

    def _walk(self, core: Core, node: Node, added: int, found: list[Row]) -> None:
        letters = ATOMS if core.mode not in _LETTERED else ()
        for character, child in node.children.items():
            after = self._machine.step(core, character)
            if after is None:
                continue
            atoms = added + (character in letters)
            if child.ids:
                plan = plan_of(self._machine, after)
                if plan is not None:
                    found += ((id_, atoms, plan.characters, plan.atoms, plan.grows) for id_ in child.ids)
            self._walk(after, child, atoms, found)

    def _menu(self, rows: tuple[Row, ...], ends: bool) -> Menu:
        if ends:
            rows = (*rows, (self._end_id, 0, 0, 0, False))
        table = np.array(sorted(rows), dtype=np.int64).reshape(-1, 5)
        ids, grows = table[:, 0], table[:, 4].astype(bool)
        free, growing = self.ranges(ids), self.ranges(ids[grows])
        return Menu(ids, table[:, 1], table[:, 2], table[:, 3], grows, free, growing)

    def ranges(self, ids: NDArray[np.int64]) -> Ranges:
        """Return ascending ids as ranges: for equal ids the same object."""
        key = ids.tobytes()
        found = self._ranges.get(key)
        if found is None:
            if len(self._ranges) >= _MOST_RANGES:
                self._ranges.clear()
            found = self._ranges[key] = ranges_of(ids)
        return found


_MOST_RANGES: Final = 20_000
