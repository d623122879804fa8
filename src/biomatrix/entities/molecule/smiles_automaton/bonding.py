"""How a path changes: an atom is added, a ring opened or closed, a branch left. None where chemistry forbids it."""

from __future__ import annotations

from typing import Final

from biomatrix.entities.molecule.smiles_automaton.kinds import Surroundings
from biomatrix.entities.molecule.smiles_automaton.live import (
    APART,
    COVERED,
    DOUBLE_RING,
    FAR_APART,
    OPEN,
    SINGLE_RING,
    Live,
    Matchings,
    Path,
    distance,
    fits,
    fits_aromatic,
    need,
    ring_number_of,
    run_number,
    run_start,
)

_ORDERS: Final = {
    "": (1, 1),
    "-": (1, 1),
    "/": (1, 1),
    "\\": (1, 1),
    "=": (2, 2),
    "#": (3, 3),
    "->": (0, 1),
    "<-": (1, 0),
}
"""By the symbol of a bond, what it takes of the valence of the atom before and of the atom behind it."""
AROMATIC_BONDS: Final = ("", "/", "\\")
"""How an aromatic bond is written: a direction stands beside a double bond that leaves the ring."""
_OPENING: Final = {"": 0, "-": SINGLE_RING, "/": SINGLE_RING, "\\": SINGLE_RING, "=": DOUBLE_RING}
"""By the bond that a ring is opened with, what is added to its number. Triple bonds are written where a ring closes."""
_CLOSING: Final = {SINGLE_RING: ("", "-", "/", "\\"), DOUBLE_RING: ("", "=")}
"""By the bond that a ring was opened with, those it is closed with."""
SMALLEST: Final = 3
"""Atoms in the smallest ring; RDKit finds cyclopropenyl cations and squarates aromatic."""

Bonded = tuple[Path, Matchings]


def attach(path: Path, runs: Matchings, bond: str, room: int, aromatic: Surroundings | None) -> Bonded | None:
    """Return the path once an atom is bonded to its last atom, or is its first.

    Parameters
    ----------
    bond : str
        The symbol, empty where none is written.
    room : int
        The capacity of an aliphatic atom.
    aromatic : tuple, optional
        The surroundings of an aromatic atom.
    """
    if not path:
        first = Live(aromatic, room if aromatic is None else 0, 0, 0, False, (), 0, APART)
        return (first,), runs if aromatic is None else (*runs, frozenset({0}))
    before, behind = _ORDERS[bond]
    last = path[-1]
    joined = aromatic is not None and last.aromatic is not None and bond in AROMATIC_BONDS
    # Where no ring is open in its system, no aromatic ring can reach the bond any more: it is a single one.
    joined = joined and any(atom.labels for atom in path[run_start(path, len(path) - 1) :])
    exo = 0 if joined or aromatic is None else behind
    changed = _joined(last) if joined else _bonded(last, before)
    if (
        changed is None
        or not fits(changed)
        or (room < behind if aromatic is None else not fits_aromatic(aromatic, 1, exo, 0))
    ):
        return None
    if joined:
        runs = _with_edge(runs, len(path) - run_start(path, len(path) - 1) - 1)
    elif aromatic is not None:
        runs = (*runs, frozenset({0}))
    earlier, free = _untied(path[:-1]), room - behind if aromatic is None else 0
    if changed.aromatic is None and changed.idle:  # the commonest case of dropped(), where nothing can go wrong
        gap = min(changed.gap + 1, FAR_APART)
        return (*earlier, Live(aromatic, free, 0, exo, False, (), gap, APART)), runs
    atom = Live(aromatic, free, int(joined), exo, False, (), 1, OPEN if joined else APART)
    longer = (*earlier, changed, atom)
    return dropped(longer, runs, len(path) - 1) if changed.idle else (longer, runs)


def opened(path: Path, number: int, bond: str = "") -> Path | None:
    """Return the path once a ring is opened on its last atom, its bond written here or left to where it is closed."""
    last: Live | None = path[-1]
    assert last is not None
    kind = _OPENING.get(bond)
    if kind is None:
        return None
    if last.aromatic is not None and bond in AROMATIC_BONDS:
        kind = 0
    elif last.aromatic is None or kind:
        last = _bonded(last, 2 if kind == DOUBLE_RING else 1)
    if last is None:
        return None
    atom = last._replace(labels=(*last.labels, number + kind))
    return (*path[:-1], atom) if fits(atom) else None


