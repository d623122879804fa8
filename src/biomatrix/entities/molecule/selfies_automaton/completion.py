"""How a draft is completed: one way of writing the rest, simulated symbol by symbol.

Each way decides from what remains alone, so where it completes a draft, it completes the draft after its next symbol
too: what one of them can complete never ends dead. Open branches are filled first, from the innermost; then the
outermost chain takes the atoms and rings that are owed. All bonds are single.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from biomatrix.entities.molecule.selfies_automaton.draft import FIRST, PLACED, Draft
from biomatrix.entities.molecule.selfies_automaton.free_bonds import bonds_at, each_bonds
from biomatrix.entities.molecule.selfies_automaton.pool import Pool
from biomatrix.entities.molecule.selfies_automaton.room import WITHOUT_END

_NEAREST: Final = 16
"""The atoms that a ring of one index symbol reaches."""


class Way(NamedTuple):
    """What is preferred where there is a choice.

    Parameters
    ----------
    sides : bool
        Whether atoms that end a chain hang beside it as early as they can, rather than as late.
    strong : bool
        Whether chains in branches take the atoms of the most bonds first, rather than those of the fewest.
    parts : bool
        Whether what finds no bond becomes a fragment of its own.
    """

    sides: bool
    strong: bool
    parts: bool = False


WHOLE: Final = (Way(False, False), Way(True, False), Way(True, True))
"""The ways of molecules of one fragment."""
IN_PARTS: Final = tuple(way._replace(parts=True) for way in WHOLE)
"""The ways where atoms that end chains are too many for one fragment."""


def tokens_to_complete(draft: Draft, pool: Pool, rings: int, way: Way) -> int:
    """Return how many tokens one way takes to complete a draft, the end token among them; WITHOUT_END where it fails.

    Parameters
    ----------
    draft : Draft
        That owes no index symbols, and in an open branch does not stand before its first atom.
    pool : Pool
        Is used up.
    rings : int
        The rings that must be closed.
    way : Way
    """
    if draft.phase == FIRST:
        return 1 + _outermost(draft, pool, 2, 0, rings, way)
    bonds, left, frame, deep = draft.bonds, draft.left, draft.frame, draft.deep
    inside = 0
    while frame is not None:
        written = _fill(pool, bonds, left, deep, way)
        if written < 0:
            return WITHOUT_END
        inside += written
        deep -= left
        bonds = bonds_at(draft.free, draft.newest - frame.atom) + 1
        left, frame = frame.left, frame.outer
    return draft.deep + 1 + _outermost(draft, pool, bonds, inside, rings, way)


def _fill(pool: Pool, bonds: int, left: int, deep: int, way: Way) -> int:
    """Fill a branch with exactly ``left`` symbols; return its atoms, -1 where that fails.

    ``deep`` are the symbols of this branch and of those around it.
    """
    supply, atoms = pool.supply, 0
    while left:
        if not bonds:
            return -1
        short = deep + (not supply.hydrogen) > pool.size
        hangs = short or (way.sides and pool.ending > 0)
        if hangs and bonds > 1 and left > 3 and supply.branch:
            if not (pool.take_end() or supply.hydrogen or pool.take_links(1, False)):
                return -1
            atoms, bonds, left, deep = atoms + 1, bonds - 1, left - 3, deep - 3
        elif left > 1:
            chain = 1 if hangs else left - 1
            bonds = pool.take_links(chain, way.strong or short) - 1
            if bonds < 0:
                return -1
            atoms, left, deep = atoms + chain, left - chain, deep - chain
        else:
            return atoms + 1 if _end(pool, way) else -1
    return atoms


def _end(pool: Pool, way: Way) -> bool:
    """Take the last atom of a branch; return whether there is one."""
    if pool.take_end() or (not way.sides and pool.linking and pool.take_links(1, False)):
        return True
    return pool.supply.hydrogen or pool.take_links(1, False) > 0


def _outermost(draft: Draft, pool: Pool, bonds: int, inside: int, rings: int, way: Way) -> int:
    """Return the tokens of the outermost chain, its end token left out, from an atom with so many bonds free.

    ``inside`` atoms were written in branches since the draft.
    """
    goes_on = draft.phase != PLACED or draft.frame is not None
    if rings <= 0:
        return _last(pool, bonds, goes_on, draft.phase == FIRST, way.parts)
    if not pool.supply.ring:
        return WITHOUT_END
    return _close_rings(_Chain(draft, inside, bonds), pool, rings, goes_on, way)


def _last(pool: Pool, bonds: int, goes_on: bool, first: bool, parts: bool) -> int:
    """Return the tokens of a chain that takes all that is owed, and atoms beyond it where they are needed."""
    supply = pool.supply
    if pool.empty and not goes_on:
        return 0
    if not bonds:  # another fragment begins
        return min(WITHOUT_END, 1 + _last(pool, 2, True, True, parts)) if parts else WITHOUT_END
    atoms, ending = pool.linking + pool.ending, pool.ending
    bonds += sum(pool.owed[group] * (supply.bonds[group] - 2) for group in supply.weak)
    wanted, spare = pool.wanted, pool.spare
    if not atoms and wanted <= 0:
        if supply.hydrogen and not first:
            return 1
        wanted = 1
    for group in supply.strong:
        gain = supply.bonds[group] - 2
        more = max(wanted, -(-(ending - bonds) // gain) if gain else 0)
        more = max(0, min(more, spare, pool.room[group]))
        bonds += more * gain
        atoms, wanted, spare = atoms + more, wanted - more, spare - more
    for group in supply.ends:
        more = max(0, min(wanted, spare, pool.room[group]))
        atoms, ending, wanted, spare = atoms + more, ending + more, wanted - more, spare - more
    apart = max(0, ending - bonds)
    sides = max(0, ending - apart - 1 - first)
    if wanted > 0 or (apart and not parts) or (sides and not supply.branch):
        return WITHOUT_END
    return atoms + 2 * sides + apart


class _Chain:
    """The outermost chain as rings see it."""

    __slots__ = ("at", "bonds", "free", "placed", "taken")

    def __init__(self, draft: Draft, inside: int, bonds: int) -> None:
        self.free = [*each_bonds(draft.free, draft.newest + 1), *[0] * inside]
        self.bonds, self.at = bonds, draft.at
        self.placed = draft.phase == PLACED and draft.frame is None
        frame = draft.frame
        while frame is not None:  # what is free there may be used up by then
            self.free[self.at] = 0
            self.at, frame = frame.atom, frame.outer
        nearest = range(1, _NEAREST + 1) if self.placed else ()
        self.taken = {draft.newest - back for back in nearest if bonds_at(draft.taken, back)}

    def partners(self) -> list[int]:
        """Return the atoms within reach of the newest with a bond free, from the oldest."""
        newest = len(self.free) - 1
        nearest = range(max(0, newest - _NEAREST), newest)
        return [atom for atom in nearest if self.free[atom] and atom not in self.taken and atom != self.at]

    def close(self, atom: int) -> None:
        """Close a ring of the newest atom onto another."""
        self.free[atom] -= 1
        self.taken.add(atom)
        self.bonds -= 1

    def place(self, bonds: int) -> None:
        """Place an atom of so many bonds behind the current one."""
        if self.free:
            self.free[self.at] = self.bonds - 1
            self.bonds, self.taken = bonds - 1, {self.at}
        else:
            self.bonds = bonds
        self.free.append(self.bonds)
        self.at, self.placed = len(self.free) - 1, True

    def hang(self) -> None:
        """Hang an atom without further bonds beside the current one, which closes no ring then."""
        self.bonds -= 1
        self.free.append(0)
        self.placed = False


def _close_rings(chain: _Chain, pool: Pool, rings: int, goes_on: bool, way: Way) -> int:
    """Return the tokens of the chain where it first closes the rings that are owed, each as soon as it can."""
    tokens = 0
    while True:
        partners = chain.partners()
        while chain.placed and rings and partners and chain.bonds > (rings > 1 or not pool.empty):
            chain.close(partners.pop(0))
            tokens, rings = tokens + 2, rings - 1
        if not rings:
            return min(WITHOUT_END, tokens + _last(pool, chain.bonds, goes_on, False, way.parts))
        kept = 1 + (len(partners) < rings)
        while way.sides and chain.free and chain.bonds > kept and pool.supply.branch and pool.take_end():
            chain.hang()
            tokens += 3
            kept = 1 + (len(chain.partners()) < rings)
        bonds = pool.take_links(1, True) if chain.bonds or not chain.free else 0
        if not bonds:
            return WITHOUT_END
        chain.place(bonds)
        tokens, goes_on = tokens + 1, False
