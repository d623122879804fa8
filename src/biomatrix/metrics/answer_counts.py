"""Answers beside what they are judged by: as many of one as of the other, and how many say nothing."""

from __future__ import annotations

from collections.abc import Sequence


def checked_pairs(references: Sequence[object], predictions: Sequence[object]) -> int:
    """Return how many pairs there are.

    Raises
    ------
    ValueError
        There are more of one than of the other.
    """
    if len(references) != len(predictions):
        raise ValueError(f"{len(references)} references beside {len(predictions)} predictions; give one for each")
    return len(predictions)
