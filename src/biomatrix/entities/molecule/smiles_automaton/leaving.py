"""Pieces that leave the current atom for one that surely goes on apart from it: to them, nearly all states look alike.

A capital letter, or a bond that no aromatic bond is written with, leads out of an aromatic run. Of all that was written
such a piece sees only whether something can still grow, or has to, from where the string returns to. So one small state
stands for all; where a run itself goes on, its own states are walked.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from biomatrix.entities.molecule.smiles_automaton.bonding import AROMATIC_BONDS
from biomatrix.entities.molecule.smiles_automaton.brackets import BracketAtom
from biomatrix.entities.molecule.smiles_automaton.core import Core, Mode
from biomatrix.entities.molecule.smiles_automaton.kinds import ORGANIC
from biomatrix.entities.molecule.smiles_automaton.live import APART, FAR_APART, Live
from biomatrix.entities.molecule.smiles_automaton.machine import Machine
from biomatrix.entities.molecule.smiles_automaton.pieces import Group
from biomatrix.entities.molecule.smiles_automaton.plans import plan_of
from biomatrix.entities.molecule.smiles_automaton.reducing import Reductions

_CARBON: Final = BracketAtom("C", 4, None)
"""What may be bonded wherever any atom may, and leaves more to grow from than most."""
_ORDERS: Final = {"": 1, "-": 1, "/": 1, "\\": 1, "<-": 1, "=": 2, "#": 3, "->": 0}
"""What a bond takes of the valence of the current atom."""
LETTERS: Final = Group("letters", frozenset(letter for letter in ORGANIC if len(letter) == 1))
CAPITALS: Final = Group("capitals", frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ*"))
"""Behind an opening bracket: the atom is aliphatic."""
UNDATED: Final = Group("undated", frozenset(">"), without=True)
"""All but what makes a dative bond of a single one."""
ALL: Final = Group("all", frozenset(), without=True)


class Left(NamedTuple):
    """The state that stands for one, and what its rows lack: the characters and atoms by which their plans differ."""

    core: Core
    characters: int
    atoms: int


def leaving(core: Core) -> Group | None:
    """Return the characters behind which the current atom is surely left; None for none.

    Of a state that has an atom; no ring number is among them, as such pieces are tried on the state itself.
    """
    if not core.path or core.mode == Mode.PERCENT or core.bond == "<":
        return None
    joins = core.path[-1].aromatic is not None and core.bond in AROMATIC_BONDS
    if core.mode == Mode.BRACKET:
        first = core.text[1:2]
        if not joins or (first and first in CAPITALS.characters):
            return ALL
        return None if first else CAPITALS
    if not core.bond or joins:
        return LETTERS
    return UNDATED if core.bond == "-" else ALL


def left(machine: Machine, core: Core) -> Left | None:
    """Return what stands for a state once its current atom is left; None where that leads nowhere."""
    if "left" not in core.notes:
        core.notes["left"] = _left(machine, core)
    return core.notes["left"]  # type: ignore[no-any-return]


def _left(machine: Machine, core: Core) -> Left | None:
    after = machine.bonded(core, _CARBON)
    plan = None if after is None else plan_of(machine, after)
    if after is None or plan is None:
        return None
    reduced = Reductions(machine, after).reduced(0)
    if reduced is None:
        return None
    atom = Live(None, _ORDERS[core.bond], 0, 0, False, (), FAR_APART, APART)
    bracket = core.mode == Mode.BRACKET
    mode = Mode.BRACKET if bracket else Mode.BOND if core.bond else Mode.ATOM
    found = machine.core(mode, core.bond, core.text if bracket else "", (*reduced.path[:-1], atom))
    if found is core:
        return Left(core, 0, 0)
    its_after = machine.bonded(found, _CARBON)
    assert its_after is not None
    its_plan, before, its_before = plan_of(machine, its_after), plan_of(machine, core), plan_of(machine, found)
    if its_plan is None:
        return None
    characters = plan.characters - its_plan.characters
    atoms = plan.atoms - its_plan.atoms
    if its_before is not None:
        characters, atoms = characters + its_before.characters, atoms + its_before.atoms
    if before is not None:
        characters, atoms = characters - before.characters, atoms - before.atoms
    return Left(found, characters, atoms)
