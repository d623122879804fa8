"""Patterns and fragments looked for in molecules, by a bounded number of comparisons.

A search may try as many placements as there are paths in the molecule: thirty wildcards in a row and an element that is
not there take hours in a fullerene. Comparisons are counted, not seconds, so that the same pattern and molecule give
the same answer on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rdkit import Chem

from biomatrix.errors import LimitError

MOST_COMPARISONS: Final = 100_000
"""Of an atom of the pattern with one of the molecule; some two seconds of a processor of 2024."""
_MOST_MATCHES: Final = 100_000


def matches_of(
    mol: Chem.Mol, pattern: Chem.Mol, *, unique: bool = True, most: int = _MOST_MATCHES
) -> Sequence[tuple[int, ...]]:
    """Return the atoms of each place where a pattern fits.

    Parameters
    ----------
    mol, pattern : rdkit.Chem.Mol
    unique : bool
        Whether each set of atoms counts once, however the pattern lies on it.
    most : int
        Places after which the search ends.

    Raises
    ------
    LimitError
        Looking for it takes more than :data:`MOST_COMPARISONS`.
    """
    counter = _Counter()
    settings = counter.settings()
    settings.maxMatches, settings.uniquify = most, unique
    found: Sequence[tuple[int, ...]] = mol.GetSubstructMatches(pattern, settings)
    counter.check(mol)
    return found


def is_part(mol: Chem.Mol, fragment: Chem.Mol, *, chiral: bool = False) -> bool:
    """Return whether a fragment is part of a molecule, with its stereochemistry where that is asked.

    Raises
    ------
    LimitError
        As :func:`matches_of`.
    """
    counter = _Counter()
    settings = counter.settings()
    settings.useChirality = chiral
    if mol.HasSubstructMatch(fragment, settings):
        return True
    counter.check(mol)
    return False


class _Counter:
    """Counts the comparisons of one search; past the limit nothing fits any more, and the search soon ends."""

    def __init__(self) -> None:
        self._left = MOST_COMPARISONS

    def settings(self) -> Any:
        """Return RDKit's settings of a search that this counts, in recursive parts of the pattern too."""
        settings: Any = Chem.SubstructMatchParameters()
        settings.setExtraAtomCheckFunc(self._count)
        return settings

    def _count(self, _first: Chem.Atom, _second: Chem.Atom) -> bool:
        self._left -= 1
        return self._left >= 0

    def check(self, mol: Chem.Mol) -> None:
        """Raise LimitError where the search was cut short."""
        if self._left < 0:
            raise LimitError(
                f"the pattern may lie in too many ways in a molecule of {mol.GetNumAtoms()} atoms "
                f"(more than {MOST_COMPARISONS:,} comparisons); give one with fewer wildcards or fewer atoms",
                limit="comparisons",
                actual=MOST_COMPARISONS + 1,
                allowed=MOST_COMPARISONS,
            )
