"""A state with less in it, for which the same pieces may come: so that few states stand for all.

A piece adds to the current atom, closes a few branches, and closes rings by their numbers. Atoms that the string only
returns to later matter to it in one way: whether something can still grow from them.
"""

from __future__ import annotations

from typing import Final

from biomatrix.entities.molecule.smiles_automaton.core import Core
from biomatrix.entities.molecule.smiles_automaton.live import APART, FAR_APART, Item, Live, items_of
from biomatrix.entities.molecule.smiles_automaton.machine import Machine
from biomatrix.entities.molecule.smiles_automaton.plans import finish_of

_GROWS: Final = Item((Live(None, 1, 0, 0, True, (), 1, APART),), None)
_STAYS: Final = Item((Live(None, 0, 0, 0, True, (), 1, APART),), None)
_WAITS: Final = Item((Live(None, 0, 0, 0, True, (-1,), 1, APART),), None)
"""What stands for atoms left out: a chain can grow from them; none can; a ring waits for one that grows elsewhere."""


def reduced(machine: Machine, core: Core, returns: int, *, rings: bool) -> Core:
    """Return the state without the atoms that no piece of some kind reaches.

    Parameters
    ----------
    machine : Machine
        It keeps the state.
    core : Core
        A state that can be finished.
    returns : int
        The most branches that the pieces close.
    rings : bool
        Whether they open or close rings.
    """
    items = items_of(core.path, core.runs)
    if not items:
        return core
    kept = [_last(items[-1], rings=rings)]
    frames, stand_in = 0, None
    for item in reversed(items[:-1]):
        branches = sum(atom.branch for atom in item.members)
        reached = (branches and frames < returns) or (rings and any(atom.labels for atom in item.members))
        frames += branches
        if reached:
            kept += [item] if stand_in is None else [stand_in, item]
            stand_in = None
        elif stand_in is None or stand_in is _STAYS:
            stand_in = _stand_in(item)
    if stand_in is not None:
        kept.append(stand_in)
    kept.reverse()
    first = kept[0].members[0]
    path = (first._replace(gap=0), *kept[0].members[1:], *(atom for item in kept[1:] for atom in item.members))
    return machine.core(core.mode, core.bond, core.text, path, tuple(i.ways for i in kept if i.ways is not None))


def _last(item: Item, *, rings: bool) -> Item:
    """Return the item of the current atom; how far it is from others matters only where rings are closed."""
    first = item.members[0]
    if rings or first.gap == FAR_APART:
        return item
    return Item((first._replace(gap=FAR_APART), *item.members[1:]), item.ways)


def _stand_in(item: Item) -> Item:
    """Return what stands for an item that is not reached."""
    finish = finish_of(item.members, item.ways, current=False, fresh=False)
    if finish is None or finish.waits_at > finish.grows_at:
        return _WAITS
    return _GROWS if finish.grows_at >= 0 else _STAYS
