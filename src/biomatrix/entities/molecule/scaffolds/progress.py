"""How far a string has come with a scaffold, and how it goes on with each character.

Read by the machine of SMILES, a string may have written nothing of the scaffold, some of it, or all. What comes before
the scaffold and behind it is free. In between every atom may be decorated: a branch is read by a machine of its own
that begins at a stand-in for the atom, while the scaffold's machine sees one stand-in for the branch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from biomatrix.entities.molecule.modalities.smiles import split_smiles
from biomatrix.entities.molecule.smiles_automaton.brackets import bracket_ends
from biomatrix.entities.molecule.smiles_automaton.closing import plans_of
from biomatrix.entities.molecule.smiles_automaton.core import Core, Mode
from biomatrix.entities.molecule.smiles_automaton.machine import Machine
from biomatrix.entities.molecule.smiles_automaton.plans import Plan

_BEHIND_ATOMS: Final = frozenset({Mode.ATOM, Mode.CLOSED})
_ATOM_COMES: Final = frozenset({Mode.START, Mode.ATOM, Mode.CLOSED, Mode.BOND, Mode.OPENED, Mode.BRANCH_BOND})
_AROMATIC_BRACKET: Final = re.compile(r"\[\d*[a-z].*")
MOST_BEFORE: Final = 12
"""Characters that may stand before the scaffold; a model that never began it would never end."""
NONE: Final = -1
"""The place of a string that holds nothing of the scaffold yet."""


class Progress(NamedTuple):
    """One way to read a string.

    Parameters
    ----------
    place : int
        Characters of the scaffold written; :data:`NONE` before it.
    outer : Core
        Of the string, without the branch that is open as a decoration.
    inner : Core or None
        Of that branch.
    bond : str
        The bond that joins the branch, once its first atom is there.
    before : int
        Characters that may still be written before the scaffold, other than those that lead to it.
    """

    place: int
    outer: Core
    inner: Core | None = None
    bond: str = ""
    before: int = 0


class Reader:
    """Follows strings through one scaffold.

    Parameters
    ----------
    machine : Machine
    text : str
        Of :func:`biomatrix.entities.molecule.scaffolds.text.scaffold_text`.

    Attributes
    ----------
    start : Progress
        Before any character.
    """

    def __init__(self, machine: Machine, text: str) -> None:
        self.start = Progress(NONE, machine.start, before=MOST_BEFORE)
        self._machine = machine
        self._text = text
        self._numbers = frozenset(int(piece) for piece in split_smiles(text) if piece.isdigit())
        opened = machine.read(machine.start, "*(")
        assert opened is not None
        self._opened = opened
        self._finishes: dict[Progress, Plan | None] = {}
        self._rests: dict[Progress, Plan | None] = {}

    def done(self, progress: Progress) -> bool:
        """Return whether the scaffold is written."""
        return progress.place == len(self._text)

    def ends(self, progress: Progress) -> bool:
        """Return whether the string may end."""
        return self.done(progress) and self._machine.ends(progress.outer)

    def following(self, progress: Progress, character: str) -> list[Progress]:
        """Return the ways to read one more character that lead to a whole string."""
        return [after for after in self._steps(progress, character) if self.finish(after) is not None]

    def _steps(self, progress: Progress, character: str) -> list[Progress]:
        place, outer, inner, _, before = progress
        if inner is not None:
            return self._decorated(progress, inner, character)
        after = self._machine.step(outer, character)
        found: list[Progress] = []
        if self.done(progress):
            return [] if after is None else [progress._replace(outer=after)]
        if place == NONE and after is not None and after is not self._machine.start:  # which a dot leads to
            longer = progress._replace(outer=after, before=max(before - 1, 0))
            if self._numbers.isdisjoint(_open_rings(after)) and (before > 0 or self._nearer(progress, longer)):
                found.append(longer)
        begins = place != NONE or outer.mode in _ATOM_COMES
        if begins and after is not None and self._text[max(place, 0)] == character:
            found.append(Progress(max(place, 0) + 1, after))
        if place != NONE and character == "(" and outer.mode in _BEHIND_ATOMS:
            found.append(progress._replace(inner=self._opened))
        return found

    def _nearer(self, progress: Progress, after: Progress) -> bool:
        """Return whether a character leads towards the scaffold."""
        plan, rest = self.finish(progress), self.finish(after)
        return plan is not None and rest is not None and rest.characters < plan.characters

    def _decorated(self, progress: Progress, inner: Core, character: str) -> list[Progress]:
        """Return how a decoration goes on; back to the scaffold where its branch closes."""
        after = self._machine.step(inner, character)
        if after is None or not _open_rings(progress.outer).isdisjoint(_open_rings(after)):
            return []
        if len(inner.path) == 1:  # before its first atom, or at it: an aromatic one needs a bond to an aromatic one
            written = len(after.path) > 1
            aromatic = after.path[1].aromatic is not None if written else _AROMATIC_BRACKET.fullmatch(after.text)
            if aromatic and not inner.bond and progress.outer.current.aromatic is not None:
                return []
            return [progress._replace(inner=after, bond=inner.bond if written else progress.bond)]
        if after.mode == Mode.CLOSED and not after.path[0].branch:
            outer = self._machine.read(progress.outer, f"({progress.bond}*)")
            return [] if outer is None else [Progress(progress.place, outer)]
        return [progress._replace(inner=after)]

    def finish(self, progress: Progress) -> Plan | None:
        """Return a plan that writes the rest of the scaffold and closes all that is open; None where none is known."""
        if progress not in self._finishes:
            self._finishes[progress] = self._finish(progress)
        return self._finishes[progress]

    def _finish(self, progress: Progress) -> Plan | None:
        place, outer, inner, bond, _ = progress
        if inner is not None:
            behind = self._behind(place, outer, inner.bond if len(inner.path) == 1 else bond)
            within = None if behind is None else self._plan(inner, "")
            return None if behind is None or within is None else _joined(within, behind)
        if place != NONE:
            return self._plan(outer, self._text[place:])
        return self._begun(outer)

    def _behind(self, place: int, outer: Core, bond: str) -> Plan | None:
        """Return the plan of what follows a decoration, whatever is in it."""
        key = Progress(place, outer, None, bond)
        if key not in self._rests:
            closed = self._machine.read(outer, f"({bond}*)")
            self._rests[key] = None if closed is None else self._plan(closed, self._text[place:])
        return self._rests[key]

    def _begun(self, outer: Core) -> Plan | None:
        """Return the shortest plan that closes some branches and then writes the scaffold."""
        for text in _endings(outer):
            after = self._machine.read(outer, text)
            found = None if after is None else self._begun(after)
            if found is not None:
                return found._replace(characters=found.characters + len(text))
        if outer.mode not in _ATOM_COMES or outer.bond == "<":
            return None
        for closed in range(sum(atom.branch for atom in outer.path) + 1):
            found = self._plan(outer, ")" * closed + self._text)
            if found is not None:
                return found
        return None

    def _plan(self, core: Core, text: str) -> Plan | None:
        after = self._machine.read(core, text)
        plans = () if after is None else plans_of(self._machine, after)
        plan = min(plans, key=lambda plan: plan.characters, default=None)
        return None if plan is None else Plan(plan.characters + len(text), plan.atoms, plan.grows)


def _open_rings(core: Core) -> frozenset[int]:
    """Return the numbers of the rings that are open."""
    return frozenset(label for atom in core.path for label in atom.labels)


def _endings(core: Core) -> Sequence[str]:
    """Return what may finish an atom, a ring number or a bond that is begun; none where nothing is."""
    if core.mode == Mode.BRACKET:
        return bracket_ends(core.text)
    if core.mode == Mode.PERCENT:
        written = core.text[1:]
        open_ = _open_rings(core)
        fitting = [number for number in range(10, 100) if str(number).startswith(written)]
        unused = next((number for number in fitting if number not in open_), None)
        numbers = [number for number in (unused, *sorted(open_ & frozenset(fitting))) if number is not None]
        return [str(number)[len(written) :] for number in numbers]
    return ("-",) if core.bond == "<" else ()


def _joined(first: Plan, second: Plan) -> Plan:
    return Plan(first.characters + second.characters, first.atoms + second.atoms, second.grows)
