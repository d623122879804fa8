"""The automaton of SMILES that counts: what it allows can be completed to exactly what is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.molecule.counts import MoleculeCounts
from biomatrix.entities.molecule.possible_counts import impossibility
from biomatrix.entities.molecule.smiles_automaton.core import Core, Mode
from biomatrix.entities.molecule.smiles_automaton.counting.aromatics import FIRST_MARK, spelled
from biomatrix.entities.molecule.smiles_automaton.counting.closings import Closings
from biomatrix.entities.molecule.smiles_automaton.counting.completing import Completer, width
from biomatrix.entities.molecule.smiles_automaton.counting.hydrogens import Rules
from biomatrix.entities.molecule.smiles_automaton.counting.limits import Limits
from biomatrix.entities.molecule.smiles_automaton.counting.reading import (
    NO_CONTEXT,
    NOTHING,
    Added,
    Context,
    Reader,
    plus,
)
from biomatrix.entities.molecule.smiles_automaton.counting.work import FIRST_WORK
from biomatrix.entities.molecule.smiles_automaton.judging import Judge
from biomatrix.entities.molecule.smiles_automaton.machine import Machine
from biomatrix.entities.molecule.smiles_automaton.menus import Menus
from biomatrix.entities.table_automaton import ranges_of
from biomatrix.errors import ConfigurationError

_NOTHING: Final[Ranges] = np.empty((0, 2), dtype=np.int64)

_BESIDE: Final = 4
"""Atoms beyond the rotatable bonds of a chain, and the end token."""
_MOST_CHARGE: Final = 9
_CHARGED_CHARACTERS: Final = 5
"""The most charge that is written to one atom, and the characters of such an atom."""
_RARE: Final = re.compile(r"\[\d|[:*<>]")
"""Isotopes, atom maps, dative bonds: left out where atoms are counted."""
_RARE_INSIDE: Final = re.compile(r"\d*$|.*:")
_FEW: Final = frozenset({"C", "CC", "O", "N", "S", "F", "(", ")", "=", "(=O)"})
"""The pieces that are looked at where rotatable bonds are counted: for each, whole molecules are."""


class Written(NamedTuple):
    """A row that is being written.

    Parameters
    ----------
    core, context : Core, Context
        Where the string stands.
    total : Added
        What it has so far.
    text : str
    rest : str
        A text that completes it.
    locked : str
        What is left to write of an aromatic system, which is written as planned.
    """

    core: Core
    context: Context
    total: Added
    text: str
    rest: str
    locked: str


class Shared:
    """What the counting automata of one vocabulary share, whatever they count.

    Parameters
    ----------
    machine : Machine
    menus : Menus
    judge : Judge
    pieces : mapping of int to str
    """

    def __init__(self, machine: Machine, menus: Menus, judge: Judge, pieces: Mapping[int, str]) -> None:
        self.machine, self.menus, self.judge, self.pieces = machine, menus, judge, pieces
        self.letters = {text: id_ for id_, text in pieces.items() if len(text) == 1}
        self._closings: dict[tuple[bool, Rules], Closings] = {}

    def closings(self, limits: Limits) -> Closings:
        """Return the closings by what is looked at: bonds or not, hydrogens, unpaired electrons."""
        key = limits.strict, limits.rules
        if key not in self._closings:
            self._closings[key] = Closings(Reader(self.machine, strict=limits.strict, rules=limits.rules))
        return self._closings[key]


class CountingSmilesAutomaton:
    """Guides a SMILES string with counted atoms, bonds and rings.

    A row's state is (Written or None once it has ended, tokens left, the completer of its limits). It holds a text
    that completes it: the next character of that is always allowed, and any other piece only with a completion of its
    own. So no state is a dead end, whatever the search for completions misses. It is also
    :class:`~biomatrix.entities.automaton.Admitting`.

    Parameters
    ----------
    start_id, end_id : int
    ids : ndarray, dtype=int64
        Of the automaton without counts.
    shared : Shared
    counts : MoleculeCounts
    """

    def __init__(
        self, start_id: int, end_id: int, ids: NDArray[np.int64], shared: Shared, counts: MoleculeCounts
    ) -> None:
        self.start_id, self.end_id, self.ids = start_id, end_id, ids
        self._shared = shared
        self._every = ranges_of(ids)
        self.counts = counts

    def counting(self, counts: MoleculeCounts) -> CountingSmilesAutomaton:
        """Return the automaton that keeps these counts too; ConfigurationError where no number keeps both."""
        both = self.counts.within(counts)
        return CountingSmilesAutomaton(self.start_id, self.end_id, self.ids, self._shared, both)

    def start(self, bounds: Bounds) -> NDArray[Any]:
        """Return the state of one row, ``object [3]``.

        Raises
        ------
        ConfigurationError
            No string with these counts is known within the bounds.
        """
        counts = self.counts
        if bounds.range is not None:
            counts = counts.within(MoleculeCounts(atoms=bounds.range))
        impossible = impossibility(counts)
        if impossible is not None:
            raise ConfigurationError(f"no molecule_smiles has these counts: {impossible}")
        rotatable = counts.bonds.get("rotatable", (0, None))[0]
        if rotatable + _BESIDE > bounds.budget:
            raise ConfigurationError(
                f"molecule_smiles needs {rotatable + _BESIDE} tokens for {rotatable} rotatable bonds, but only "
                f"{bounds.budget} may be written; ask for less, or allow more (max_new_tokens)"
            )
        fewest = _fewest_characters(counts)
        if fewest >= bounds.budget:  # before a string is sought, which takes long where it is
            raise ConfigurationError(
                f"molecule_smiles needs at least {fewest + 1} tokens for these counts, but only {bounds.budget} may be "
                "written; ask for less, or allow more (max_new_tokens)"
            )
        limits = Limits(counts)
        closings = self._shared.closings(limits)
        completer = Completer(closings.reader, closings, limits, frozenset(self._shared.letters))
        if completer.gave_up:
            raise ConfigurationError(
                f"molecule_smiles: a string with these counts ({counts}) takes more than {FIRST_WORK:,} steps to find, "
                "which is all that is tried; ask for smaller numbers, or for fewer counts at once"
            )
        if completer.first is None:
            raise ConfigurationError(f"no molecule_smiles is known to have these counts: {counts}")
        needed = width(completer.first) + 1
        if needed > bounds.budget:
            raise ConfigurationError(
                f"molecule_smiles needs {needed} tokens for these counts, but only {bounds.budget} may be written; ask "
                "for less, or allow more (max_new_tokens)"
            )
        first = Written(self._shared.machine.start, NO_CONTEXT, NOTHING, "", completer.first, "")
        row = np.empty(3, dtype=object)
        row[:] = first, bounds.budget, completer
        return row

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        return [
            _NOTHING if row is None else self._allowed(row, tokens, completer)
            for row, tokens, completer in states.tolist()
        ]

    def candidates(self, states: States) -> Sequence[Ranges]:
        """Return for each row every piece and the end token; where the string is written as planned, what is next."""
        rows: list[Written | None] = states[:, 0].tolist()
        return [_NOTHING if row is None else self._only(row) if row.locked else self._every for row in rows]

    def first_admitted(self, states: States, orders: NDArray[np.int64], *, owed: bool) -> NDArray[np.int64]:
        """Return the place of the first id of each row's that may come, ``int64 [R]``; -1 where none may."""
        found = np.full(len(states), -1, dtype=np.int64)
        for number, ((row, tokens, completer), order) in enumerate(zip(states.tolist(), orders.tolist(), strict=True)):
            if row is not None:
                planned = self._planned(row)
                may_come = (id_ == planned or self._admits(row, tokens, completer, id_) for id_ in order)
                found[number] = next((place for place, admitted in enumerate(may_come) if admitted), -1)
        return found

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``object [R, 3]``, after one allowed id per row, ``int64 [R]``."""
        following = np.empty_like(states)
        for place, (state, id_) in enumerate(zip(states.tolist(), ids.tolist(), strict=True)):
            row, tokens, completer = state
            ended = row is None or id_ == self.end_id
            following[place] = None if ended else self._after(row, id_, completer), tokens - 1, completer
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        return np.array([row is None for row in states[:, 0]], dtype=bool)

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the tokens, the end token among them, that surely finish each row, ``int64 [R]``."""
        rows = [0 if row is None else len(row.locked) + width(row.rest) + 1 for row in states[:, 0]]
        return np.array(rows, dtype=np.int64)

    def _planned(self, row: Written) -> int:
        """Return the id that the text which completes a row begins with."""
        planned = row.locked[:1] or row.rest[:1]
        if planned >= FIRST_MARK:
            planned = spelled(planned, row.core)[0]
        return self._shared.letters[planned] if planned else self.end_id

    def _only(self, row: Written) -> Ranges:
        return self._shared.menus.ranges(np.array([self._planned(row)], dtype=np.int64))

    def _allowed(self, row: Written, tokens: int, completer: Completer) -> Ranges:
        if row.locked:
            return self._only(row)
        menu = self._shared.menus.of(row.core).ids.tolist()
        ids = {self._planned(row), *(id_ for id_ in menu if self._completes(row, tokens, completer, id_))}
        return self._shared.menus.ranges(np.array(sorted(ids), dtype=np.int64))

    def _admits(self, row: Written, tokens: int, completer: Completer, id_: int) -> bool:
        """Return whether an id is on the menu of a row and has a completion of its own."""
        if row.locked:
            return False
        if id_ == self.end_id:
            on_menu = self._shared.machine.ends(row.core)
        else:
            on_menu = self._shared.judge.figures(row.core, id_) is not None
        return on_menu and self._completes(row, tokens, completer, id_)

    def _completes(self, row: Written, tokens: int, completer: Completer, id_: int) -> bool:
        """Return whether an id that is on the menu of a row has a completion of its own."""
        if id_ == self.end_id:
            owed = completer.limits.owed(row.total)
            return owed is not None and owed.nothing and not row.rest
        piece = self._shared.pieces[id_]
        if row.core.mode == Mode.BRACKET:
            if _RARE_INSIDE.match(piece):
                return False
        elif _RARE.search(piece):
            return False
        if completer.limits.rotatable is not None and piece not in _FEW:
            return False
        step = completer.reader.read(row.core, row.context, piece)
        if step is None:
            return False
        total = plus(row.total, step.added)
        return completer.width(step.core, step.context, total, row.text + piece) + 1 < tokens

    def _after(self, row: Written, id_: int, completer: Completer) -> Written:
        piece = self._shared.pieces.get(id_, "")
        if row.locked:
            return row._replace(text=row.text + piece, locked=row.locked[1:])
        step = completer.reader.read(row.core, row.context, piece)
        if step is not None:
            total, text = plus(row.total, step.added), row.text + piece
            rest = row.rest[1:] if row.rest[:1] == piece else completer.find(step.core, step.context, total, text)
            mark = row.rest[:1]
            if rest is None and not (mark >= FIRST_MARK and spelled(mark, row.core)[0] == piece):
                rest = completer.plainly(step.core, step.context)
            if rest is not None:
                return Written(step.core, step.context, total, text, rest, "")
        mark = row.rest[:1]
        if mark >= FIRST_MARK and spelled(mark, row.core)[0] == piece:
            step = completer.reader.read(row.core, row.context, mark)
            assert step is not None
            locked = spelled(mark, row.core)[1:]
            total = plus(row.total, step.added)
            return Written(step.core, step.context, total, row.text + piece, row.rest[1:], locked)
        raise ConfigurationError(f"id {id_} ({piece!r}) may not come here in a SMILES string of these counts")


def _fewest_characters(counts: MoleculeCounts) -> int:
    """Return the fewest characters of a string with these counts: one an atom, two a ring, one for four hydrogens.

    A charge stands in brackets: five characters, such as ``[C+9]``, for up to nine elementary charges.
    """
    heavy = sum(least for symbol, (least, _) in counts.elements.items() if symbol != "H")
    bonds = sum(least for kind, (least, _) in counts.bonds.items() if kind != "rotatable")
    hydrogens = 0 if counts.hydrogens is None else counts.hydrogens[0]
    charged = -(-abs(counts.charge or 0) // _MOST_CHARGE) * _CHARGED_CHARACTERS
    return max(heavy, counts.atoms[0], bonds, 2 * counts.rings[0], hydrogens // 4, charged)
