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
    Near,
    Pending,
)
from biomatrix.entities.molecule.selfies_automaton.roles import Role

NO_NEAR: Near = (0, 0, 0)
_DIGIT_BITS: Final = 4
_BYTES: Final = [bytes((number,)) for number in range(256)]


def place(draft: Draft, role: Role, counted: int, tally: tuple[int, ...] = ()) -> Draft:
    """Return the draft with an atom bonded to the current one, or as the first of a fragment.

    Parameters
    ----------
    draft : Draft
    role : Role
        Of the atom.
    counted : int
        1 where the symbol counts towards the length.
    tally : tuple of int
        What remains of counts.
    """
    budget, least, most = draft.budget - 1, draft.least - counted, draft.most - counted
    if draft.phase == FIRST:
        size = role.size
        return Draft(
            PLACED, 0, size, OUTERMOST, None, 0, bytes((size,)), NO_NEAR, 0, budget, least, most, None, tally
        )  # fmt: skip
    order, size = role.order, role.size
    held = draft.bonds
    if held < order:
        order = held
    if size < order:
        order = size
    bonds = size - order
    free, near, at = draft.free, draft.near, draft.at
    newest = len(free) - 1
    if draft.phase == OPENED:  # a branch's first bond is taken off when it opens
        last = free[newest]
        free += _BYTES[bonds]
    elif at == newest:
        last = held - order
        free = free[:at] + _BYTES[last] + _BYTES[bonds]
    else:
        kept, last = held - order, free[newest]
        free = free[:at] + _BYTES[kept] + free[at + 1 :] + _BYTES[bonds]
        near = _changed(near, newest - 1 - at, kept)
    first, second, third = near
    near = (first << 1 | (last > 0), second << 1 | (last > 1), third << 1 | (last > 2))
    left, frame, deep = draft.left, draft.frame, draft.deep
    if frame is not None:
        left -= 1
        deep -= 1
    if left == 0:
        return _returned(frame, deep, free, near, budget, least, most, tally)
    return Draft(
        PLACED, newest + 1, bonds, left, frame, deep, free, near, 1 << newest - at, budget, least, most, None, tally
    )  # fmt: skip


def ask_index(draft: Draft, role: Role, opens: bool, options: int, counted: int, tally: tuple[int, ...] = ()) -> Draft:
    """Return the draft after a branch or ring symbol, which owes index symbols."""
    pending = Pending(opens, role.order, role.size, 0, options)
    inside = draft.frame is not None
    return Draft(
        INDEX, draft.at, draft.bonds, draft.left - inside, draft.frame, draft.deep - inside, draft.free, draft.near,
        draft.taken, draft.budget - 1, draft.least - counted, draft.most - counted, pending, tally or draft.tally,
    )  # fmt: skip


def index(draft: Draft, digit: int, counted: int) -> Draft:
    """Return the draft after an index symbol; the last one opens the branch or closes the ring."""
    opens, order, digits, value, options = draft.pending or Pending(False, 0, 0, 0, 0)
    digits -= 1
    value = value << _DIGIT_BITS | digit
    inside = draft.frame is not None
    left, deep = draft.left - inside, draft.deep - inside
    budget, least, most = draft.budget - 1, draft.least - counted, draft.most - counted
    if digits:
        width = 1 << _DIGIT_BITS * digits
        pending = Pending(opens, order, digits, value, options >> digit * width & (1 << width) - 1)
        return Draft(
            INDEX, draft.at, draft.bonds, left, draft.frame, deep, draft.free, draft.near, draft.taken,
            budget, least, most, pending, draft.tally,
        )  # fmt: skip
    at, bonds = draft.at, draft.bonds
    free, near, newest = draft.free, draft.near, len(draft.free) - 1
    if opens:
        kept = bonds - order - 1  # one bond for what follows the branch
        free = free[:at] + bytes((kept,)) + free[at + 1 :]
        if at != newest:
            near = _changed(near, newest - 1 - at, kept)
        length = value + 1
        frame = Frame(at, left - length if inside else OUTERMOST, draft.frame)
        return Draft(
            OPENED, at, order, length, frame, deep if inside else length, free, near, 0, budget, least, most,
            None, draft.tally,
        )  # fmt: skip
    other = newest - 1 - value
    kept = free[other] - order
    bonds -= order
    free = free[:other] + bytes((kept,)) + free[other + 1 : newest] + bytes((bonds,))
    near = _changed(near, value, kept)
    if left == 0:
        return _returned(draft.frame, deep, free, near, budget, least, most, draft.tally)
    return Draft(
        PLACED, at, bonds, left, draft.frame, deep, free, near, draft.taken | 1 << value, budget, least, most,
        None, draft.tally,
    )  # fmt: skip


def part(draft: Draft, tally: tuple[int, ...] = ()) -> Draft:
    """Return the draft after a dot."""
    return Draft(
        FIRST, 0, 0, OUTERMOST, None, 0, b"", NO_NEAR, 0, draft.budget - 1, draft.least, draft.most, None,
        tally or draft.tally,
    )  # fmt: skip


def end(draft: Draft) -> Draft:
    """Return the draft behind its end token."""
    return Draft(DONE, 0, 0, OUTERMOST, None, 0, b"", NO_NEAR, 0, draft.budget - 1, 0, 0)


def _returned(
    frame: Frame | None, deep: int, free: bytes, near: Near, budget: int, least: int, most: int, tally: tuple[int, ...]
) -> Draft:
    """Return the draft behind a branch that has all its symbols."""
    atom, left, outer = frame or Frame(0, OUTERMOST, None)
    return Draft(
        RETURNED, atom, free[atom] + 1, left, outer, deep, free, near, 0, budget, least, most, None, tally
    )  # fmt: skip


def _changed(near: Near, place: int, free: int) -> Near:
    """Return the bits with those of one atom set anew."""
    bit = 1 << place
    first, second, third = near
    return (
        first | bit if free > 0 else first & ~bit,
        second | bit if free > 1 else second & ~bit,
        third | bit if free > 2 else third & ~bit,
    )
