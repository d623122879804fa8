"""Rival structures of a target, and how far the target lies below each of them, kept up to date while bases change.

A rival is a structure that a candidate folded into instead of the target. For new bases its gap, energy of the rival
minus energy of the target, follows from the elements that the two do not share. So a search can look for bases that put
the target below all rivals met so far, with a few look-ups a step, and fold only what has passed.

Energies are whole numbers of 0.01 kcal/mol, so that sums kept up to date stay exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.nucleic.design.elements import Element, ElementEnergies, elements_of

_ROWS: Final = 256
_COLUMNS: Final = 64

Changes = Sequence[tuple[int, int]]
"""Places, and the base that each gets."""


class Undo(NamedTuple):
    """What a change of bases replaced."""

    bases: Changes
    altered: list[int]
    differences: list[int]
    energy: int
    gaps: NDArray[np.float64]


class Rivals:
    """Rivals of one target and their gaps for the present bases.

    Legend: L bases, R rivals, E elements.

    Parameters
    ----------
    target : sequence of int
        The target's partner by place, -1 where unpaired, [L].
    bases : sequence of int
        1 to 4 for A, C, G, U by place, [L].

    Attributes
    ----------
    bases : list of int
        The present ones.
    energy : int
        Of the target with them.
    deciding : list of tuple of int
        The places whose bases decide on the gap of each rival, R of them.
    """

    def __init__(self, target: Sequence[int], bases: Sequence[int]) -> None:
        self.target = list(target)
        self.bases = list(bases)
        self._energy_of = ElementEnergies(len(target))
        self._known: dict[tuple[object, ...], dict[Any, int]] = {}
        self._begin()

    def _begin(self) -> None:
        self.deciding: list[tuple[int, ...]] = []
        self._partners: list[tuple[int, ...]] = []
        self._elements: dict[Element, int] = {}
        self._listed: list[Element] = []
        self._getters: list[Any] = []
        self._tables: list[dict[Any, int]] = []
        self._now: list[int] = []
        self._touching: list[list[int]] = [[] for _ in self.target]
        self._touching_pair: dict[tuple[int, int], list[int]] = {}
        self._share = np.zeros((_ROWS, _COLUMNS))
        self._all_gaps = np.zeros(_COLUMNS)
        self._seen = {tuple(self.target)}
        self._of_target = {self._number(element) for element in elements_of(self.target)}
        self.energy = sum(self._now[number] for number in self._of_target)

    @property
    def gaps(self) -> NDArray[np.float64]:
        """Energy of each rival minus that of the target, ``float64 [R]``, 0.01 kcal/mol."""
        return self._all_gaps[: len(self.deciding)]

    def _number(self, element: Element) -> int:
        """Return the number of an element, listing it first where it is new."""
        number = self._elements.get(element)
        if number is not None:
            return number
        number = self._elements[element] = len(self._listed)
        positions = element.positions(len(self.target))
        self._listed.append(element)
        self._getters.append(itemgetter(*positions))
        self._tables.append(self._known.setdefault(element.shape(len(self.target)), {}))
        known = self._tables[number].get(self._getters[number](self.bases))
        self._now.append(self._look_up(number) if known is None else known)
        for place in positions:
            self._touching[place].append(number)
        if number >= len(self._share):
            self._share = np.concatenate([self._share, np.zeros_like(self._share)])
        return number

    def _look_up(self, number: int) -> int:
        bases = self._getters[number](self.bases)
        energy = self._tables[number][bases] = self._energy_of(self._listed[number], self.bases)
        return energy

    def add(self, partners: Sequence[int]) -> bool:
        """Add a rival by its partners, [L]; False where it is the target or known already."""
        key = tuple(partners)
        if key in self._seen:
            return False
        self._seen.add(key)
        column = len(self.deciding)
        if column >= self._share.shape[1]:
            self._share = np.concatenate([self._share, np.zeros_like(self._share)], axis=1)
            self._all_gaps = np.concatenate([self._all_gaps, np.zeros_like(self._all_gaps)])
        own = {self._number(element) for element in elements_of(partners)}
        self._touching_pair.clear()
        gained, lost = own - self._of_target, self._of_target - own
        self._share[list(gained), column] = 1
        self._share[list(lost), column] = -1
        self._all_gaps[column] = sum(self._now[n] for n in gained) - sum(self._now[n] for n in lost)
        self._partners.append(key)
        length = len(self.target)
        self.deciding.append(tuple(sorted({p for n in gained | lost for p in self._listed[n].positions(length)})))
        return True

    def keep(self, count: int) -> None:
        """Forget all but so many rivals, those with the least gaps now."""
        order = np.argsort(self.gaps, kind="stable")[:count]
        kept = [self._partners[index] for index in sorted(order.tolist())]
        self._begin()
        for partners in kept:
            self.add(partners)

    def change(self, changes: Changes) -> Undo:
        """Put bases at places and bring energy and gaps up to date; the answer takes it back by :meth:`undo`."""
        bases, now, known = self.bases, self._now, self._tables
        before = [(place, bases[place]) for place, _ in changes]
        for place, base in changes:
            bases[place] = base
        altered, differences, energy = [], [], 0
        for number in self._touched(changes):
            new = known[number].get(self._getters[number](bases))
            if new is None:
                new = self._look_up(number)
            difference = new - now[number]
            if difference:
                now[number] = new
                altered.append(number)
                differences.append(difference)
                if number in self._of_target:
                    energy += difference
        undo = Undo(before, altered, differences, self.energy, self._all_gaps)
        if altered:
            self._all_gaps = self._all_gaps + np.array(differences, dtype=np.float64) @ self._share[altered]
            self.energy += energy
        return undo

    def _touched(self, changes: Changes) -> list[int]:
        """Return the numbers of the elements that hold one of the places."""
        if len(changes) == 1:
            return self._touching[changes[0][0]]
        if len(changes) != 2:
            return sorted({number for place, _ in changes for number in self._touching[place]})
        pair = changes[0][0], changes[1][0]
        found = self._touching_pair.get(pair)
        if found is None:
            found = self._touching_pair[pair] = sorted({*self._touching[pair[0]], *self._touching[pair[1]]})
        return found

    def undo(self, undo: Undo) -> None:
        """Take the last change back; no rival may have been added since."""
        for place, base in undo.bases:
            self.bases[place] = base
        for number, difference in zip(undo.altered, undo.differences, strict=True):
            self._now[number] -= difference
        self.energy, self._all_gaps = undo.energy, undo.gaps


def parts(rival: Sequence[int], target: Sequence[int]) -> list[list[int]]:
    """Return a rival's independent differences from the target, each as a structure that has this one alone.

    Pairs that both have cut the molecule into regions that do not see one another. If the rival lies below the target,
    the difference in one of its regions does, and says more precisely what is wrong.
    """
    length = len(target)
    region, open_ = [0] * length, [-1]
    for place in range(length):
        shared = rival[place] >= 0 and rival[place] == target[place]
        if shared and rival[place] < place:
            open_.pop()
        region[place] = open_[-1]
        if shared and rival[place] > place:
            open_.append(place)
    differing = sorted({region[place] for place in range(length) if rival[place] != target[place]})
    return [[rival[p] if region[p] == wanted else target[p] for p in range(length)] for wanted in differing]
