"""The draft after a symbol: the derivation of SELFIES, kept to bonds that are really made."""

from __future__ import annotations

from typing import Final

from biomatrix.entities.molecule.selfies_automaton.draft import (
    DONE,
    FIRST,
    INDEX,
    OPENED,
    OUTERMOST,
    PLACED,
    RETURNED,
    Draft,
    Frame,
    Pending,
    empty_draft,
    new_draft,
)
from biomatrix.entities.molecule.selfies_automaton.free_bonds import ATOM, UNARY, bonds_at, with_bonds

_DIGIT_BITS: Final = 4
_NOTHING_OWED: Final[Pending | None] = None
_LAST: Final = ATOM << 8
"""The atom before the newest."""


def place(draft: Draft, order: int, size: int, tally: tuple[int, ...] = ()) -> Draft:
    """Return the draft with an atom bonded to the current one, or as the first of a fragment.

    The step that is taken most, and written out for that.

    Parameters
    ----------
    draft : Draft
    order : int
        Of the bond that the atom asks for.
    size : int
        The bonds that it can make.
    tally : tuple of int
        What remains of counts.
    """
    after = Draft()
    phase, frame = draft.phase, draft.frame
    after.phase, after.pending, after.ranges, after.frame, after.tally = PLACED, None, None, frame, tally
    after.budget, after.least, after.most = draft.budget - 1, draft.least - 1, draft.most - 1
    if phase == FIRST:
        after.at = after.newest = after.deep = after.free = after.taken = 0
        after.bonds, after.left = size, OUTERMOST
        return after
    held, newest, free = draft.bonds, draft.newest, draft.free
    if held < order:
        order = held
    if size < order:
        order = size
    if phase == PLACED:
        after.free, after.taken = (free | UNARY[held - order]) << 8, _LAST
    else:
        back = newest - draft.at
        if phase == RETURNED:  # a branch's first bond is taken off when it opens
            free = with_bonds(free, back, held - order)
        after.free, after.taken = free << 8, _LAST << 8 * back
    after.at = after.newest = newest + 1
    after.bonds = size - order
    if frame is None:
        after.left, after.deep = OUTERMOST, 0
        return after
    after.left, after.deep = draft.left - 1, draft.deep - 1
    return after if after.left else _returned(after)


def ask_index(
    draft: Draft, order: int, digits: int, opens: bool, options: int, counted: int, tally: tuple[int, ...] = ()
) -> Draft:
    """Return the draft after a branch or ring symbol, which owes index symbols."""
    inside = draft.frame is not None
    return new_draft(
        INDEX, draft.at, draft.newest, draft.bonds, draft.left - inside, draft.frame, draft.deep - inside, draft.free,
        draft.taken, draft.budget - 1, draft.least - counted, draft.most - counted,
        (opens, order, digits, 0, options), tally or draft.tally,
    )  # fmt: skip


def index(draft: Draft, digit: int, counted: int) -> Draft:
    """Return the draft after an index symbol; the last one opens the branch or closes the ring."""
    opens, order, digits, value, options = draft.pending or (False, 0, 0, 0, 0)
    digits -= 1
    value = value << _DIGIT_BITS | digit
    inside = draft.frame is not None
    at, newest, bonds, free, taken = draft.at, draft.newest, draft.bonds, draft.free, draft.taken
    left, frame, deep = draft.left - inside, draft.frame, draft.deep - inside
    budget, least, most = draft.budget - 1, draft.least - counted, draft.most - counted
    phase, pending = PLACED, _NOTHING_OWED
    if digits:
        width = 1 << _DIGIT_BITS * digits
        phase = INDEX
        pending = (opens, order, digits, value, options >> digit * width & (1 << width) - 1)
    elif opens:
        free = with_bonds(free, newest - at, bonds - order - 1)  # one bond for what follows the branch
        length = value + 1
        frame = Frame(at, left - length if inside else OUTERMOST, frame)
        phase, bonds, left, deep, taken = OPENED, order, length, deep if inside else length, 0
    else:
        bonds -= order
        other = value + 1
        free = with_bonds(free, other, bonds_at(free, other) - order)
        taken |= ATOM << 8 * other
    after = new_draft(
        phase, at, newest, bonds, left, frame, deep, free, taken, budget, least, most, pending, draft.tally
    )  # fmt: skip
    return after if left or phase == INDEX else _returned(after)


def part(draft: Draft, tally: tuple[int, ...] = ()) -> Draft:
    """Return the draft after a dot."""
    return empty_draft(draft.budget - 1, draft.least, draft.most, tally or draft.tally)


def end(draft: Draft) -> Draft:
    """Return the draft behind its end token."""
    return new_draft(DONE, 0, -1, 0, OUTERMOST, None, 0, 0, 0, draft.budget - 1, 0, 0)


def _returned(draft: Draft) -> Draft:
    """Return a draft just made behind its innermost branch, which the newest atom ends: the chain around it goes on."""
    atom, left, outer = draft.frame or Frame(0, OUTERMOST, None)
    free = draft.free | UNARY[draft.bonds]
    draft.phase, draft.at, draft.left, draft.frame = RETURNED, atom, left, outer
    draft.bonds, draft.free, draft.taken = bonds_at(free, draft.newest - atom) + 1, free, 0
    return draft
