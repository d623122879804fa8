"""Dot-bracket strings written: pairs as brackets, pseudoknots as brackets of further kinds."""

from __future__ import annotations

from biomatrix.entities.nucleic.invariants import Pairs
from biomatrix.errors import UnsupportedError
from biomatrix.metrics.nucleic.dot_bracket import CLOSING, OPENING


def brackets_of(pairs: Pairs, length: int) -> str:
    """Return pairs as dot-bracket: each pair in the first kind of bracket in which it crosses no other.

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
    levels: list[list[int]] = []  # of each kind the places that close, the next one last
    for one, two in pairs:
        for held in levels:
            while held and held[-1] < one:  # closed before this one opens
                held.pop()
        level = next((at for at, held in enumerate(levels) if not held or two < held[-1]), len(levels))
        if level == len(OPENING):
            raise UnsupportedError(f"the pair {one}-{two} needs a bracket beyond the {len(OPENING)} kinds there are")
        if level == len(levels):
            levels.append([])
        levels[level].append(two)
        marks[one], marks[two] = OPENING[level], CLOSING[level]
    return "".join(marks)
