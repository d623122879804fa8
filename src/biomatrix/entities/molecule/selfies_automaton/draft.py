"""How far the derivation of a molecule has come: what its next symbol depends on."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

from biomatrix.entities.automaton import Ranges

FIRST, PLACED, RETURNED, OPENED, INDEX, DONE = range(6)
"""Before the first atom of a fragment; behind an atom, where its rings come; behind a branch, which an atom or another
branch follows; before the first atom of a branch; owing index symbols; behind the end token."""
OUTERMOST: Final = -1
"""What is left of the outermost chain, which any number of symbols may continue."""

Near: TypeAlias = tuple[int, int, int]
"""By bond order: bit j is set where the atom j + 1 before the newest has so many bonds free for a ring."""


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


class Pending(NamedTuple):
    """A branch or ring symbol that owes index symbols.

    Parameters
    ----------
    opens : bool
        Whether it is a branch.
    order : int
        Of its bond.
    digits : int
        The index symbols it still owes.
    value : int
        What those already written say.
    options : int
        Bit i is set where the digits still owed may say i.
    """

    opens: bool
    order: int
    digits: int
    value: int
    options: int


class Draft:
    """A molecule in the making; never changed once made.

    Attributes
    ----------
    phase : int
    at : int
        The atom that the next one is bonded to, counted within the fragment.
    bonds : int
        The bonds it may still make in this chain.
    left : int
        Symbols that remain in the innermost branch, at least 1; OUTERMOST outside all branches.
    frame : Frame or None
        The innermost branch.
    deep : int
        Symbols that remain in all open branches together.
    free : bytes
        The bonds of each atom of the fragment that a ring may take.
    near : Near
        The same as bits.
    taken : int
        The bits of the atoms that the newest atom is bonded to.
    budget : int
        Tokens that may still be written, the end token among them.
    least, most : int
        Counted tokens that must, and may, still be written.
    pending : Pending or None
    tally : tuple of int
        What a count of atoms and bonds has left; empty without one.
    """

    __slots__ = (
        "at", "bonds", "budget", "deep", "frame", "free", "least", "left", "most", "near", "pending", "phase",
        "ranges", "taken", "tally",
    )  # fmt: skip

    def __init__(
        self,
        phase: int,
        at: int,
        bonds: int,
        left: int,
        frame: Frame | None,
        deep: int,
        free: bytes,
        near: Near,
        taken: int,
        budget: int,
        least: int,
        most: int,
        pending: Pending | None = None,
        tally: tuple[int, ...] = (),
    ) -> None:
        self.phase, self.at, self.bonds, self.left, self.frame, self.deep = phase, at, bonds, left, frame, deep
        self.free, self.near, self.taken = free, near, taken
        self.budget, self.least, self.most = budget, least, most
        self.pending, self.tally = pending, tally
        self.ranges: Ranges | None = None
        """What may come next, once it is known."""
