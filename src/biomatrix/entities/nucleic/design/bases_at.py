"""Which bases may stand at each place of a target, and how readily each is proposed.

The weights are a rule of thumb, fitted to nothing: G-C pairs hold a structure, A at unpaired places pairs with little,
and G there is what the mismatches that stabilise loops begin with.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from biomatrix.entities.nucleic.bases import readings
from biomatrix.entities.nucleic.design.elements import BASES
from biomatrix.entities.nucleic.thresholds import HAIRPIN
from biomatrix.errors import ParseError, UnsupportedError

_FREE: Final = dict(zip(BASES, (80, 5, 10, 5), strict=True))
_PAIRS: Final = {"GC": 30, "CG": 30, "AU": 12, "UA": 12, "GU": 3, "UG": 3}


class BasesAt:
    """The bases that may stand at each place, drawn by their weights.

    Legend: L bases. Bases are numbers, 1 to 4 for A, C, G, U.

    Parameters
    ----------
    partners : sequence of int
        The target's partner by place, -1 where unpaired, [L].
    fixed : str
        What may stand where, in IUPAC's letters, [L]; N for anything.

    Raises
    ------
    ParseError
        A letter that is none of IUPAC's, or another length than the target's.
    UnsupportedError
        A hairpin of fewer than 3 bases, or two paired places whose letters cannot pair, with both places.
    """

    def __init__(self, partners: Sequence[int], fixed: str) -> None:
        if len(fixed) != len(partners):
            raise ParseError(f"{len(fixed)} letters say what is fixed in a target of {len(partners)} bases")
        self.partners = list(partners)
        allowed = [_allowed(letter, place) for place, letter in enumerate(fixed.upper())]
        drawn = [self._drawn(place, allowed) for place in range(len(partners))]
        self._values = [values for values, _ in drawn]
        self._sums = [sums for _, sums in drawn]

    def _drawn(self, place: int, allowed: list[str]) -> tuple[list[tuple[int, int]], list[int]]:
        """Return what may stand at a place, with its partner's base, and the sums of the weights."""
        partner = self.partners[place]
        if partner < 0:
            free = [(BASES.index(base) + 1, 0) for base in allowed[place]]
            return free, list(accumulate(_FREE[base] for base in allowed[place]))
        if abs(partner - place) <= HAIRPIN:
            raise UnsupportedError(
                f"places {min(place, partner)} and {max(place, partner)} pair over fewer than 3 bases; no RNA does"
            )
        found = [(one, other) for one in allowed[place] for other in allowed[partner] if one + other in _PAIRS]
        if not found:
            raise UnsupportedError(
                f"{allowed[place]} at place {place} does not pair with {allowed[partner]} at {partner}"
            )
        numbers = [(BASES.index(one) + 1, BASES.index(other) + 1) for one, other in found]
        return numbers, list(accumulate(_PAIRS[one + other] for one, other in found))

    def start(self, draw: random.Random) -> list[int]:
        """Return bases for all places, [L]."""
        found: dict[int, int] = {}
        for place in range(len(self.partners)):
            if place not in found:
                self.put(place, found, draw)
        return [found[place] for place in range(len(self.partners))]

    def put(self, place: int, into: dict[int, int], draw: random.Random, evenly: float = 0.0) -> None:
        """Draw what stands at a place and at its partner; with a probability of ``evenly`` without weights."""
        values = self._values[place]
        if draw.random() < evenly:
            base, other = values[int(draw.random() * len(values))]
        else:
            base, other = draw.choices(values, cum_weights=self._sums[place])[0]
        into[place] = base
        if other:
            into[self.partners[place]] = other


def _allowed(letter: str, place: int) -> str:
    try:
        return readings(letter).replace("T", "U")
    except KeyError:
        raise ParseError(f"{letter!r} is no IUPAC letter of a base", position=place) from None
