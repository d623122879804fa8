"""Which pieces may come in a state, and what each leaves to be done."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Ranges
from biomatrix.entities.molecule.smiles_automaton.core import Core, Mode
from biomatrix.entities.molecule.smiles_automaton.judging import DIGITS, LETTERED, NUMBERING
from biomatrix.entities.molecule.smiles_automaton.live import ring_numbers
from biomatrix.entities.molecule.smiles_automaton.machine import ATOMS, Machine
from biomatrix.entities.molecule.smiles_automaton.pieces import Node, Pieces
from biomatrix.entities.molecule.smiles_automaton.plans import plan_of
from biomatrix.entities.molecule.smiles_automaton.reducing import Reductions
from biomatrix.entities.table_automaton import ranges_of

Row = tuple[int, int, int, int, bool]
"""A piece: its id, the atoms it writes, and the characters, atoms and growth of the plan behind it, the first two less
those of the state before it."""
Rows = tuple[Row, ...]
_MOST: Final = 20_000
"""Menus, sets of pieces and ranges that are kept; beyond, all are forgotten and made again as they are met."""


class Part(NamedTuple):
    """Some pieces of a menu, which states share: ``number`` says which they are."""

    number: int
    rows: Rows


_EMPTY: Final = Part(0, ())


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
    most_characters, most_atoms, most_added : int
        The largest of characters, of atoms written and planned together, and of atoms written.
    free, growing : Ranges
        The ids of all, and of those behind which more atoms can be written.
    """

    ids: NDArray[np.int64]
    added: NDArray[np.int64]
    characters: NDArray[np.int64]
    atoms: NDArray[np.int64]
    grows: NDArray[np.bool_]
    most_characters: int
    most_atoms: int
    most_added: int
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
        self._ended: dict[int, tuple[Ranges, Ranges]] = {}
        """With the end token, by the identity of ranges; those are kept so that no others can take it."""
        self._parts: dict[Rows, Part] = {(): _EMPTY}
        self._menus: dict[tuple[int | Row, ...], Menu] = {}
        self._numbers = itertools.count(1)

    def of(self, core: Core) -> Menu:
        """Return the menu of a state."""
        try:
            return core.notes["menu"]  # type: ignore[no-any-return]
        except KeyError:
            pass
        pieces, reductions = self._pieces, Reductions(self._machine, core)
        nearest = reductions.reduced(0)
        parts = [self._part(nearest, pieces.growing)]
        parts += (
            self._part(reductions.reduced(trie.reach), trie)
            for trie in pieces.reaching
            if trie.children and reductions.leaves(trie.reach)
        )
        rows: Rows = ()
        if core.mode == Mode.BRACKET:
            parts.append(self._part(nearest, pieces.numbered))
        elif core.mode in NUMBERING:
            rows = self._numbered(core)
        if pieces.mixed.children:
            rows += self._rows(core, pieces.mixed)
        if self._machine.ends(core):
            rows += ((self._end_id, 0, 0, 0, False),)
        menu = core.notes["menu"] = self._menu(parts, rows)
        return menu

    def _numbered(self, core: Core) -> Rows:
        """Return the ring numbers and the dot that may come: of the digits that open a ring, all do what one does."""
        trie, used = self._pieces.numbered, ring_numbers(core.path)
        opening = [digit for digit in DIGITS if digit in trie.children and int(digit) not in used]
        if core.mode == Mode.PERCENT or not opening:
            return self._rows(core, trie)
        first, *others = opening
        rows = self._rows(core, trie, without=others)
        like = next((row[1:] for row in rows if row[0] in trie.children[first].ids), None)
        return (
            rows if like is None else (*rows, *((id_, *like) for digit in others for id_ in trie.children[digit].ids))
        )

    def _part(self, core: Core | None, trie: Node) -> Part:
        """Return the pieces of a trie without ring numbers that may come in a reduced state."""
        if core is None:
            return _EMPTY
        found = core.parts.get(trie)
        if found is None:
            rows = self._rows(core, trie)
            found = self._parts.get(rows)
            if found is None:
                _make_room(self._parts)
                found = self._parts[rows] = Part(next(self._numbers), rows)
            core.parts[trie] = found
        return found

    def _rows(self, core: Core, trie: Node, without: Sequence[str] = ()) -> Rows:
        """Return the pieces of a trie that may come in a state, each with what its plan adds to the state's."""
        machine, before = self._machine, plan_of(self._machine, core)
        characters, atoms = (before.characters, before.atoms) if before is not None else (0, 0)
        letters = ATOMS if core.mode not in LETTERED else ()
        found: list[Row] = []
        for character, child in trie.children.items():
            after = machine.step(core, character) if character not in without else None
            if after is None:
                continue
            plan = plan_of(machine, after)
            further = (plan.characters - characters, plan.atoms - atoms) if plan is not None else (-characters, -atoms)
            added = int(character in letters)
            if plan is not None:
                found += ((id_, added, *further, plan.grows) for id_ in child.ids)
            if child.children:
                for id_, more, its_characters, its_atoms, grows in self._behind(after, child):
                    found.append((id_, added + more, its_characters + further[0], its_atoms + further[1], grows))
        return tuple(found)

    def _behind(self, core: Core, trie: Node) -> Rows:
        """Return the rows of a state amid a piece: of its reduced state, where no ring number comes."""
        if trie.numbered:
            return self._rows(core, trie)
        return self._part(Reductions(self._machine, core).reduced(trie.reach), trie).rows

    def _menu(self, parts: list[Part], rows: Rows) -> Menu:
        """Return the menu of some parts and of pieces beside them."""
        key: tuple[int | Row, ...] = (*(part.number for part in parts), *rows)
        menu = self._menus.get(key)
        if menu is None:
            _make_room(self._menus)
            menu = self._menus[key] = self._made([row for part in parts for row in part.rows] + list(rows))
        return menu

    def _made(self, rows: list[Row]) -> Menu:
        table = np.array(sorted(rows), dtype=np.int64).reshape(-1, 5)
        ids, added, characters, atoms, grows = table[:, 0], table[:, 1], table[:, 2], table[:, 3], table[:, 4] > 0
        characters_, atoms_, added_ = (int(column.max(initial=0)) for column in (characters, added + atoms, added))
        free, growing = self.ranges(ids), self.ranges(ids[grows])
        return Menu(ids, added, characters, atoms, grows, characters_, atoms_, added_, free, growing)

    def ranges(self, ids: NDArray[np.int64]) -> Ranges:
        """Return ascending ids as ranges: for equal ids the same object."""
        key = ids.tobytes()
        found = self._ranges.get(key)
        if found is None:
            _make_room(self._ranges)
            found = self._ranges[key] = ranges_of(ids)
        return found

    def with_end(self, ranges: Ranges) -> Ranges:
        """Return ranges and the end token, which is not in them: for the same object the same object."""
        found = self._ended.get(id(ranges))
        if found is None:
            _make_room(self._ended)
            ids = np.concatenate([np.arange(first, stop) for first, stop in ranges.tolist()] + [[self._end_id]])
            found = self._ended[id(ranges)] = ranges, self.ranges(np.sort(ids).astype(np.int64))
        return found[1]


def _make_room(cache: dict[Any, Any]) -> None:
    if len(cache) >= _MOST:
        cache.clear()