def closed(path: Path, runs: Matchings, label: int, bond: str) -> Bonded | None:
    """Return the path once a ring is closed on its last atom; ``label`` is as its first atom has it."""
    end = len(path) - 1
    start = next(index for index, atom in enumerate(path) if label in atom.labels)
    opener, last = path[start], path[end]
    if start == end or opener.tied or bond in ("->", "<-", "<") or distance(path, start, end) < SMALLEST - 1:
        return None
    kind = label - ring_number_of(label)
    labels = tuple(each for each in opener.labels if each != label)
    opener = opener._replace(labels=labels, tied=True, free=opener.free + (opener.aromatic is None and not kind))
    members = list(path)
    if kind:
        second = _bonded(last, 2 if kind == DOUBLE_RING else 1) if bond in _CLOSING[kind] else None
        if second is None:
            return None
        members[start], members[end] = opener, second
    elif opener.aromatic is not None and last.aromatic is not None and bond in AROMATIC_BONDS:
        merged = _merged(path, runs, start)
        if merged is None:
            return None
        path, runs = merged
        offset = run_start(path, end)
        runs = _with_bond(runs, run_number(path, end), start - offset, end - offset)
        members[start], members[end] = opener._replace(ring=opener.ring + 1), last._replace(ring=last.ring + 1)
        members[start + 1 :] = [atom._replace(link=COVERED) for atom in members[start + 1 :]]
    else:
        order = _ORDERS[bond][0]
        first, second = _bonded(opener, order), _bonded(last, order)
        if first is None or second is None:
            return None
        members[start], members[end] = first, second
    members[start + 1 :] = [atom._replace(link=COVERED) if atom.link == OPEN else atom for atom in members[start + 1 :]]
    if not fits(members[start]) or not fits(members[end]):
        return None
    path = tuple(members)
    return dropped(path, runs, start) if path[start].idle else (path, runs)


def _merged(path: Path, runs: Matchings, start: int) -> Bonded | None:
    """Return the path with the current atom in the aromatic run of an earlier one, which a ring bond joins it to.

    None where an aliphatic atom stands between the runs that may yet be bonded.
    """
    while (first := run_start(path, len(path) - 1)) > start:
        if path[first - 1].aromatic is None:
            return None
        bits = first - run_start(path, first - 1)
        ways = frozenset(lower | upper << bits for lower in runs[-2] for upper in runs[-1])
        path = (*path[:first], path[first]._replace(link=COVERED), *path[first + 1 :])
        runs = (*runs[:-2], ways)
    return path, runs


def left(path: Path, runs: Matchings) -> Bonded | None:
    """Return the path once the innermost open branch is closed; None where none is open or it is not complete."""
    last = len(path) - 1
    while last >= 0 and not path[last].branch:
        if path[last].labels:
            return None
        shorter = dropped(path, runs, last)
        if shorter is None:
            return None
        path, runs = shorter
        last -= 1
    return (((*path[:-1], path[-1]._replace(branch=False))), runs) if path else None


def complete(path: Path, runs: Matchings) -> bool:
    """Return whether the string may end here."""
    while path:
        if not path[-1].idle:
            return False
        shorter = dropped(path, runs, len(path) - 1)
        if shorter is None:
            return False
        path, runs = shorter
    return True


def dropped(path: Path, runs: Matchings, index: int) -> Bonded | None:
    """Return the path without an atom that has all its bonds; None where they are not such as it needs."""
    atom = path[index]
    behind = path[index + 1] if index + 1 < len(path) else None
    if atom.aromatic is not None:
        owed = need(atom.aromatic, atom.ring, atom.exo)
        number, bit = run_number(path, index), index - run_start(path, index)
        if owed is None:
            return None
        kept = frozenset(_without(ways, bit) for ways in runs[number] if bool(ways >> bit & 1) == owed)
        alone = atom.link == APART and (behind is None or behind.link == APART)
        if not kept:
            return None
        runs = (*runs[:number], *(() if alone else (kept,)), *runs[number + 1 :])
    if behind is None:
        return None if atom.link == OPEN else (path[:index], runs)
    link = APART if APART in (atom.link, behind.link) else max(atom.link, behind.link)
    if link == APART and OPEN in (atom.link, behind.link):
        return None  # an aromatic bond that no ring can reach any more
    nearer = behind._replace(gap=min(atom.gap + behind.gap, FAR_APART), link=link)
    return (*path[:index], nearer, *path[index + 2 :]), runs


def _bonded(atom: Live, order: int) -> Live | None:
    """Return an atom with a bond that is not aromatic."""
    aromatic, free, ring, exo, branch, labels, gap, link, tied = atom
    if aromatic is None:
        return Live(None, free - order, ring, exo, branch, labels, gap, link, tied)
    if order == 0:
        return atom
    return Live(aromatic, free, ring, order, branch, labels, gap, link, tied) if exo == 0 else None


def _joined(atom: Live) -> Live:
    """Return an atom with one more aromatic bond."""
    aromatic, free, ring, exo, branch, labels, gap, link, tied = atom
    return Live(aromatic, free, ring + 1, exo, branch, labels, gap, link, tied)


def _untied(path: Path) -> Path:
    """Return the atoms as they are once none of them is bonded to the current atom by a ring bond."""
    for atom in path:
        if atom.tied:
            return tuple(each._replace(tied=False) if each.tied else each for each in path)
    return path


def _with_edge(runs: Matchings, bit: int) -> Matchings:
    """Return the ways once an aromatic atom follows the last one, ``bit``, of the last run."""
    paired = frozenset(ways | 3 << bit for ways in runs[-1] if not ways >> bit & 1)
    return (*runs[:-1], runs[-1] | paired)


def _with_bond(runs: Matchings, number: int, first: int, last: int) -> Matchings:
    """Return the ways once an aromatic ring bond joins two live atoms of a run."""
    both = 1 << first | 1 << last
    paired = frozenset(ways | both for ways in runs[number] if not ways & both)
    return (*runs[:number], runs[number] | paired, *runs[number + 1 :])


def _without(ways: int, bit: int) -> int:
    return ways & ((1 << bit) - 1) | ways >> bit + 1 << bit
