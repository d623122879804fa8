"""The atoms that a molecule with counts is still to get, and of which kinds there are any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Supply(NamedTuple):
    """The groups of atoms that a vocabulary writes, as far as a completion uses them.

    Parameters
    ----------
    bonds : tuple of int
        By group: the most bonds of an atom that is bonded by a single one; 0 where there is none.
    weak, strong : tuple of int
        The groups whose atoms continue chains, by ascending and by descending bonds.
    ends : tuple of int
        The groups whose atoms end chains.
    hydrogen : bool
        Whether a hydrogen, which nothing counts, can end a chain.
    branch, ring : bool
        Whether branches and rings of one index symbol can be written.
    """

    bonds: tuple[int, ...]
    weak: tuple[int, ...]
    strong: tuple[int, ...]
    ends: tuple[int, ...]
    hydrogen: bool
    branch: bool
    ring: bool


class Pool:
    """The atoms that may still be written.

    Parameters
    ----------
    supply : Supply
    owed, room : sequence of int
        By group: the atoms that must come, and how many more may.
    spare : int
        The most atoms in all beyond those owed.
    wanted : int
        The fewest beyond those owed.

    Attributes
    ----------
    ending, linking : int
        The atoms owed that end chains, and that continue them.
    size : int
        The most atoms that can come, those that end chains only as owed.
    """

    __slots__ = ("ending", "linking", "owed", "room", "size", "spare", "supply", "wanted")

    def __init__(self, supply: Supply, owed: Sequence[int], room: Sequence[int], spare: int, wanted: int) -> None:
        self.supply, self.owed, self.room = supply, list(owed), list(room)
        self.spare, self.wanted = spare, wanted
        self.ending = sum(owed[group] for group in supply.ends)
        self.linking = sum(owed[group] for group in supply.weak)
        self.size = self.ending + self.linking + min(spare, sum(room[group] for group in supply.weak))

    @property
    def empty(self) -> bool:
        """Whether nothing must come."""
        return not self.ending and not self.linking and self.wanted <= 0

    def take(self, group: int, most: int) -> int:
        """Take up to so many atoms of a group, those that are owed first; return how many there were."""
        owed = min(most, self.owed[group])
        self.owed[group] -= owed
        if self.supply.bonds[group] > 1:
            self.linking -= owed
        else:
            self.ending -= owed
        more = min(most - owed, self.spare, self.room[group])
        self.room[group] -= more
        self.spare -= more
        self.wanted -= more
        self.size -= owed + more
        return owed + more

    def take_end(self) -> bool:
        """Take an atom that is owed and ends a chain; return whether there was one."""
        return self.ending > 0 and self.take(next(group for group in self.supply.ends if self.owed[group]), 1) > 0

    def take_links(self, atoms: int, strong: bool) -> int:
        """Take atoms that continue a chain, owed ones first; return the last one's bonds, 0 where there are too few."""
        supply = self.supply
        for group in supply.strong if strong else supply.weak:
            if self.owed[group]:
                atoms -= self.take(group, min(atoms, self.owed[group]))
                if not atoms:
                    return supply.bonds[group]
        for group in supply.strong:
            atoms -= self.take(group, atoms)
            if not atoms:
                return supply.bonds[group]
        return 0
