"""What of a half-written molecule still matters: the atoms that may yet be bonded, on the way to the current one.

Ring bonds close inside the subtree of the atom that opened them, as RDKit writes them; so every such atom lies on the
path from the first atom to the current one, and a path of a few atoms says it all.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from biomatrix.entities.molecule.smiles_automaton.kinds import (
    EXOCYCLIC,
    FUSED,
    SUBSTITUTED,
    TWO,
    Surroundings,
)

APART, COVERED, OPEN = 0, 1, 2
"""How an atom hangs on the live atom before it: not by aromatic bonds alone; by aromatic bonds, all in closed rings;
by aromatic bonds of which one at least lies in no closed ring so far."""
FAR_APART: Final = 2
"""Distances are counted up to here: far enough apart for a ring bond."""


SINGLE_RING, DOUBLE_RING = 100, 200
"""What is added to the number of a ring that was opened with a single bond, or with a double one."""


class Live(NamedTuple):
    """An atom that may yet be bonded.

    Parameters
    ----------
    aromatic : tuple, optional
        Its surroundings; None for an aliphatic atom.
    free : int
        Of an aliphatic atom, the bond orders that still fit.
    ring : int
        Of an aromatic atom, its aromatic bonds so far.
    exo : int
        Of an aromatic atom, the order of its bond that is not aromatic; 0 for none.
    branch : bool
        Whether a branch is open on it, so that the string returns to it.
    labels : tuple of int
        The rings open on it: their numbers, and :data:`SINGLE_RING` or :data:`DOUBLE_RING` more where the bond was
        written where the ring was opened. Such a bond is among those the atom has; any other is still owed.
    gap : int
        Bonds between it and the live atom before it, at most :data:`FAR_APART`.
    link : int
        How it hangs on that atom: APART, COVERED or OPEN.
    tied : bool
        Whether a ring bond already joins it to the current atom.
    """

    aromatic: Surroundings | None
    free: int
    ring: int
    exo: int
    branch: bool
    labels: tuple[int, ...]
    gap: int
    link: int
    tied: bool = False

    @property
    def idle(self) -> bool:
        """Whether nothing more can be bonded to it once it is no longer the current atom."""
        return not self.branch and not self.labels


Path: TypeAlias = tuple[Live, ...]
Matchings: TypeAlias = tuple[frozenset[int], ...]
"""For each aromatic run on the path, the ways its double bonds may lie: a bit for each live atom that has one."""


def need(aromatic: Surroundings, ring: int, exo: int) -> bool | None:
    """Return whether an aromatic atom with these bonds has a double bond in its ring; None where it cannot be."""
    if ring == 2:
        return aromatic[TWO if exo == 0 else SUBSTITUTED if exo == 1 else EXOCYCLIC]
    return aromatic[FUSED] if ring == 3 and exo == 0 else None


def fits(atom: Live) -> bool:
    """Return whether some surroundings of the atom hold the bonds it has and owes."""
    if atom.aromatic is None:
        return atom.free >= 0
    return fits_aromatic(atom.aromatic, atom.ring, atom.exo, len(owed_rings(atom)))


def owed_rings(atom: Live) -> tuple[int, ...]:
    """Return the rings open on an atom whose bonds are not written yet."""
    for label in atom.labels:
        if label >= SINGLE_RING:
            return tuple(each for each in atom.labels if each < SINGLE_RING)
    return atom.labels


def ring_number_of(label: int) -> int:
    """Return the number that a ring is opened and closed with.

    Examples
    --------
    >>> ring_number_of(7), ring_number_of(DOUBLE_RING + 12)
    (7, 12)
    """
    return label % SINGLE_RING if label >= 0 else label


def ring_numbers(path: Path) -> list[int]:
    """Return the numbers of the rings that are open on a path, the innermost last."""
    return [ring_number_of(label) for atom in path for label in atom.labels]


@lru_cache(maxsize=65_536)
def alike(labels: tuple[int, ...]) -> tuple[int, ...]:
    """Return labels with one number for all that are as wide: which they are matters only to who closes the rings.

    Examples
    --------
    >>> alike((3, 27, DOUBLE_RING + 4))
    (1, 10, 201)
    """
    return tuple(
        label - label % SINGLE_RING + _WIDTHS[label % SINGLE_RING > 9] if label >= 0 else label for label in labels
    )


_WIDTHS: Final = (1, 10)


@lru_cache(maxsize=16_384)
def fits_aromatic(aromatic: Surroundings, bonds: int, bonded: int, owed: int) -> bool:
    """Return whether some surroundings hold an aromatic atom.

    Parameters
    ----------
    aromatic : tuple
        Its surroundings.
    bonds, bonded : int
        Its aromatic bonds and the order of the other one, so far.
    owed : int
        Rings open on it.
    """
    for ring, exo in ((2, 0), (3, 0), (2, 1), (2, 2)):
        if need(aromatic, ring, exo) is None or ring < bonds:
            continue
        reached = exo == bonded or (bonded == 0 and exo == 1)
        if reached and (ring - bonds) + (exo != bonded) >= owed:
            return True
    return False


def run_start(path: Path, index: int) -> int:
    """Return the index of the first live atom of the aromatic run that an aromatic atom belongs to."""
    while path[index].link != APART:
        index -= 1
    return index


def run_number(path: Path, index: int) -> int:
    """Return which of the path's aromatic runs an atom belongs to."""
    return sum(atom.aromatic is not None and atom.link == APART for atom in path[: index + 1]) - 1


def distance(path: Path, first: int, last: int) -> int:
    """Return the bonds along the path between two live atoms, counted up to :data:`FAR_APART`."""
    total = 0
    for atom in path[first + 1 : last + 1]:
        total += atom.gap
    return min(total, FAR_APART)


class Item(NamedTuple):
    """An aliphatic live atom by itself (``ways`` is None), or the live atoms of an aromatic run."""

    members: Path
    ways: frozenset[int] | None


def items_of(path: Path, runs: Matchings) -> list[Item]:
    """Return a path as its aliphatic atoms and aromatic runs, in order."""
    items: list[Item] = []
    number, start = 0, 0
    for stop in range(1, len(path) + 1):
        if stop < len(path) and path[stop].link != APART:
            continue
        members = path[start:stop]
        if members[0].aromatic is None:
            items.append(Item(members, None))
        else:
            items.append(Item(members, runs[number]))
            number += 1
        start = stop
    return items
