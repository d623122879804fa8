"""A secondary structure as the elements its free energy is a sum of, each of which looks at a few bases only.

In the nearest-neighbour model (dangles on both sides, ViennaRNA's default) the energy of a structure is the sum over
its hairpins, its stacks, bulges and interior loops, and the stems that leave a multiloop or the exterior loop. A
mutation touches the elements that hold its base, so the energy of a mutant against a hundred other structures needs a
few table look-ups and no folding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from biomatrix.entities.nucleic.bases import CERTAIN
from biomatrix.entities.nucleic.folding.library import vienna

BASES = CERTAIN["rna"]
PAIR_TYPES = {"CG": 1, "GC": 2, "GU": 3, "UG": 4, "AU": 5, "UA": 6}
"""ViennaRNA's numbers of the six pairs; its numbers of the bases are 1 to 4 in the order of `BASES`."""
TYPE_OF = [[0] * 5 for _ in range(5)]
for _pair, _number in PAIR_TYPES.items():
    TYPE_OF[BASES.index(_pair[0]) + 1][BASES.index(_pair[1]) + 1] = _number

NO_PAIR = 1_000
"""Energy of an element whose bases cannot pair, 0.01 kcal/mol: such a structure is no rival."""
SPECIAL_HAIRPINS = 6
"""Hairpins of up to so many bases may be in the tables as a whole; of longer ones the first and last base count."""


class Element(NamedTuple):
    """One term of the energy: what it is, the pairs that bound it, and the unpaired bases a multiloop has."""

    what: str
    i: int
    j: int
    p: int = -1
    q: int = -1

    def positions(self, length: int) -> tuple[int, ...]:
        """Return the places, 0-based, whose bases its energy depends on, in order."""
        i, j = self.i, self.j
        if self.what == "hairpin":
            return tuple(range(i, j + 1)) if j - i - 1 <= SPECIAL_HAIRPINS else (i, i + 1, j - 1, j)
        if self.what == "interior":
            if self.p == i + 1 or self.q == j - 1:  # a stack or a bulge: pairs alone
                return (i, self.p, self.q, j)
            return tuple(sorted({i, i + 1, self.p - 1, self.p, self.q, self.q + 1, j - 1, j}))
        if self.what == "closing":
            return (i, i + 1, j - 1, j)
        return tuple(place for place in (i - 1, i, j, j + 1) if 0 <= place < length)

    def shape(self, length: int) -> tuple[object, ...]:
        """Return what its energy depends on beside the bases at its positions: equal shapes share their energies."""
        if self.what == "interior":
            return self.what, self.p - self.i, self.j - self.q
        if self.what == "hairpin":
            return self.what, self.j - self.i
        if self.what == "closing":
            return self.what, self.p
        return self.what, self.i > 0, self.j + 1 < length


def elements_of(partners: Sequence[int]) -> list[Element]:
    """Return the elements of a structure, the exterior loop's first."""
    found, length = [], len(partners)
    for i in stems_within(partners, 0, length):
        found.append(Element("exterior", i, partners[i]))
    for i, j in enumerate(partners):
        if j <= i:
            continue
        inner = stems_within(partners, i + 1, j)
        if not inner:
            found.append(Element("hairpin", i, j))
        elif len(inner) == 1:
            found.append(Element("interior", i, j, inner[0], partners[inner[0]]))
        else:
            unpaired = j - i - 1 - sum(partners[stem] - stem + 1 for stem in inner)
            found.append(Element("closing", i, j, unpaired))
            found += [Element("branch", stem, partners[stem]) for stem in inner]
    return found


def stems_within(partners: Sequence[int], start: int, stop: int) -> list[int]:
    """Return the 5' ends of the outermost pairs of `start:stop`."""
    stems, place = [], start
    while place < stop:
        if partners[place] > place:
            stems.append(place)
            place = partners[place]
        place += 1
    return stems


class ElementEnergies:
    """Energies of elements for given bases, in 0.01 kcal/mol at 37 C, from ViennaRNA's tables."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._library = vienna()
        self._parameters = self._library.param()

    def __call__(self, element: Element, bases: Sequence[int]) -> int:
        """Return the energy of an element; `bases` are 1 to 4 for A, C, G, U by place, [L]."""
        i, j = element.i, element.j
        if not TYPE_OF[bases[i]][bases[j]]:
            return NO_PAIR
        return int(getattr(self, f"_{element.what}")(element, bases, i, j))

    def _hairpin(self, element: Element, bases: Sequence[int], i: int, j: int) -> Any:
        text = "".join(BASES[base - 1] for base in bases[i : j + 1])
        kind = TYPE_OF[bases[i]][bases[j]]
        return self._library.E_Hairpin(j - i - 1, kind, bases[i + 1], bases[j - 1], text, self._parameters)

    def _interior(self, element: Element, bases: Sequence[int], i: int, j: int) -> Any:
        p, q = element.p, element.q
        inner = TYPE_OF[bases[q]][bases[p]]
        if not inner:
            return NO_PAIR
        outer = TYPE_OF[bases[i]][bases[j]]
        mismatches = bases[i + 1], bases[j - 1], bases[p - 1], bases[q + 1]
        return self._library.E_IntLoop(p - i - 1, j - q - 1, outer, inner, *mismatches, self._parameters)

    def _closing(self, element: Element, bases: Sequence[int], i: int, j: int) -> Any:
        stem = self._library.E_MLstem(TYPE_OF[bases[j]][bases[i]], bases[j - 1], bases[i + 1], self._parameters)
        return stem + self._parameters.MLclosing + self._parameters.MLbase * element.p

    def _branch(self, element: Element, bases: Sequence[int], i: int, j: int) -> Any:
        return self._library.E_MLstem(TYPE_OF[bases[i]][bases[j]], bases[i - 1], bases[j + 1], self._parameters)

    def _exterior(self, element: Element, bases: Sequence[int], i: int, j: int) -> Any:
        before = bases[i - 1] if i else -1
        after = bases[j + 1] if j + 1 < self._length else -1
        return self._library.E_ExtLoop(TYPE_OF[bases[i]][bases[j]], before, after, self._parameters)
