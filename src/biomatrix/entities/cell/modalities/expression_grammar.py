"""Which token of expression may follow which, by layout.

Legend: L levels.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np

from biomatrix.entities.grammar import Grammar

Layout: TypeAlias = Literal["genes", "pairs", "runs"]
LAYOUTS: Final[tuple[Layout, ...]] = ("genes", "pairs", "runs")
"""Genes alone, the rank being the value; each gene with its level behind it; each level with its genes behind it."""
_FIRST: Final = 2
"""The first state behind the start, 0, and the read depth, 1."""


def expression_grammar(layout: Layout, levels: int, *, depth: bool) -> Grammar:
    """Return the grammar of a layout.

    The classes are genes, which come once and count; then the levels in ascending order; then the read depth.

    Parameters
    ----------
    layout : {"genes", "pairs", "runs"}
    levels : int
        L.
    depth : bool
        Whether the read depth may stand first.
    """
    blocks = 1 if layout == "genes" else 2 * levels
    transitions = np.full((_FIRST + blocks, levels + 2), -1, dtype=np.int16)
    accepting = np.zeros(len(transitions), dtype=np.bool_)
    # Of a level l: where something is owed (the level of a gene, a gene of a level), and where nothing is.
    owing, whole = _FIRST, _FIRST + levels
    if layout == "genes":
        transitions[:, 0] = _FIRST
        accepting[_FIRST] = True
    elif layout == "pairs":
        transitions[:_FIRST, 0] = owing + levels - 1
        for level in range(levels):
            transitions[owing + level, 1 : level + 2] = whole + np.arange(level + 1)
            transitions[whole + level, 0] = owing + level
    else:
        transitions[:_FIRST, 1 : levels + 1] = owing + np.arange(levels)
        for level in range(levels):
            transitions[owing + level, 0] = transitions[whole + level, 0] = whole + level
            transitions[whole + level, 1 : level + 1] = owing + np.arange(level)
    if layout != "genes":
        accepting[whole:] = True
    if depth:
        transitions[0, levels + 1] = 1
    genes = np.arange(levels + 2) == 0
    return Grammar(transitions, accepting, counted=genes, once=genes)
