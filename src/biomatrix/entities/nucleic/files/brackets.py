"""Dot-bracket strings written: pairs as brackets, pseudoknots as brackets of further kinds."""

from __future__ import annotations

from biomatrix.entities.nucleic.bases import as_rna
from biomatrix.entities.nucleic.invariants import Pairs
from biomatrix.entities.nucleic.thresholds import CANONICAL, HAIRPIN
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


def check_pairs(pairs: Pairs, sequence: str) -> None:
    """Refuse pairs of bases that do not pair, and hairpin loops of fewer than three bases.

    Raises
    ------
    UnsupportedError
        Such a pair, with both places; ``position`` is the first.
    """
    letters = as_rna(sequence)
    for one, two in pairs:
        if two - one <= HAIRPIN:
            raise UnsupportedError(
                f"the pair {one}-{two} leaves a loop of {two - one - 1}; none bends with fewer than {HAIRPIN}",
                position=one,
            )
        if letters[one] + letters[two] not in CANONICAL:
            raise UnsupportedError(
                f"{sequence[one]} at {one} does not pair with {sequence[two]} at {two}; G-C, A-U and G-U do",
                position=one,
            )
