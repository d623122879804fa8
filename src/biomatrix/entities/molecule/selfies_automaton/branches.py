"""Which branches may open in a draft, and how long each may be."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.selfies_automaton.alphabet import Alphabet
from biomatrix.entities.molecule.selfies_automaton.draft import OUTERMOST, Draft
from biomatrix.entities.molecule.selfies_automaton.reach import LONGEST, Reach
from biomatrix.entities.molecule.selfies_automaton.room import atoms_after, atoms_after_each, frame_pairs

Counted: TypeAlias = tuple[int, int]
"""The index symbols and the bond order of a branch or ring."""

_MOST_REMEMBERED: Final = 65_536
_SPARE: Final = 8
"""Tokens to spare beyond which more make no difference."""


class Branches:
    """The branches of one alphabet.

    Parameters
    ----------
    alphabet : Alphabet
    reach : Reach
    atoms_count : bool
        Whether a length is a number of atoms; of symbols otherwise.
    """

    def __init__(self, alphabet: Alphabet, reach: Reach, *, atoms_count: bool) -> None:
        self._reach, self._atoms_count = reach, atoms_count
        kinds = sorted(alphabet.branches) if reach.links else []
        self._kinds = [
            (key, _lowest(reach.writable[key[0]]))
            for key in kinds
            if reach.writable[key[0]] and reach.first[key[1]] >= 0
        ]
        self._doubtful: dict[tuple[int, ...], bool] = {}
        self._tight: dict[tuple[int, ...], tuple[Counted, ...]] = {}

    def kinds(self, draft: Draft) -> tuple[Counted, ...]:
        """Return the branches that may open: there is a length that each may have."""
        if not self._kinds:
            return ()
        if self._is_tight(draft):
            return self._tight_kinds(draft)
        most, bonds = draft.bonds - 1, self._reach.first
        if most < 1:
            return ()
        room = draft.budget if draft.left == OUTERMOST else draft.left
        lengths = (0, self._longest(draft, 1), *(self._longest(draft, n) if room > 16 else 0 for n in (2, 3)))
        doubtful = draft.most if self._atoms_count and draft.left == OUTERMOST else LONGEST + 1
        return tuple([
            key for key, shortest in self._kinds
            if key[1] <= most and lengths[key[0]] >= shortest and (shortest == 1 or bonds[key[1]] > 0)
            and (shortest < doubtful or self._fits_somehow(draft, key))
        ])  # fmt: skip

    def _fits_somehow(self, draft: Draft, key: Counted) -> bool:
        """Return whether an outermost branch of more symbols than atoms may follow has a length that it may have."""
        budget = min(draft.budget, draft.least + 4 * draft.most + _SPARE)
        signature = (*key, budget, draft.least, draft.most)
        fits = self._doubtful.get(signature)
        if fits is None:
            if len(self._doubtful) >= _MOST_REMEMBERED:
                self._doubtful.clear()
            fits = self._doubtful[signature] = bool(self.options(draft, key))
        return fits

    def _tight_kinds(self, draft: Draft) -> tuple[Counted, ...]:
        spare, outer = min(draft.budget - draft.deep, _SPARE), frame_pairs(self._reach, draft)
        signature = (draft.bonds, draft.left, draft.deep - draft.most, spare, draft.most - draft.least, outer)
        kinds = self._tight.get(signature)
        if kinds is None:
            if len(self._tight) >= _MOST_REMEMBERED:
                self._tight.clear()
            kinds = self._tight[signature] = tuple([key for key, _ in self._kinds if self.options(draft, key)])
        return kinds

    def options(self, draft: Draft, key: Counted) -> int:
        """Return the lengths less 1 that a branch may be given, as bits."""
        digits, order = key
        reach = self._reach
        if draft.bonds - 1 < order or reach.first[order] < 0:
            return 0
        longest = min(self._longest(draft, digits), LONGEST)
        if longest > 1 and reach.first[order] < 1:
            longest = 1
        if longest < 1:
            return 0
        options: int = reach.writable[digits] & ((1 << longest) - 1)
        if self._is_tight(draft) or (self._atoms_count and draft.left == OUTERMOST and longest + 1 > draft.most):
            options &= _bits(self._fitting(draft, key, longest))
        return options

    def _is_tight(self, draft: Draft) -> bool:
        """Return whether open branches have more symbols than atoms may follow."""
        return self._atoms_count and draft.left != OUTERMOST and draft.deep + 1 > draft.most

    def _longest(self, draft: Draft, digits: int) -> int:
        """Return the symbols that a branch may have and leave room for what must follow; below 1 for none."""
        used = 1 + digits
        if draft.left != OUTERMOST:
            if self._atoms_count and not self._is_tight(draft) and not self._has_budget(draft, used):
                return 0
            return draft.left - used - 1
        counted = 0 if self._atoms_count else used
        budget, least, most = draft.budget - used, draft.least - counted, draft.most - counted
        if budget <= least:
            return 0
        if not self._atoms_count:
            return min(budget - 2, most - 1)
        # branches of many more symbols than atoms are left out
        return min(budget - 2, most - 1 if most <= 2 else 4 * most)

    def _has_budget(self, draft: Draft, used: int) -> bool:
        """Return whether the tokens suffice when so many symbols of an open branch are no atoms."""
        return atoms_after(draft.deep - used, 1, draft.budget - used, draft.least, draft.most, 0) >= 0

    def _fitting(self, draft: Draft, key: Counted, longest: int) -> NDArray[np.bool_]:
        """Return for each length up to the longest whether few enough atoms fill all branches, ``bool [longest]``."""
        digits, order = key
        reach, used = self._reach, 1 + digits
        pairs = reach.pairs_opened(order)[1 : longest + 1]
        deep = np.arange(1, longest + 1)
        if draft.left != OUTERMOST:
            behind = reach.pairs_behind(draft.bonds - order)
            rest = draft.left - used - deep
            pairs = pairs + behind[np.minimum(rest, LONGEST)] + frame_pairs(reach, draft)
            deep = np.full(longest, draft.deep - used)
        return atoms_after_each(deep, draft.budget - used, draft.least, draft.most, pairs)


def _lowest(bits: int) -> int:
    """Return the shortest branch of lengths less 1 as bits."""
    return (bits & -bits).bit_length()


def _bits(flags: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")
