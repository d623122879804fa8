"""A state with less in it, for which the same pieces may come: so that few states stand for all.

A piece without ring numbers adds to the current atom and leaves a few branches. What the string only returns to later
matters to it in one way: whether something can still grow from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from biomatrix.entities.molecule.smiles_automaton.core import Core
from biomatrix.entities.molecule.smiles_automaton.live import APART, FAR_APART, Item, Live, Path, alike, items_of
from biomatrix.entities.molecule.smiles_automaton.machine import Machine
from biomatrix.entities.molecule.smiles_automaton.plans import finish_of
from biomatrix.entities.molecule.smiles_automaton.run_plans import Finish

_GROWS: Final = Item((Live(None, 1, 0, 0, True, (), FAR_APART, APART),), None)
_STAYS: Final = Item((Live(None, 0, 0, 0, True, (), FAR_APART, APART),), None)
_WAITS: Final = Item((Live(None, 0, 0, 0, True, (-1,), FAR_APART, APART),), None)
"""What stands for atoms left out: a chain can grow from them; none can; a ring waits for one that grows elsewhere."""


class Reductions:
    """The reduced states of one state, by how many branches the pieces leave.

    Parameters
    ----------
    machine : Machine
        It keeps the states.
    core : Core
        A state that can be finished.
    """

    def __init__(self, machine: Machine, core: Core) -> None:
        self._machine, self._core = machine, core
        self._items = items_of(core.path, core.runs)

    def leaves(self, returns: int) -> bool:
        """Return whether so many branches are open, and no ring within the innermost, so that it can be left."""
        path = self._core.path
        return sum([atom.branch for atom in path]) >= returns and _leaves(path)

    def reduced(self, returns: int) -> Core | None:
        """Return the state without the atoms that no piece without ring numbers reaches.

        None where what lies below can never be finished.

        Parameters
        ----------
        returns : int
            The most branches open here that a piece leaves, as far as so many are open: one that leaves more than
            there are never comes, but others of the same trie do.
        """
        core, items = self._core, self._items
        if not items:
            return core
        kept = [_plain(items[-1])]
        place, frames = len(items) - 1, sum([atom.branch for atom in items[-1].members])
        while frames < returns and place:
            place -= 1
            kept.append(_plain(items[place]))
            frames += sum(atom.branch for atom in items[place].members)
        finishes = [finish_of(item.members, item.ways, current=False, fresh=False) for item in items[:place]]
        merging = next(
            (at for at, finish in enumerate(finishes) if finish is not None and finish.merges_at >= 0), place
        )
        kept += (_plain(items[at]) for at in range(place - 1, merging - 1, -1))  # what stands between matters to it
        if merging:
            below = _below(finishes[:merging])
            if below is None:
                return None
            kept.append(below)
        kept.reverse()
        path = tuple(atom for item in kept for atom in item.members)
        runs = tuple(item.ways for item in kept if item.ways is not None)
        return self._machine.core(core.mode, core.bond, core.text, path, runs)


def _below(finishes: Sequence[Finish | None]) -> Item | None:
    """Return what stands for items, by how they are finished; None where one of them cannot be."""
    found = _STAYS
    for finish in reversed(finishes):
        if finish is None:
            return None
        if found is _STAYS:
            found = _WAITS if finish.waits_at > finish.grows_at else _GROWS if finish.grows_at >= 0 else _STAYS
    return found


def _leaves(path: Path) -> bool:
    """Return whether a branch is open and no ring within it, so that it can be left without a ring number."""
    for index in range(len(path) - 1, -1, -1):
        if path[index].branch:
            return True
        if path[index].labels:
            return False
    return False


def _plain(item: Item) -> Item:
    """Return an item without what only ring numbers ask: how far it is from others, which rings lead to it."""
    first = item.members[0]
    if first.gap == FAR_APART and not any(atom.tied or atom.labels for atom in item.members):
        return item
    members = tuple(
        Live(a.aromatic, a.free, a.ring, a.exo, a.branch, alike(a.labels), a.gap if index else FAR_APART, a.link)
        for index, a in enumerate(item.members)
    )
    return Item(members, item.ways)
