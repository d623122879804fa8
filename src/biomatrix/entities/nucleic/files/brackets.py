"""Dot-bracket strings written: pairs as brackets, pseudoknots as brackets of further kinds."""

from __future__ import annotations

from biomatrix.entities.nucleic.invariants import Pairs
from biomatrix.entities.nucleic.pair_levels import levels_of
from biomatrix.errors import UnsupportedError
from biomatrix.metrics.nucleic.dot_bracket import CLOSING, OPENING


def brackets_of(pairs: Pairs, length: int) -> str:
    """Return pairs as dot-bracket, a kind of bracket for each level of :func:`levels_of`, so pseudoknots as tokens say.

    Raises
    ------
    UnsupportedError
        More pairs cross each other than there are kinds of brackets.

    Examples
    --------
    >>> brackets_of(((0, 6), (1, 5), (4, 7)), 8)
    '((..[))]'
    """
    marks = ["."] * length
    for one, two, level in levels_of(pairs):
        if level >= len(OPENING):
            raise UnsupportedError(f"the pair {one}-{two} needs a bracket beyond the {len(OPENING)} kinds there are")
        marks[one], marks[two] = OPENING[level], CLOSING[level]
    return "".join(marks)
