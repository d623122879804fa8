"""What chains an alphabet can build, and how many symbols more than atoms they can hold.

A branch or a ring spends two symbols, itself and one index, without an atom. An open branch must be filled with
exactly its symbols, so whether that can be done with few atoms depends on how many branches and rings fit in.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.selfies.rules import ANY_CAPACITY, INDEX_SYMBOLS, MAX_INDEX_SYMBOLS
from biomatrix.entities.molecule.selfies_automaton.alphabet import Alphabet
from biomatrix.entities.molecule.selfies_automaton.roles import Role

NEVER: Final = ANY_CAPACITY + 1
"""More bonds than any atom has: what must not be."""
_BASE: Final = len(INDEX_SYMBOLS)
ENOUGH_BONDS: Final = 4
"""Bonds beyond which more make no difference to the next symbol: a triple bond, and one for what follows."""
LONGEST: Final = _BASE**MAX_INDEX_SYMBOLS
"""The most symbols of a branch."""
_NONE: Final = -(1 << 20)
_FAR: Final = 200
"""Symbols beyond which more of them are not looked at."""


class Reach:
    """What can be built from a vocabulary's atoms.

    A bond mark is kept: an atom comes only where it is bonded by the order it asks for. A vocabulary without an atom
    that continues a chain by a single bond, or without one that begins a fragment, cannot keep to that; its marks are
    then upper limits, as SELFIES has them, and no ring is closed.

    Parameters
    ----------
    alphabet : Alphabet
    atoms : sequence of int, optional
        The classes of the atoms to build from; all by default.
    strict : bool, optional
        Whether marks are kept, where the atoms are part of an alphabet; found out by default.

    Attributes
    ----------
    strict : bool
        Whether marks are kept.
    root : int
        The most bonds of an atom that may begin a fragment; -1 without any.
    after : list of int
        By the bonds free before it: the most bonds of the next atom once bonded, -1 where none fits.
    first : list of int
        By the order of a branch: the same for its first atom.
    links, leaves : bool
        Whether a chain can always go on, and whether it can at least be ended by an atom.
    writable : list of int
        By the number of index symbols: bit i is set where the vocabulary can write i in the shortest way.
    """

    def __init__(self, alphabet: Alphabet, atoms: Sequence[int] | None = None, *, strict: bool | None = None) -> None:
        numbers = alphabet.atoms if atoms is None else atoms
        self._atoms = [alphabet.roles[number] for number in numbers]
        plain = [role for role in self._atoms if not role.marked]
        keeps = bool(plain) and any(role.order == 1 and role.size > 1 for role in self._atoms)
        self.strict = keeps if strict is None else strict
        self.root = max((role.size for role in plain or self._atoms), default=-1)
        self.rootless = not plain
        bonds = range(ANY_CAPACITY + 1)
        self.after = [max((self.left_over(role, free) for role in self._atoms), default=-1) for free in bonds]
        self.first = [
            max((self.left_over(role, order) for role in self._atoms if self.opens(role, order)), default=-1)
            for order in bonds
        ]
        self.links = min(self.after[1:]) >= 1
        self.leaves = min(self.after[1:]) >= 0
        digits = frozenset(digit for digit in range(_BASE) if alphabet.digit_classes[digit])
        self.writable = [_writable(count, digits) for count in range(MAX_INDEX_SYMBOLS + 1)]
        self.has_branch = (1, 1) in alphabet.branches and 0 in digits and self.first[1] >= 0
        # rings are left out where few atoms are built from: a chain then always ends with an atom
        self.has_ring = atoms is None and self.strict and (1, 1) in alphabet.rings and len(digits) == _BASE
        self._pairs = cache(self._most_pairs)
        self.pairs_behind = cache(self._pairs_behind)
        self.pairs_opened = cache(self._pairs_opened)

    def left_over(self, role: Role, free: int) -> int:
        """Return the bonds an atom has left when bonded to one with so many free; -1 where it may not come."""
        if not free or not role.size or (self.strict and role.order > free):
            return -1
        return role.size - min(role.order, free, role.size)

    def opens(self, role: Role, order: int) -> bool:
        """Return whether an atom may be the first of a branch of an order."""
        return not self.strict or role.order == order

    def bonds_for(self, atoms: int) -> int:
        """Return the bonds that must be free for so many atoms to follow in the same chain."""
        if atoms <= 0:
            return 0
        return 1 if self.links or (atoms == 1 and self.leaves) else NEVER

    def most_pairs(self, free: int, left: int, partners: int, rings: bool) -> int:
        """Return the most branches and rings of two symbols among exactly ``left`` symbols; below 0 where none fit.

        Parameters
        ----------
        free : int
            Bonds free at the current atom.
        left : int
        partners : int
            Earlier atoms, each with a bond free, that a ring of one index symbol reaches.
        rings : bool
            Whether the current atom may still close rings.
        """
        if left > _FAR:  # as many as in fewer symbols, before which plain atoms stand
            free, left, partners = min(free, self.after[1]), _FAR, 0
        return self._pairs(free, left, partners, rings)

    def _most_pairs(self, free: int, left: int, partners: int, rings: bool) -> int:
        if left == 0:
            return 0
        if free <= 0 or self.after[free] < 0:
            return _NONE
        most = self._pairs(self.after[free], left - 1, partners, True)
        if rings and partners and left >= 2 and self.has_ring:
            most = max(most, 1 + self._pairs(free - 1, left - 2, partners - 1, True))
        if free >= 2 and left >= 4 and self.has_branch:
            most = max(most, 1 + self._pairs(free - 1, left - 3, 0, False))
        return most

    def _pairs_behind(self, free: int) -> NDArray[np.int64]:
        """Return :meth:`most_pairs` behind a branch for 0 to ``LONGEST`` symbols, ``int64 [LONGEST + 1]``."""
        return np.array([self.most_pairs(free, left, 0, False) for left in range(LONGEST + 1)], dtype=np.int64)

    def _pairs_opened(self, order: int) -> NDArray[np.int64]:
        """Return :meth:`most_pairs_opened` for 0 to ``LONGEST`` symbols, ``int64 [LONGEST + 1]``."""
        numbers = [_NONE, *(self.most_pairs_opened(order, left, 0) for left in range(1, LONGEST + 1))]
        return np.array(numbers, dtype=np.int64)

    def most_pairs_opened(self, order: int, left: int, partners: int) -> int:
        """Return the same for a branch whose first atom is still to come."""
        return self.most_pairs(self.first[order], left - 1, partners, True) if self.first[order] >= 0 else _NONE


@lru_cache(maxsize=256)
def _writable(count: int, digits: frozenset[int]) -> int:
    """Return the numbers of exactly ``count`` digits, the first not 0 unless it is the only one, as bits."""
    if not count:
        return 0
    first = 0 if count == 1 else _BASE ** (count - 1)
    numbers = (number for number in range(first, _BASE**count) if digits.issuperset(_digits(number)))
    return sum(1 << number for number in numbers)


def _digits(number: int) -> set[int]:
    found = {number % _BASE}
    while number := number // _BASE:
        found.add(number % _BASE)
    return found
