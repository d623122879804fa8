"""Whether a half-written string can be finished, and at what cost: a plan that always works, without writing it.

Every open ring is closed by an atom of its own, behind the deepest atom that can still be bonded; open branches are
closed. How aromatic runs are finished is in :mod:`.run_plans`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from biomatrix.entities.molecule.smiles_automaton.brackets import bracket_futures
from biomatrix.entities.molecule.smiles_automaton.core import Core, Mode
from biomatrix.entities.molecule.smiles_automaton.live import (
    Matchings,
    Path,
    alike,
    ring_number_of,
    ring_numbers,
    run_start,
)
from biomatrix.entities.molecule.smiles_automaton.machine import Machine
from biomatrix.entities.molecule.smiles_automaton.run_plans import Finish, finish_of_run, width


class Plan(NamedTuple):
    """What finishing takes at most.

    Parameters
    ----------
    characters, atoms : int
        To be written still, the end token not among them.
    grows : bool
        Whether any number of further atoms can be written as well.
    """

    characters: int
    atoms: int
    grows: bool


_NOTHING: Final = Finish(0, 0, -1, -1)
_STAYS: Final = _NOTHING
_GROWS: Final = Finish(0, 0, 0, -1)
_NEXT_ATOMS: Final = ("C", "c", "n", "o", "O")


def plan_of(machine: Machine, core: Core) -> Plan | None:
    """Return how a state can be finished, None where this finds no way."""
    try:
        return core.notes["plan"]  # type: ignore[no-any-return]
    except KeyError:
        found = core.notes["plan"] = _plan(machine, core)
        return found


def _plan(machine: Machine, core: Core) -> Plan | None:
    if core.mode in (Mode.ATOM, Mode.CLOSED):
        return _of_path(core.path, core.runs, fresh=core.mode == Mode.ATOM)
    if core.mode == Mode.BRACKET:
        return _of_bracket(machine, core)
    if core.mode == Mode.PERCENT:
        return _first(machine, core, percent_ends(core), 0)
    if core.bond == "<":
        return _first(machine, core, ("-",), 0)
    found = _first(machine, core, _NEXT_ATOMS, 1)
    if found is not None or core.mode != Mode.BOND:
        return found
    return _first(machine, core, (*ring_ends(core), *_new_ring(core)), 0)


def _of_bracket(machine: Machine, core: Core) -> Plan | None:
    """Return the plan that begins with the first atom that the text may become and that grows, or leads anywhere."""
    known, found = core.base.notes, None
    for atom, further in bracket_futures(core.text):
        kind = (atom.capacity, atom.surroundings)
        if kind not in known:
            after = machine.bonded(core, atom)
            known[kind] = None if after is None else plan_of(machine, after)
        plan = known[kind]
        if plan is not None and (found is None or plan.grows):
            found = Plan(plan.characters + further, plan.atoms, plan.grows)
            if found.grows:
                break
    return found


def ring_ends(core: Core) -> list[str]:
    """Return the numbers of the rings that are open, the innermost first."""
    labels = [ring_number_of(label) for atom in reversed(core.path) for label in atom.labels if label >= 0]
    return [str(label) if label < 10 else f"%{label}" for label in labels]


def _new_ring(core: Core) -> list[str]:
    """Return the smallest ring number that is free, if one of a single digit is."""
    used = ring_numbers(core.path)
    return [str(number) for number in range(1, 10) if number not in used][:1]


def _first(machine: Machine, core: Core, texts: Sequence[str], atoms: int) -> Plan | None:
    """Return the plan that begins with the first of some texts that leads anywhere."""
    for text in texts:
        after = machine.read(core, text)
        plan = None if after is None else plan_of(machine, after)
        if plan is not None:
            return Plan(plan.characters + len(text), plan.atoms + atoms, plan.grows)
    return None


def percent_ends(core: Core) -> list[str]:
    """Return what may finish a ring number: rings that are open, else the first number that is free."""
    written = core.text[1:]
    used = ring_numbers(core.path)
    fitting = [number for number in range(10, 100) if str(number).startswith(written)]
    new = [number for number in fitting if number not in used][:1]
    return [str(number)[len(written) :] for number in (*new, *(number for number in fitting if number in used))]


def _of_path(path: Path, runs: Matchings, *, fresh: bool) -> Plan | None:
    """Return the plan of a state behind an atom, a ring number or a branch."""
    path = tuple([atom._replace(labels=alike(atom.labels)) if atom.labels else atom for atom in path])
    whole = _finished(path, runs, True, fresh)
    if whole is None or whole.waits_at > whole.grows_at:
        return None
    if whole.merges_at >= 0 and not _reached(path, whole):
        return None
    near = whole.waits_at == whole.grows_at >= 0  # the smallest ring has three atoms, so one more is needed between
    apart = whole.merges_at >= 0  # and one between two aromatic chains
    return Plan(whole.characters + near + apart, whole.atoms + near + apart, whole.grows_at >= 0)


def _finished(path: Path, runs: Matchings, current: bool, fresh: bool) -> Finish | None:
    """Return how all items of a path are finished, their branches closed; None where this finds no way."""
    if not path:
        return _NOTHING
    start = run_start(path, len(path) - 1)
    alone = path[start].aromatic is None
    finish = finish_of(path[start:], None if alone else runs[-1], current=current, fresh=fresh)
    below = _below(path[:start], runs if alone else runs[:-1])
    if finish is None or below is None:
        return None
    if finish.merges_at >= 0 and below.merges_at >= 0:
        return None
    branches = sum([atom.branch for atom in path[start:]])
    return Finish(
        finish.characters + branches + below.characters,
        finish.atoms + below.atoms,
        start + finish.grows_at if finish.grows_at >= 0 else below.grows_at,
        start + finish.waits_at if finish.waits_at >= 0 else below.waits_at,
        start + finish.merges_at if finish.merges_at >= 0 else below.merges_at,
    )


def _reached(path: Path, whole: Finish) -> bool:
    """Return whether a chain grows from an atom behind a run, with none between them that stays on the path."""
    for index in range(whole.merges_at + 1, len(path)):
        atom = path[index]
        if atom.aromatic is not None and index == len(path) - 1:
            return whole.grows_at >= run_start(path, index)
        if atom.aromatic is None and atom.free > 0 and (atom.branch or index == len(path) - 1):
            return True
        if atom.aromatic is None and atom.branch:
            return False
    return False


@lru_cache(maxsize=100_000)
def _below(path: Path, runs: Matchings) -> Finish | None:
    """Return how what lies below the current atom's item is finished: many states share it."""
    return _finished(path, runs, False, False)


def finish_of(members: Path, ways: frozenset[int] | None, *, current: bool, fresh: bool) -> Finish | None:
    """Return how an item of the path is finished, None where this finds no way.

    Parameters
    ----------
    members : tuple of Live
        An aliphatic atom, or an aromatic run.
    ways : frozenset of int, optional
        Of a run.
    current : bool
        Whether its last atom is the current one.
    fresh : bool
        Whether a ring may be opened on that.
    """
    if ways is not None:
        return finish_of_run(members, ways, current, fresh)
    atom = members[0]
    grows_at = 0 if atom.free > 0 and (atom.branch or current) else -1
    if not atom.labels:
        return _GROWS if grows_at == 0 else _STAYS
    return Finish(sum(1 + width(label) for label in atom.labels), len(atom.labels), grows_at, 0)
