"""Levels of base pairs: pairs that cross stand at different levels, as brackets of different shapes.

Legend: S stems.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def stems_of(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Return runs of stacked pairs as (first place, its partner, number of pairs), by their first places.

    Examples
    --------
    >>> stems_of([(0, 20), (1, 19), (3, 17)])
    [(0, 20, 2), (3, 17, 1)]
    """
    stems: list[tuple[int, int, int]] = []
    for first, second in sorted(pairs):
        if stems and (first, second) == (stems[-1][0] + stems[-1][2], stems[-1][1] - stems[-1][2]):
            stems[-1] = (*stems[-1][:2], stems[-1][2] + 1)
        else:
            stems.append((first, second, 1))
    return stems


def levels_of(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Return each pair with its level, from 0: the longest stems first, each at the lowest where it crosses none.

    All pairs of a stem cross the same others, so a stem has one level, and of two that cross the shorter one is the
    pseudoknot. What is returned depends on the pairs alone.

    Parameters
    ----------
    pairs : sequence of (int, int)
        The smaller index first, no base in two of them.

    Examples
    --------
    >>> levels_of([(0, 10), (5, 15), (6, 14)])
    [(0, 10, 1), (5, 15, 0), (6, 14, 0)]
    """
    if _is_nested(pairs):
        return [(first, second, 0) for first, second in sorted(pairs)]
    stems = stems_of(pairs)
    order = sorted(range(len(stems)), key=lambda number: (-stems[number][2], stems[number][0]))
    firsts = np.array([stem[0] for stem in stems], dtype=np.int64)
    seconds = np.array([stem[1] for stem in stems], dtype=np.int64)
    level = np.full(len(stems), -1, dtype=np.int64)
    for number in order:
        first, second = firsts[number], seconds[number]
        crosses = (firsts < first) & (first < seconds) & (seconds < second)
        crosses |= (first < firsts) & (firsts < second) & (second < seconds)
        taken = set(level[crosses].tolist())
        level[number] = next(one for one in range(len(stems)) if one not in taken)
    return [
        (first + step, second - step, one)
        for (first, second, size), one in zip(stems, level.tolist(), strict=True)
        for step in range(size)
    ]


def nested_and_crossing(pairs: Sequence[tuple[int, int]]) -> tuple[dict[int, int], dict[int, int]]:
    """Return the partner of each first place: of the pairs of level 0, and of those of pseudoknots."""
    levels = levels_of(pairs)
    nested = {first: second for first, second, level in levels if not level}
    return nested, {first: second for first, second, level in levels if level}


def _is_nested(pairs: Sequence[tuple[int, int]]) -> bool:
    """Return whether no two pairs cross, as is usual."""
    around: list[int] = []
    for first, second in sorted(pairs):
        while around and around[-1] < first:
            around.pop()
        if around and around[-1] < second:
            return False
        around.append(second)
    return True
