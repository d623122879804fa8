"""How far the derivation of a molecule has come: what its next symbol depends on."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

from biomatrix.entities.automaton import Ranges

FIRST, PLACED, RETURNED, OPENED, INDEX, DONE = range(6)
"""Before the first atom of a fragment; behind an atom, where its rings come; behind a branch, which an atom or another
branch follows; before the first atom of a branch; owing index symbols; behind the end token."""
OUTERMOST: Final = -1
"""What is left of the outermost chain, which any number of symbols may continue."""


class Frame(NamedTuple):
    """An open branch: where the derivation goes on when it ends.

    Parameters
    ----------
    atom : int
        The atom it starts from. One of its bonds is kept for what follows the branch.
    left : int
        The symbols that remain there then, at least 1; OUTERMOST outside all branches.
    outer : Frame, optional
        The branch around that.
    """

    atom: int
    left: int
    outer: Frame | None


Pending: TypeAlias = tuple[bool, int, int, int, int]
"""A branch or ring symbol that owes index symbols: whether it is a branch; the order of its bond; how many it still
owes; what those already written say; and as bits what the digits still owed may say."""


class Draft:
    """A molecule in the making; never changed once made, by :func:`new_draft` or :func:`~.moves.place`.

    It has no constructor of its own: the call of one takes as long as all the rest of a step.

    Attributes
    ----------
    phase : int
    at : int
        The atom that the next one is bonded to, counted within the fragment.
    newest : int
        The last atom of the fragment; -1 before the first.
    bonds : int
        The bonds that ``at`` may still make in this chain.
    left : int
        Symbols that remain in the innermost branch, at least 1; OUTERMOST outside all branches.
    frame : Frame or None
        The innermost branch.
    deep : int
        Symbols that remain in all open branches together.
    free : int
        The bonds of each atom of the fragment that a ring may take, as in :mod:`.free_bonds`; not of the newest while
        ``at`` is that atom, outside an open branch of its own.
    taken : int
        The atoms that the newest is bonded to, as their whole bytes in ``free``.
    budget : int
        Tokens that may still be written, the end token among them.
    least, most : int
        Counted tokens that must, and may, still be written.
    pending : Pending or None
    tally : tuple of int
        What a count of atoms and bonds has left; empty without one.
    ranges : Ranges or None
        What may come next, once it is known.
    """

    __slots__ = (
        "at", "bonds", "budget", "deep", "frame", "free", "least", "left", "most", "newest", "pending", "phase",
        "ranges", "taken", "tally",
    )  # fmt: skip

    at: int
    bonds: int
    budget: int
    deep: int
    frame: Frame | None
    free: int
    least: int
    left: int
    most: int
    newest: int
    pending: Pending | None
    phase: int
    ranges: Ranges | None
    taken: int
    tally: tuple[int, ...]


def new_draft(
    phase: int,
    at: int,
    newest: int,
    bonds: int,
    left: int,
    frame: Frame | None,
    deep: int,
    free: int,
    taken: int,
    budget: int,
    least: int,
    most: int,
    pending: Pending | None = None,
    tally: tuple[int, ...] = (),
) -> Draft:
    """Return a draft."""
    draft = Draft()
    draft.phase, draft.at, draft.newest, draft.bonds = phase, at, newest, bonds
    draft.left, draft.frame, draft.deep = left, frame, deep
    draft.free, draft.taken = free, taken
    draft.budget, draft.least, draft.most = budget, least, most
    draft.pending, draft.tally = pending, tally
    draft.ranges = None
    return draft


def empty_draft(budget: int, least: int, most: int, tally: tuple[int, ...] = ()) -> Draft:
    """Return the draft before the first atom of a fragment."""
    return new_draft(FIRST, 0, -1, 0, OUTERMOST, None, 0, 0, 0, budget, least, most, None, tally)
