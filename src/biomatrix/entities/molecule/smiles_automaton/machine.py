"""The machine that reads SMILES by characters: from a state and a character to the next state."""

from __future__ import annotations

from typing import Final

from biomatrix.entities.molecule.smiles_automaton.bonding import Bonded, attach, closed, complete, left, opened
from biomatrix.entities.molecule.smiles_automaton.brackets import BracketAtom, bracket_atom, bracket_ends
from biomatrix.entities.molecule.smiles_automaton.core import BONDS, EXTENDED, Core, Mode
from biomatrix.entities.molecule.smiles_automaton.kinds import AROMATIC, ORGANIC, Surroundings, capacity, surroundings
from biomatrix.entities.molecule.smiles_automaton.live import Live, Matchings, Path, ring_number_of

_MOST_CORES: Final = 250_000
"""States kept; beyond, all are forgotten and made again as they are met."""
_ATOM_COMES: Final = frozenset({Mode.START, Mode.ATOM, Mode.CLOSED, Mode.BOND, Mode.OPENED, Mode.BRANCH_BOND})
_SIMPLE: Final = frozenset(symbol for symbol in ORGANIC if len(symbol) == 1)
ATOMS: Final = frozenset("BCNOPSFIbcnops*[")
"""Characters that begin an atom outside brackets; ``l`` and ``r`` only extend one."""
_BOUNDLESS: Final = 1 << 20
_MOST_OPEN: Final = 20
"""Rings that may be open at once where an aliphatic atom opens another."""
_MOST_OPEN_AROMATIC: Final = 90
"""The same of an aromatic atom, which often has to open one."""


