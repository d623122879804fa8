"""Dot-bracket read: the one parser of secondary structures as text, pseudoknots as brackets of further kinds."""

from __future__ import annotations

from typing import Final, TypeAlias

from biomatrix.errors import ParseError

Pair: TypeAlias = tuple[int, int]
"""Two places that pair, from 0, the smaller first."""

OPENING: Final = "([{<" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CLOSING: Final = ")]}>" + "abcdefghijklmnopqrstuvwxyz"
UNPAIRED: Final = ".-:,_"
"""A dot, and what other programs write for it."""
_OPENED_BY: Final = dict(zip(CLOSING, OPENING, strict=True))


def pairs_of(text: str) -> tuple[Pair, ...]:
    """Return the pairs of a dot-bracket string, sorted; ``[] {} <>`` and ``Aa`` to ``Zz`` are levels of pseudoknots.

    Raises
    ------
    ParseError
        A character that is none, or a bracket without its partner; ``position`` is the index from 0 of the first.

    Examples
    --------
    >>> pairs_of("((..[))]")
    ((0, 6), (1, 5), (4, 7))
    """
    pairs, alone = balanced_pairs(text)
    if alone:
        listed = ", ".join(f"{text[place]!r} at {place}" for place in alone[:8])
        said = "1 bracket has" if len(alone) == 1 else f"{len(alone)} brackets have"
        raise ParseError(f"{said} no partner: {listed}", position=alone[0])
    return pairs


def balanced_pairs(text: str) -> tuple[tuple[Pair, ...], tuple[int, ...]]:
    """Return the pairs of a dot-bracket string, and the places of the brackets that have no partner.

    Raises
    ------
    ParseError
        A character that is no bracket and no dot.
    """
    opened: dict[str, list[int]] = {}
    pairs: list[Pair] = []
    alone: list[int] = []
    for place, mark in enumerate(text):
        if mark in UNPAIRED:
            continue
        if mark in OPENING:
            opened.setdefault(mark, []).append(place)
        elif mark in _OPENED_BY:
            waiting = opened.get(_OPENED_BY[mark])
            if waiting:
                pairs.append((waiting.pop(), place))
            else:
                alone.append(place)
        else:
            raise ParseError(f"{mark!r} is no dot and no bracket of a secondary structure", position=place)
    alone += [place for waiting in opened.values() for place in waiting]
    return tuple(sorted(pairs)), tuple(sorted(alone))
