"""Whether a half-written string can be finished, and at what cost: a plan that always works, without writing it.

Every open ring is closed by an atom of its own, behind the deepest atom that can still be bonded; open branches are
closed. An aromatic run is finished by a chain of ``c`` and ``n``, of which each closes a ring: a ring's opening
atom that still needs a double bond gets a ``c``, any other an ``n`` with three neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from biomatrix.entities.molecule.smiles_automaton.bonding import SMALLEST
from biomatrix.entities.molecule.smiles_automaton.brackets import bracket_futures
from biomatrix.entities.molecule.smiles_automaton.core import Core, Mode
from biomatrix.entities.molecule.smiles_automaton.kinds import SUBSTITUTED, TWO
from biomatrix.entities.molecule.smiles_automaton.live import (
    OPEN,
    SINGLE_RING,
    Matchings,
    Path,
    alike,
    distance,
    need,
    owed_rings,
    ring_number_of,
    ring_numbers,
    run_start,
)
from biomatrix.entities.molecule.smiles_automaton.machine import Machine


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


class Finish(NamedTuple):
    """How one item of the path is finished.

    Parameters
    ----------
    characters, atoms : int
        To be written for it, those that close its waiting rings among them, those that close its branches not.
    grows_at : int
        The deepest of its atoms from which a chain can grow then; -1 for none.
    waits_at : int
        The deepest of its atoms with a ring that a chain must close, from it or from a later item; -1 for none.
    merges_at : int
        Of a run that only a chain of aromatic atoms from a later item can finish, the same; -1 of any other.
    """

    characters: int
    atoms: int
    grows_at: int
    waits_at: int
    merges_at: int = -1


_NOTHING: Final = Finish(0, 0, -1, -1)
_STAYS: Final = _NOTHING
_GROWS: Final = Finish(0, 0, 0, -1)


class _Run(NamedTuple):
    """How an aromatic run is finished; ``closes`` says that a chain closes its rings as far as ``grows_at``."""

    atoms: int
    characters: int
    grows_at: int
    closes: bool
    merges: bool = False


NEW_LABEL: Final = 99
"""A ring number as wide as any."""
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
    """Return the plan that begins with the first atom that the text may become and that leads anywhere."""
    known = core.base.notes
    for atom, further in bracket_futures(core.text):
        kind = (atom.capacity, atom.surroundings)
        if kind not in known:
            after = machine.bonded(core, atom)
            known[kind] = None if after is None else plan_of(machine, after)
        plan = known[kind]
        if plan is not None:
            return Plan(plan.characters + further, plan.atoms, plan.grows)
    return None


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
        return _finish_of_run(members, ways, current, fresh)
    atom = members[0]
    grows_at = 0 if atom.free > 0 and (atom.branch or current) else -1
    if not atom.labels:
        return _GROWS if grows_at == 0 else _STAYS
    return Finish(sum(1 + _width(label) for label in atom.labels), len(atom.labels), grows_at, 0)


@lru_cache(maxsize=100_000)
def _finish_of_run(members: Path, ways: frozenset[int], current: bool, fresh: bool) -> Finish | None:
    run = _of_run(members, ways, current=current, fresh=fresh)
    if run is None:
        return None
    waiting = _waiting(members, run)
    labels = [label for _, label in waiting]
    waits_at = max((at for at, _ in waiting), default=-1)
    characters = run.characters + sum(1 + _width(label) for label in labels)
    merges_at = max((at for at, atom in enumerate(members) if owed_rings(atom)), default=-1) if run.merges else -1
    return Finish(characters, run.atoms + len(labels), run.grows_at, max(waits_at, merges_at), merges_at)


def _of_run(run: Path, ways: frozenset[int], *, current: bool, fresh: bool) -> _Run | None:
    """Return how an aromatic run is finished; first without further ring bonds, then by a chain from each atom.

    ``current`` says whether its last atom is the current one, ``fresh`` whether a ring may be opened on that.
    """
    found = [_as_it_is(run, way, current) for way in ways] if _rest(run, 0) else []
    for at in range(len(run) - 1, -1, -1):
        if _open(run, at, current) and _rest(run, at + 1):
            new = fresh and at == len(run) - 1
            found += [_chain(run, at, way, current, fresh=new) for way in ways]
    if not current and all(each is None for each in found):
        found = [_later(run, way) for way in ways]
    return min((each for each in found if each is not None), key=lambda each: _effort(run, each), default=None)


def _effort(members: Path, run: _Run) -> tuple[bool, int, int, int]:
    """Return by what ways to finish a run are compared: whether a ring is left to others to close, then its costs."""
    waits = any(at > run.grows_at for at, _ in _waiting(members, run))
    return waits, run.characters, run.atoms, -run.grows_at


def _waiting(members: Path, run: _Run) -> list[tuple[int, int]]:
    """Return the rings, each with the place of its atom, that a finished run leaves to an atom behind it to close."""
    first = len(members) if run.merges else run.grows_at + 1 if run.closes else 0
    return [
        (at, label) for at, atom in enumerate(members) for label in atom.labels if at >= first or label >= SINGLE_RING
    ]


def _open(run: Path, at: int, current: bool) -> bool:
    """Return whether more can be bonded to an atom: it is the current one, or the string returns to it."""
    return run[at].branch or (current and at == len(run) - 1)


def _rest(run: Path, first: int) -> bool:
    """Return whether all aromatic bonds of a run, from an atom on, lie in closed rings."""
    return all(atom.link != OPEN for atom in run[first:])


def _as_it_is(run: Path, way: int, current: bool) -> _Run | None:
    """Return how a run is finished without further aromatic bonds."""
    atoms, characters, grows_at = 0, 0, -1
    for at in range(len(run)):
        costs = _settled(run, at, way >> at & 1, current)
        if costs is None:
            return None
        atoms, characters = atoms + costs[0], characters + costs[1]
        if costs[0] or _grows(run, at, current):
            grows_at = at
    return _Run(atoms, characters, grows_at, False)


def _settled(run: Path, at: int, paired: int, current: bool) -> tuple[int, int] | None:
    """Return the atoms and characters that an aromatic atom needs, beside its open rings, without aromatic bonds.

    A ring open on it is closed by a single bond, else by a double one; an atom that the string returns to may take a
    substituent.
    """
    atom = run[at]
    assert atom.aromatic is not None
    options: tuple[tuple[int, tuple[int, int]], ...]
    if owed_rings(atom):
        if len(atom.labels) > 1 or atom.exo:
            return None
        options = ((1, (0, 0)), (2, (0, 1)))
    elif atom.exo or not _open(run, at, current):
        options = ((atom.exo, (0, 0)),)
    else:
        options = ((0, (0, 0)), (1, (1, 1)), (2, (1, 2)))
    for exo, costs in options:
        owed = need(atom.aromatic, atom.ring, exo)
        if owed is not None and owed == bool(paired):
            return costs
    return None


def _grows(run: Path, at: int, current: bool) -> bool:
    """Return whether a single bond to an atom of a finished run changes nothing in it."""
    atom = run[at]
    assert atom.aromatic is not None
    if not _open(run, at, current) or atom.labels or atom.exo or atom.ring != 2:
        return False
    return atom.aromatic[SUBSTITUTED] is not None and atom.aromatic[SUBSTITUTED] == atom.aromatic[TWO]


def _chain(run: Path, end: int, way: int, current: bool, *, fresh: bool) -> _Run | None:
    """Return how a chain of aromatic atoms behind one atom of the run, ``end``, closes every ring of the run above it.

    ``way`` says which atoms have their double bond already.
    """
    labelled = [at for at in range(end + 1) if owed_rings(run[at])]
    extra = 0
    if not labelled or not _rest(run[: labelled[0] + 1], 0):
        if not fresh or not _rest(run, 0):
            return None
        extra = 1  # a ring that is opened on the current atom
    atoms, characters = 0, 0
    lacking: dict[int, bool] = {}
    for at, atom in enumerate(run):
        paired = way >> at & 1
        assert atom.aromatic is not None
        if at > end or (at < end and not owed_rings(atom)):
            costs = _settled(run, at, paired, current)
            if costs is None:
                return None
            atoms, characters = atoms + costs[0], characters + costs[1]
            continue
        owed = need(atom.aromatic, atom.ring + len(owed_rings(atom)) + (at == end) * (1 + extra), atom.exo)
        if owed is None or (not owed and paired):
            return None
        lacking[at] = owed and not paired
    position = int(lacking[end])  # a first c for the double bond of the atom that the chain grows from
    lacking[end] = False
    labels = [(at, label) for at in reversed(labelled) for label in owed_rings(run[at])]
    if extra:
        labels.insert(0, (end, NEW_LABEL))
    for at, label in labels:
        position = max(position + 1, SMALLEST - 1 - distance(run, at, end))
        characters += _width(label)
    position += not lacking[labels[-1][0]]  # the last atom is then an n with a substituent
    return _Run(atoms + position, characters + position + (3 if extra else 0), end, True)


def _later(run: Path, way: int) -> _Run | None:
    """Return how a chain of aromatic atoms that grows from a later item closes every ring of a run.

    Each of its atoms closes one; the last also stands where only its neighbour and the ring bond it.
    """
    labels = [(at, label) for at in range(len(run) - 1, -1, -1) for label in owed_rings(run[at])]
    if len(labels) < 2 or not _rest(run[: labels[-1][0] + 1], 0):
        return None
    atoms, characters = 0, 0
    lacking = False
    for at, atom in enumerate(run):
        paired = way >> at & 1
        assert atom.aromatic is not None
        if not owed_rings(atom):
            costs = _settled(run, at, paired, False)
            if costs is None:
                return None
            atoms, characters = atoms + costs[0], characters + costs[1]
            continue
        owed = need(atom.aromatic, atom.ring + len(owed_rings(atom)), atom.exo)
        if owed is None or (not owed and paired):
            return None
        if at == labels[-1][0]:
            lacking = owed and not paired
    number = len(labels) + (not lacking)  # where the last atom is an n, with a substituent
    characters += number + sum(_width(label) for _, label in labels)
    return _Run(atoms + number, characters, -1, True, True)


def _width(label: int) -> int:
    """Return the characters of a ring number."""
    return 1 if ring_number_of(label) < 10 else 3