class Machine:
    """States by their contents, and the steps between them."""

    def __init__(self) -> None:
        self._cores: dict[tuple[Mode, str, str, Path, Matchings], Core] = {}
        self.age = 0
        """How often all states were forgotten: whoever keeps some forgets them then too."""
        self.start = self.core(Mode.START)

    def core(self, mode: Mode, bond: str = "", text: str = "", path: Path = (), runs: Matchings = ()) -> Core:
        """Return the state with these contents."""
        key = (mode, bond, text, path, runs)
        core = self._cores.get(key)
        if core is None:
            if len(self._cores) >= _MOST_CORES:
                self._forget()
            core = self._cores[key] = Core(mode, bond, text, path, runs)
        return core

    def _forget(self) -> None:
        """Forget all states but the first, and what each remembers: they hold one another by that."""
        start = self.start
        for core in self._cores.values():
            core.forget()
        self._cores.clear()
        self._cores[start.mode, start.bond, start.text, start.path, start.runs] = start
        self.age += 1

    def step(self, core: Core, character: str) -> Core | None:
        """Return the state after one more character, None where it may not come."""
        try:
            return core.steps[character]
        except KeyError:
            found = core.steps[character] = self._step(core, character)
            return found

    def read(self, core: Core, text: str) -> Core | None:
        """Return the state after a text, None where some character of it may not come."""
        state: Core | None = core
        for character in text:
            if state is None:
                return None
            state = self.step(state, character)
        return state

    def atoms_in(self, core: Core, text: str) -> int:
        """Return the atoms that a text, which may come in a state, writes."""
        count, state = 0, core
        for character in text:
            count += character in ATOMS and state.mode not in (Mode.BRACKET, Mode.PERCENT)
            following = self.step(state, character)
            state = state if following is None else following
        return count

    def ends(self, core: Core) -> bool:
        """Return whether the string may end in a state."""
        known = core.notes.get("ends")
        if known is None:
            known = core.mode in (Mode.ATOM, Mode.CLOSED) and complete(core.path, core.runs)
            core.notes["ends"] = known
        return bool(known)

    def _step(self, core: Core, character: str) -> Core | None:
        mode = core.mode
        if mode == Mode.BRACKET:
            return self._in_bracket(core, core.text + character)
        if mode == Mode.PERCENT:
            return self._in_percent(core, core.text + character)
        if core.bond == "<":
            return self.core(mode, "<-", "", core.path, core.runs) if character == "-" else None
        if character.isdigit():
            return self._ring(core, int(character)) if mode in (Mode.ATOM, Mode.BOND) else None
        if character == "%":
            allowed = mode in (Mode.ATOM, Mode.BOND)
            return self.core(Mode.PERCENT, core.bond, "%", core.path, core.runs) if allowed else None
        if character == ">":
            return self.core(mode, "->", "", core.path, core.runs) if core.bond == "-" else None
        if character in BONDS:
            return self._bond(core, character)
        if character in "().":
            return self._bracket_of_branch(core, character)
        return self._atom(core, character)

    def _atom(self, core: Core, character: str) -> Core | None:
        if core.text and character == EXTENDED[core.text][0]:
            return self._extended(core, EXTENDED[core.text][1])
        if character == "[":
            return self.core(Mode.BRACKET, core.bond, "[", core.path, core.runs)
        if character in _SIMPLE:
            text = character if character in EXTENDED else ""
            return self._bonded(core, capacity(character), None, text)
        return self._bonded(core, 0, surroundings(character)) if character in AROMATIC else None

    def _extended(self, core: Core, fewer: int) -> Core | None:
        """Return the state where a letter turns out to be the first of two: the atom has a smaller valence."""
        last = core.current
        if last.labels or last.free < fewer:
            return None
        path = (*core.path[:-1], last._replace(free=last.free - fewer))
        return self.core(Mode.ATOM, "", "", path, core.runs)

    def _in_bracket(self, core: Core, text: str) -> Core | None:
        if not text.endswith("]"):
            if not bracket_ends(text):
                return None
            following = self.core(Mode.BRACKET, core.bond, text, core.path, core.runs)
            following.inside = core.base
            return following
        atom = bracket_atom(text)
        return None if atom is None else self.bonded(core, atom)

    def bonded(self, core: Core, atom: BracketAtom) -> Core | None:
        """Return the state after a whole bracket atom, in a state inside or before it."""
        return self._bonded(core, atom.capacity, atom.surroundings)

    def _bonded(self, core: Core, room: int, aromatic: Surroundings | None, text: str = "") -> Core | None:
        if aromatic is not None or not core.path:
            return self._after(attach(core.path, core.runs, core.bond, room, aromatic), Mode.ATOM, text)
        if core.joint is False:
            core.joint = attach(core.path, core.runs, core.bond, _BOUNDLESS, None)
        if not core.joint:
            return None
        path, runs = core.joint  # type: ignore[misc]
        last = path[-1]
        free = room - (_BOUNDLESS - last.free)
        atom = Live(None, free, 0, last.exo, False, (), last.gap, last.link)
        return self.core(Mode.ATOM, "", text, (*path[:-1], atom), runs) if free >= 0 else None

    def _after(self, bonded: Bonded | None, mode: Mode, text: str = "") -> Core | None:
        return None if bonded is None else self.core(mode, "", text, *bonded)

    def _bond(self, core: Core, character: str) -> Core | None:
        if core.bond or core.mode == Mode.START:
            return None
        mode = Mode.BOND if core.mode == Mode.ATOM else Mode.BRANCH_BOND
        return self.core(mode, character, "", core.path, core.runs)

    def _in_percent(self, core: Core, text: str) -> Core | None:
        if not text[1:].isdigit() or text[1] == "0":
            return None
        if len(text) == 2:
            return self.core(Mode.PERCENT, core.bond, text, core.path, core.runs)
        return self._ring(core, int(text[1:]))

    def _ring(self, core: Core, number: int) -> Core | None:
        labels = [label for atom in core.path for label in atom.labels]
        label = next((each for each in labels if ring_number_of(each) == number), None)
        if label is not None:
            return self._after(closed(core.path, core.runs, label, core.bond), Mode.ATOM)
        most = _MOST_OPEN if core.current.aromatic is None else _MOST_OPEN_AROMATIC
        path = opened(core.path, number, core.bond) if len(labels) < most else None
        return None if path is None else self.core(Mode.ATOM, "", "", path, core.runs)

    def _bracket_of_branch(self, core: Core, character: str) -> Core | None:
        if core.mode not in (Mode.ATOM, Mode.CLOSED):
            return None
        if character == "(":
            path = (*core.path[:-1], core.current._replace(branch=True))
            return self.core(Mode.OPENED, "", "", path, core.runs)
        if character == ")":
            return self._after(left(core.path, core.runs), Mode.CLOSED)
        return self.start if self.ends(core) else None
