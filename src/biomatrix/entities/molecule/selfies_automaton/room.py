"""Whether a draft can still be closed within its budget and its length, and at what cost.

What remains is written as plain chains: each open branch is filled with exactly its symbols, then the outermost chain
goes on. That is always possible while every chain that must go on has a bond free, so only numbers need to be compared.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.selfies_automaton.draft import OPENED, OUTERMOST, PLACED, RETURNED, Draft
from biomatrix.entities.molecule.selfies_automaton.free_bonds import ATOM, bonds_at, spread
from biomatrix.entities.molecule.selfies_automaton.reach import Reach

WITHOUT_END: Final = 1 << 40
"""The most counted tokens where there is no limit."""
_NEAREST: Final = 16
"""The atoms that a ring of one index symbol reaches."""
_WITHIN: Final = tuple(spread((1 << places) - 1, 1) for places in range(_NEAREST + 1))
"""The masks of so many atoms before the newest, with a bond free."""


def atoms_after(deep: int, owed: int, budget: int, least: int, most: int, pairs: int | None) -> int:
    """Return the fewest atoms that the outermost chain must get at the end; -1 where the draft cannot be closed.

    Parameters
    ----------
    deep : int
        Symbols that remain in open branches.
    owed : int
        1 where the outermost chain must go on whatever the length.
    budget : int
        Tokens that may still be written, the end token among them.
    least, most : int
        Counted tokens that must, and may, still be written.
    pairs : int, optional
        Where atoms are counted, how often two symbols of the branches may be spent without an atom; None where
        symbols are counted.
    """
    atoms = max(owed, least - deep)
    over = deep + owed - most
    if over > 0:
        if pairs is None or (over + 1) // 2 > pairs:
            return -1
        atoms = owed
        if over % 2 and least == most:  # pairs leave one atom too few
            atoms += 1
    return atoms if deep + atoms < budget else -1


def atoms_after_each(
    deep: NDArray[np.int64], budget: int, least: int, most: int, pairs: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return for many branches whether the draft can be closed behind them; see :func:`atoms_after`."""
    over = deep + 1 - most
    tight = over > 0
    atoms = np.where(tight, 1 + (over % 2) * (least == most), np.maximum(1, least - deep))
    closes: NDArray[np.bool_] = (~tight | ((over + 1) // 2 <= pairs)) & (deep + atoms < budget)
    return closes


def pairs_of(reach: Reach, draft: Draft) -> int:
    """Return how many branches and rings of two symbols fit into the open branches of a draft."""
    if draft.frame is None:
        return 0
    return level_pairs(reach, draft) + frame_pairs(reach, draft)


def level_pairs(reach: Reach, draft: Draft) -> int:
    """Return how many fit into the innermost branch."""
    if draft.phase == OPENED:
        return reach.most_pairs_opened(draft.bonds, draft.left, partners(draft, draft.left))
    return reach.most_pairs(draft.bonds, draft.left, partners(draft, draft.left), draft.phase == PLACED)


def frame_pairs(reach: Reach, draft: Draft) -> int:
    """Return how many fit behind the innermost branch, into those around it."""
    pairs, frame = 0, draft.frame
    while frame is not None and frame.left != OUTERMOST:
        pairs += reach.most_pairs(bonds_at(draft.free, draft.newest - frame.atom) + 1, frame.left, 0, False)
        frame = frame.outer
    return pairs


def partners(draft: Draft, left: int) -> int:
    """Return the number of earlier atoms, those with an open branch left out, that a ring can reach.

    Parameters
    ----------
    draft : Draft
    left : int
        The symbols in which the ring is to be written.
    """
    if left >= _NEAREST:
        return 0
    return (reached(draft) & _WITHIN[_NEAREST - left]).bit_count()


def reached(draft: Draft) -> int:
    """Return the same atoms, those that a ring written now reaches with one index symbol, as bits of ``free``."""
    newest, reached = draft.newest, draft.free & _WITHIN[_NEAREST]
    if draft.phase == PLACED:
        reached &= ~draft.taken
    elif draft.phase == RETURNED:
        reached &= ~(ATOM << 8 * (newest - draft.at))
    frame = draft.frame
    while frame is not None:
        reached &= ~(ATOM << 8 * (newest - frame.atom))
        frame = frame.outer
    return reached
