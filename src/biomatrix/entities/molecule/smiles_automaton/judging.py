"""What the menu of a state says of one piece, without the menu: by reading that piece alone.

As the menu does, a piece is read from a reduced state, which many states share, and its state is reduced again behind
every character; so what is found is what the menu would hold, and few states are new.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from biomatrix.entities.molecule.smiles_automaton.core import Core, Mode
from biomatrix.entities.molecule.smiles_automaton.live import ring_numbers
from biomatrix.entities.molecule.smiles_automaton.machine import ATOMS, Machine
from biomatrix.entities.molecule.smiles_automaton.pieces import Node, Pieces
from biomatrix.entities.molecule.smiles_automaton.plans import plan_of
from biomatrix.entities.molecule.smiles_automaton.reducing import Reductions

LETTERED: Final = (Mode.BRACKET, Mode.PERCENT)
"""Where letters begin no atom."""
NUMBERING: Final = (Mode.ATOM, Mode.CLOSED, Mode.BOND, Mode.PERCENT)
"""Where a ring number or a dot may come."""
DIGITS: Final = "1234567890"
"""The digits, the usual first."""


class Figures(NamedTuple):
    """What a menu says of a piece.

    Parameters
    ----------
    added : int
        The atoms that it writes.
    characters, atoms : int
        What the plan behind it writes, less what the plan of the state writes.
    grows : bool
        Whether more atoms can be written behind it.
    """

    added: int
    characters: int
    atoms: int
    grows: bool


class _Way(NamedTuple):
    """A piece and the nodes that it leads to in its trie, one for each character."""

    trie: Node
    text: str
    nodes: tuple[Node, ...]


class Judge:
    """Reads single pieces in states, and remembers what it found with the states.

    Parameters
    ----------
    machine : Machine
    pieces : Pieces
    """

    def __init__(self, machine: Machine, pieces: Pieces) -> None:
        self._machine, self._pieces = machine, pieces
        self._ways: dict[int, _Way] = {}

    def figures(self, core: Core, id_: int) -> Figures | None:
        """Return what the menu of a state says of a piece; None where it is not on it."""
        pieces, way = self._pieces, self._way(id_)
        if way is None:
            return None
        if way.trie is pieces.growing:
            return self._read(self._reduced(core, 0), id_, way)
        if way.trie is pieces.mixed:
            return self._read(core, id_, way)
        if way.trie is not pieces.numbered:
            return self._read(self._left(core, way.trie.reach), id_, way)
        if core.mode == Mode.BRACKET:
            return self._read(self._reduced(core, 0), id_, way)
        return self._numbered(core, id_, way) if core.mode in NUMBERING else None

    def _numbered(self, core: Core, id_: int, way: _Way) -> Figures | None:
        """Return the figures of a digit, percent sign or dot: of digits that open a ring, those of the usual one."""
        if way.text in DIGITS and core.mode != Mode.PERCENT:
            used, known = ring_numbers(core.path), self._pieces.numbered.children
            opening = [digit for digit in DIGITS if digit in known and int(digit) not in used]
            if way.text in opening:
                id_, way = known[opening[0]].ids[0], way._replace(text=opening[0])
        return self._read(core, id_, way)

    def _read(self, core: Core | None, id_: int, way: _Way) -> Figures | None:
        if core is None:
            return None
        try:
            return core.notes[id_]  # type: ignore[no-any-return]
        except KeyError:
            found = core.notes[id_] = self._figures(core, way)
            return found

    def _figures(self, core: Core, way: _Way) -> Figures | None:
        machine = self._machine
        state: Core | None = core
        added = characters = atoms = 0
        plan = None
        for character, node in zip(way.text, way.nodes, strict=True):
            before = None if state is None else plan_of(machine, state)
            after = None if state is None else machine.step(state, character)
            if state is None or after is None:
                return None
            plan = plan_of(machine, after)
            added += character in ATOMS and state.mode not in LETTERED
            characters += (plan.characters if plan else 0) - (before.characters if before else 0)
            atoms += (plan.atoms if plan else 0) - (before.atoms if before else 0)
            if node is not way.nodes[-1]:
                state = after if node.numbered else self._reduced(after, node.reach)
        return None if plan is None else Figures(added, characters, atoms, plan.grows)

    def _reduced(self, core: Core, returns: int) -> Core | None:
        key = "reduced", returns
        try:
            return core.notes[key]  # type: ignore[no-any-return]
        except KeyError:
            found = core.notes[key] = Reductions(self._machine, core).reduced(returns)
            return found

    def _left(self, core: Core, returns: int) -> Core | None:
        """Return the reduced state for pieces that leave branches; None where so many cannot be left."""
        key = "left", returns
        if key not in core.notes:
            leaves = Reductions(self._machine, core).leaves(returns)
            core.notes[key] = self._reduced(core, returns) if leaves else None
        return core.notes[key]  # type: ignore[no-any-return]

    def _way(self, id_: int) -> _Way | None:
        way = self._ways.get(id_)
        text = self._pieces.by_id.get(id_)
        if way is None and text is not None:
            trie = self._pieces.trie_of(text)
            nodes = [trie]
            for character in text:
                nodes.append(nodes[-1].children[character])
            way = self._ways[id_] = _Way(trie, text, tuple(nodes[1:]))
        return way
