"""How much a search for a completion may do, counted in what it does and not in seconds: the same on any machine."""

from __future__ import annotations

from typing import Final

from biomatrix.entities.molecule.smiles_automaton.counting.limits import Owed
from biomatrix.entities.stopping import check_stop

FIRST_WORK: Final = 250_000
"""Of the search before anything is written: atoms laid out and characters read."""
_LATER_WORK: Final = 1_500
_TRIES_AT_LEAST: Final = 3
"""Of a search while a string is written: so much for any, and so many tries where much is owed."""
_BETWEEN_LOOKS: Final = 20_000
"""Work between two looks at whether it is still wanted."""


class Spent(Exception):
    """A search has done all that it may."""


class Work:
    """What one search may still do.

    Parameters
    ----------
    allowed : int
        Atoms laid out and characters read.
    """

    def __init__(self, allowed: int) -> None:
        self._left = allowed
        self._look = allowed

    def spend(self, number: int) -> None:
        """Take so much from it; raise Spent where nothing is left, and what check_stop raises from time to time."""
        if self._left <= 0:
            raise Spent
        self._left -= number
        if self._left < self._look - _BETWEEN_LOOKS:
            self._look = self._left
            check_stop()


def later_work(owed: Owed) -> int:
    """Return what a search for a completion of a half-written string may do."""
    size = sum(owed.elements.values()) + owed.atoms[0] + sum(least for least, _ in owed.bonds)
    return _LATER_WORK + _TRIES_AT_LEAST * size
