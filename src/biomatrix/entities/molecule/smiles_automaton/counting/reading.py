"""What each character of a SMILES string adds to the counts: atoms by element, bonds by type, rings.

Where bonds are counted the language is narrower (``strict``), so that the counts are what RDKit finds after
sanitisation: aromatic rings stand alone, with five or six atoms of ``c``, ``n``, ``o``, ``s`` and ``[nH]``; other rings
hold a saturated carbon (the one that opens them) and no double bond. Without bonds nothing is narrowed.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from biomatrix.entities.molecule.smiles_automaton.brackets import bracket_atom
from biomatrix.entities.molecule.smiles_automaton.core import EXTENDED, Core, Mode
from biomatrix.entities.molecule.smiles_automaton.counting.aromatics import spelled, system_of
from biomatrix.entities.molecule.smiles_automaton.counting.hydrogens import FILLED, NO_RULES, Atoms, Rules, changed
from biomatrix.entities.molecule.smiles_automaton.kinds import AROMATIC, SUBSTITUTED, TWO
from biomatrix.entities.molecule.smiles_automaton.live import Live
from biomatrix.entities.molecule.smiles_automaton.machine import ATOMS, Machine

SINGLE, DOUBLE, TRIPLE, AROMATIC_BOND = range(4)
_ORDERS: Final = {"": SINGLE, "-": SINGLE, "/": SINGLE, "\\": SINGLE, "=": DOUBLE, "#": TRIPLE}
_PLAIN: Final = frozenset({"c", "n", "o", "s", "[nH]"})
_MULTIPLE: Final = frozenset("=#")


class Context(NamedTuple):
    """What the strict language remembers.

    Parameters
    ----------
    size : int
        Atoms of the aromatic ring that is being written; 0 for none.
    lone : int
        Those of them that give a lone pair.
    stale : bool
        Whether the current atom has branches already, and may have opened a ring.
    saturated : bool
        Whether the current atom is a carbon with single bonds only.
    ringed : bool
        Whether a ring that is not aromatic has been opened.
    atoms : tuple of Bonded
        The atoms that may yet be bonded; none where hydrogens are not counted and all stand outside brackets.
    """

    size: int = 0
    lone: int = 0
    stale: bool = False
    saturated: bool = False
    ringed: bool = False
    atoms: Atoms = ()


NO_CONTEXT: Final = Context()


class Added(NamedTuple):
    """What a text adds: the symbols of its atoms (with their number), bonds by type, rings, hydrogens and charge.

    The last two are of a string that ends behind the text; 0 where they are not counted.
    """

    elements: tuple[tuple[str, int], ...]
    bonds: tuple[int, int, int, int]
    rings: int
    hydrogens: int = 0
    charge: int = 0


class Step(NamedTuple):
    """Where a text leads."""

    core: Core
    context: Context
    added: Added


NOTHING: Final = Added((), (0, 0, 0, 0), 0)


def plus(first: Added, second: Added) -> Added:
    """Return what two texts add together."""
    if not second.elements:
        elements = first.elements
    else:
        numbers = dict(first.elements)
        for symbol, number in second.elements:
            numbers[symbol] = numbers.get(symbol, 0) + number
        elements = tuple(sorted((symbol, number) for symbol, number in numbers.items() if number))
    one, two, three, four = first.bonds
    single, double, triple, aromatic = second.bonds
    bonds = one + single, two + double, three + triple, four + aromatic
    hydrogens, charge = first.hydrogens + second.hydrogens, first.charge + second.charge
    return Added(elements, bonds, first.rings + second.rings, hydrogens, charge)


class Reader:
    """Reads texts, and remembers what it has read.

    Parameters
    ----------
    machine : Machine
    strict : bool
        Whether bonds are counted.
    rules : Rules
        What of hydrogens and unpaired electrons is looked at.
    """

    def __init__(self, machine: Machine, *, strict: bool, rules: Rules = NO_RULES) -> None:
        self.machine = machine
        self.strict = strict
        self.rules = rules
        self._steps: dict[tuple[Core, Context, str], Step | None] = {}

    def read(self, core: Core, context: Context, text: str) -> Step | None:
        """Return where a text leads, None where it may not come."""
        key = (core, context, text)
        try:
            return self._steps[key]
        except KeyError:
            pass
        if len(self._steps) > _MOST_STEPS:
            self._steps.clear()
        if system_of(text) is not None:
            found = self._system(core, context, text)
        elif len(text) == 1:
            found = self._exactly(core, context, text)
        else:
            found = self.run(core, context, text)
        self._steps[key] = found
        return found

    def run(self, core: Core, context: Context, text: str) -> Step | None:
        """Return where a text leads, character by character; the whole is not remembered."""
        parts = text if len(text) <= _CHUNK else _CHUNKS.findall(text)
        elements: dict[str, int] = {}
        single = double = triple = aromatic = rings = hydrogens = charge = 0
        for part in parts:
            after = self.read(core, context, part)
            if after is None:
                return None
            core, context, added = after
            if added is NOTHING:
                continue
            for symbol, number in added.elements:
                elements[symbol] = elements.get(symbol, 0) + number
            single += added.bonds[0]
            double += added.bonds[1]
            triple += added.bonds[2]
            aromatic += added.bonds[3]
            rings += added.rings
            hydrogens += added.hydrogens
            charge += added.charge
        written = tuple(sorted((symbol, number) for symbol, number in elements.items() if number))
        return Step(core, context, Added(written, (single, double, triple, aromatic), rings, hydrogens, charge))

    def ends(self, core: Core, context: Context) -> bool:
        """Return whether the string may end in a state."""
        return self.machine.ends(core) and not self.rules.refuses(context.atoms)

    def _exactly(self, core: Core, context: Context, character: str) -> Step | None:
        """Return where a character leads, with what it makes of hydrogens and charge where they are counted."""
        step = self._step(core, context, character)
        named = core.mode == Mode.BRACKET and character == "]"
        if step is None or not (self.rules.exact or context.atoms or named):
            return step
        change = changed(core, self._atoms(core, context), character, step.core, self.rules)
        if change is None:
            return None
        added = step.added
        if self.rules.exact and (change.hydrogens or change.charge):
            added = added._replace(hydrogens=change.hydrogens, charge=change.charge)
        return Step(step.core, step.context._replace(atoms=self._kept(change.atoms)), added)

    def _atoms(self, core: Core, context: Context) -> Atoms:
        """Return the atoms of a path as :func:`.hydrogens.changed` takes them."""
        return context.atoms if context.atoms or self.rules.exact else (FILLED,) * len(core.path)

    def _kept(self, atoms: Atoms) -> Atoms:
        """Return the atoms of a path as a context keeps them: none where nothing tells them apart."""
        return atoms if self.rules.exact or any(atom is not FILLED for atom in atoms) else ()

    def _system(self, core: Core, context: Context, mark: str) -> Step | None:
        """Return the state behind an aromatic system, which is written whole."""
        system = system_of(mark)
        after = self.machine.read(core, spelled(mark, core))
        last = core.path[-1] if core.path else None
        if system is None or after is None or context.size or core.bond not in ("", "-"):
            return None
        if last is not None and last.aromatic is not None and core.bond != "-":
            return None
        added = Added(system.elements, (int(last is not None), 0, 0, system.aromatic), system.rings)
        behind = context._replace(stale=context.ringed, saturated=False) if self.strict else NO_CONTEXT
        atoms, hydrogens, charge, state = self._atoms(core, context), 0, 0, core
        for character in spelled(mark, core) if self.rules.exact or context.atoms else ():
            following = self.machine.step(state, character)
            change = None if following is None else changed(state, atoms, character, following, self.rules)
            if following is None or change is None:
                return None
            atoms, state = change.atoms, following
            hydrogens, charge = hydrogens + change.hydrogens, charge + change.charge
        if self.rules.exact:
            added = added._replace(hydrogens=hydrogens, charge=charge)
        return Step(after, behind._replace(atoms=self._kept(atoms)), added)

    def _step(self, core: Core, context: Context, character: str) -> Step | None:
        after = self.machine.step(core, character)
        if after is None:
            return None
        if self.strict and not _stays_exact(core, context, character):
            return None
        if core.mode == Mode.BRACKET:
            return Step(after, context, NOTHING) if character != "]" else self._atom(core, context, after)
        if core.mode == Mode.PERCENT:
            return self._ring(core, context, after, core.text[1:] + character)
        if character.isdigit():
            return self._ring(core, context, after, character)
        if core.text and core.mode == Mode.ATOM and character == EXTENDED[core.text][0]:
            changed = ((core.text, -1), (core.text + character, 1))
            return Step(after, context._replace(saturated=False), Added(changed, (0, 0, 0, 0), 0))
        if character in ATOMS and character != "[":
            return self._atom(core, context, after, character)
        if character == ")" and self.strict:
            context = context._replace(stale=context.ringed, saturated=False)
        if character == "." and self.strict:
            context = NO_CONTEXT._replace(atoms=context.atoms)
        if character in _MULTIPLE and self.strict:
            context = context._replace(saturated=False)
        return Step(after, context, NOTHING)

    def _atom(self, core: Core, context: Context, after: Core, text: str = "") -> Step | None:
        """Return the state behind an atom: ``text``, or the bracket atom that ends here."""
        if text:
            symbol, aromatic = text.capitalize(), text in AROMATIC
        else:
            text = core.text + "]"
            atom = bracket_atom(text)
            assert atom is not None
            symbol, aromatic = atom.element.capitalize(), atom.surroundings is not None
        if symbol == "*" or (symbol == "H" and not self.rules.lone):
            return None
        bonds = (0, 0, 0, 0)
        last = core.path[-1] if core.path else None
        joined = aromatic and last is not None and last.aromatic is not None and core.bond in ("", "/", "\\")
        if last is not None:
            bonds = _bond(core.bond, joined)
        if self.strict:
            bracket = text not in _PLAIN if aromatic else False
            found = _with_atom(context, last, after.path[-1], core.bond, joined) if not bracket else None
            if found is None:
                return None
            carbon = text == "C" or text in ("[C@@H]", "[C@H]", "[CH2]")
            context = found._replace(saturated=carbon and core.bond not in _MULTIPLE)
        return Step(after, context, Added(((symbol, 1),) if symbol != "H" else (), bonds, 0))

    def _ring(self, core: Core, context: Context, after: Core, digits: str) -> Step | None:
        """Return the state behind a ring number that opens or closes a ring."""
        if core.mode == Mode.PERCENT and len(core.text) == 1:
            return Step(after, context, NOTHING)
        label = int(digits)
        opener = next((atom for atom in core.path if label in atom.labels), None)
        last = core.path[-1]
        if opener is None:
            if core.bond:
                return None  # bonds are counted where rings are closed
            if self.strict and not _may_open(context, last):
                return None
            if self.strict and last.aromatic is None:
                context = context._replace(ringed=True)
            return Step(after, context, NOTHING)
        joined = opener.aromatic is not None and last.aromatic is not None and core.bond in ("", "/", "\\")
        if self.strict:
            if opener.aromatic is not None or last.aromatic is not None:
                if not joined or (context.size, context.lone) not in ((5, 1), (6, 0)):
                    return None
                context = context._replace(size=0, lone=0)
            context = context._replace(saturated=False)
        return Step(after, context, Added((), _bond(core.bond, joined), 1))


def _bond(symbol: str, joined: bool) -> tuple[int, int, int, int]:
    """Return a bond as numbers by type; a dative one is of none."""
    kind = AROMATIC_BOND if joined else _ORDERS.get(symbol, -1)
    return (int(kind == SINGLE), int(kind == DOUBLE), int(kind == TRIPLE), int(kind == AROMATIC_BOND))


def _stays_exact(core: Core, context: Context, character: str) -> bool:
    """Return whether the strict language has a character here, judged before what it writes."""
    if core.mode in (Mode.BRACKET, Mode.PERCENT):
        return True
    if character in "<>:":
        return False
    if character in _MULTIPLE:
        aliphatic = any(atom.labels and atom.aromatic is None for atom in core.path)
        return not aliphatic and not context.stale and bool(core.path) and core.path[-1].aromatic is None
    return True


def _with_atom(context: Context, last: Live | None, atom: Live, bond: str, joined: bool) -> Context | None:
    """Return the context behind an atom of the strict language, None where it has none."""
    if atom.aromatic is None:
        if last is not None and last.aromatic is not None and not _takes_a_bond(last):
            return None
        return context._replace(stale=False)
    if joined:
        if context.size in (0, 6):
            return None
    elif (
        context.size
        or (last is not None and bond in _MULTIPLE)
        or (last is not None and (not _takes_a_bond(atom) or (last.aromatic is not None and not _takes_a_bond(last))))
    ):
        return None
    lone = atom.aromatic[TWO] is False
    return Context(context.size + 1, context.lone + lone, False, False, context.ringed, context.atoms)


def _takes_a_bond(atom: Live) -> bool:
    """Return whether an aromatic atom is as aromatic with a single bond out of its ring."""
    assert atom.aromatic is not None
    return atom.aromatic[SUBSTITUTED] is not None and atom.aromatic[SUBSTITUTED] == atom.aromatic[TWO]


def _may_open(context: Context, last: Live) -> bool:
    """Return whether the strict language opens a ring on the current atom."""
    if last.labels:
        return False
    return context.size == 1 if last.aromatic is not None else context.saturated


_CHUNK: Final = 8
_CHUNKS: Final = re.compile(f"C{{{_CHUNK}}}|.")
"""Long chains are read by the piece."""
_MOST_STEPS: Final = 1_000_000
