"""How an aromatic run of the path is finished.

By what is written already; by a chain of ``c`` and ``n`` from one of its atoms, of which each closes a ring: a ring's
opening atom that still needs a double bond gets a ``c``, any other an ``n`` with three neighbours; or by such a chain
from a later item of the path.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from biomatrix.entities.molecule.smiles_automaton.bonding import SMALLEST
from biomatrix.entities.molecule.smiles_automaton.kinds import SUBSTITUTED, TWO
from biomatrix.entities.molecule.smiles_automaton.live import (
    OPEN,
    SINGLE_RING,
    Path,
    distance,
    need,
    owed_rings,
    ring_number_of,
)


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


class _Run(NamedTuple):
    """How an aromatic run is finished.

    ``closes`` says that a chain closes its rings as far as ``grows_at``, ``merges`` that one from a later item does.
    """

    atoms: int
    characters: int
    grows_at: int
    closes: bool
    merges: bool = False


NEW_LABEL: Final = 99
"""A ring number as wide as any."""


@lru_cache(maxsize=100_000)
def finish_of_run(members: Path, ways: frozenset[int], current: bool, fresh: bool) -> Finish | None:
    """Return how a run is finished, None where this finds no way; see :func:`.plans.finish_of`."""
    run = _of_run(members, ways, current=current, fresh=fresh)
    if run is None:
        return None
    waiting = _waiting(members, run)
    labels = [label for _, label in waiting]
    waits_at = max((at for at, _ in waiting), default=-1)
    characters = run.characters + sum(1 + width(label) for label in labels)
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
        characters += width(label)
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
    characters += number + sum(width(label) for _, label in labels)
    return _Run(atoms + number, characters, -1, True, True)


def width(label: int) -> int:
    """Return the characters of a ring number."""
    return 1 if ring_number_of(label) < 10 else 3
