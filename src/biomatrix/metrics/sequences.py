"""Sequences of letters side by side."""

from __future__ import annotations


def sequence_identity(first: str, second: str) -> float:
    """Return the share of places with the same letter, without an alignment; NaN where the lengths differ or are 0.

    Examples
    --------
    >>> sequence_identity("MKTA", "MKSA")
    0.75
    """
    if len(first) != len(second) or not first:
        return float("nan")
    return sum(a == b for a, b in zip(first, second, strict=True)) / len(first)
